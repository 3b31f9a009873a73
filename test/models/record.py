#!/usr/bin/env python3
"""record.py [NAME ...]: writes the small graphs of run.py and what ONNX Runtime answers, optimisation off.

Needs onnx, onnxruntime and numpy, in a virtual environment; run.py needs only what this left in recorded/. Weights come
from the graph's name, so a graph is the same in each run; they are scaled so that values stay near 1.
"""
import os
import sys
import zlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 100 * 1024  # bytes of one file
GRAPHS = {}


def graph(make):
    GRAPHS[make.__name__.replace("_", "-")] = make
    return make


class Builder:
    """A graph under construction: nodes are named after their operator and place."""

    def __init__(self, name, seed=None, prefix=""):
        self.random = np.random.default_rng(zlib.crc32((seed or name).encode()))
        self.name, self.prefix, self.opset = name, prefix, 17
        self.nodes, self.initializers, self.inputs, self.outputs, self.feeds = [], [], [], [], []

    def value(self, kind):
        return f"{self.prefix}{kind}_{len(self.nodes) + len(self.initializers)}"

    def input(self, name, data):
        data = np.asarray(data)
        self.inputs.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(data.dtype), data.shape))
        self.feeds.append(data)
        return name

    def data(self, name, *shape):
        return self.input(name, self.random.standard_normal(shape).astype(np.float32))

    def constant(self, data):
        name = self.value("c")
        self.initializers.append(numpy_helper.from_array(np.asarray(data), name))
        return name

    def ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def scalar(self, value):
        return self.constant(np.float32(value))

    def weight(self, *shape, fan=None):
        """Normal weights over the square root of what one output sums up."""
        fan = fan or int(np.prod(shape[1:])) or 1
        return self.constant((self.random.standard_normal(shape) / np.sqrt(fan)).astype(np.float32))

    def bias(self, *shape):
        return self.constant((0.1 * self.random.standard_normal(shape)).astype(np.float32))

    def positive(self, *shape):
        return self.constant(self.random.uniform(0.5, 1.5, shape).astype(np.float32))

    def op(self, kind, *inputs, outputs=1, **attributes):
        names = [self.value(kind.lower()) + (f"_{i}" if outputs > 1 else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=f"{self.prefix}{kind}_{len(self.nodes)}",
                                           **attributes))
        return names if outputs > 1 else names[0]

    def output(self, value, name, kind=TensorProto.FLOAT, shape=None):
        """An output; the shape is for sub-graphs: record fills in those of the model."""
        self.nodes.append(helper.make_node("Identity", [value], [name], name=f"{self.prefix}{name}"))
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def body(self):
        return helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.initializers)

    def model(self):
        return helper.make_model(self.body(), opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)

    # The blocks that several graphs share.

    def conv(self, x, channels, filters, kernel, group=1, bias=True, **attributes):
        inputs = [x, self.weight(filters, channels // group, *kernel)] + ([self.bias(filters)] if bias else [])
        return self.op("Conv", *inputs, kernel_shape=kernel, group=group, **attributes)

    def batch_norm(self, x, channels):
        return self.op("BatchNormalization", x, self.positive(channels), self.bias(channels), self.bias(channels),
                       self.positive(channels), epsilon=1e-5)

    def linear(self, x, inner, outer):
        return self.op("Add", self.op("MatMul", x, self.weight(inner, outer, fan=inner)), self.bias(outer))

    def gelu(self, x):
        erf = self.op("Erf", self.op("Div", x, self.scalar(np.sqrt(2))))
        return self.op("Mul", self.op("Mul", x, self.op("Add", erf, self.scalar(1))), self.scalar(0.5))

    def layer_norm(self, x, width):
        return self.op("LayerNormalization", x, self.positive(width), self.bias(width), axis=-1, epsilon=1e-5)

    def layer_norm_of_primitives(self, x, width):
        centred = self.op("Sub", x, self.op("ReduceMean", x, axes=[-1], keepdims=1))
        variance = self.op("ReduceMean", self.op("Pow", centred, self.scalar(2)), axes=[-1], keepdims=1)
        scaled = self.op("Div", centred, self.op("Sqrt", self.op("Add", variance, self.scalar(1e-5))))
        return self.op("Add", self.op("Mul", scaled, self.positive(width)), self.bias(width))

    def heads(self, x, batch, length, heads, width):
        split = self.op("Reshape", x, self.ints(batch, length, heads, width))
        return self.op("Transpose", split, perm=[0, 2, 1, 3])

    def attention(self, q, k, v, width, mask=None):
        scores = self.op("MatMul", q, self.op("Transpose", k, perm=[0, 1, 3, 2]))
        scores = self.op("Div", scores, self.scalar(np.sqrt(width)))
        if mask:
            scores = self.op("Add", scores, mask)
        return self.op("MatMul", self.op("Softmax", scores, axis=-1), v)

    def encoder(self, x, mask, batch, length, heads, width, norm):
        inner = heads * width
        q, k, v = (self.heads(self.linear(x, inner, inner), batch, length, heads, width) for _ in range(3))
        mixed = self.op("Transpose", self.attention(q, k, v, width, mask), perm=[0, 2, 1, 3])
        mixed = self.linear(self.op("Reshape", mixed, self.ints(batch, length, inner)), inner, inner)
        x = norm(self.op("Add", mixed, x), inner)
        hidden = self.linear(self.gelu(self.linear(x, inner, 2 * inner)), 2 * inner, inner)
        return norm(self.op("Add", hidden, x), inner)


# Convolutional networks


@graph
def conv_residual(b):
    x = b.op("Relu", b.batch_norm(b.conv(b.data("x", 1, 3, 17, 19), 3, 24, [3, 3], bias=False, pads=[1, 1, 1, 1]), 24))
    y = b.op("Relu", b.batch_norm(b.conv(x, 24, 24, [3, 3], bias=False, pads=[1, 1, 1, 1]), 24))
    y = b.batch_norm(b.conv(y, 24, 24, [1, 1]), 24)
    y = b.op("MaxPool", b.op("Relu", b.op("Add", y, x)), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    y = b.op("Flatten", b.op("GlobalAveragePool", y))
    b.output(b.op("Softmax", b.op("Gemm", y, b.weight(7, 24), b.bias(7), transB=1)), "y")


@graph
def conv_mobile(b):
    x = b.op("Clip", b.conv(b.data("x", 2, 3, 23, 21), 3, 16, [3, 3], strides=[2, 2], pads=[1, 1, 1, 1]), b.scalar(0),
             b.scalar(6))
    y = b.op("HardSwish", b.conv(x, 16, 37, [1, 1]))
    y = b.op("HardSwish", b.conv(y, 37, 37, [5, 5], group=37, strides=[2, 2], pads=[2, 2, 2, 2]))
    gate = b.op("Relu", b.conv(b.op("GlobalAveragePool", y), 37, 9, [1, 1]))
    y = b.op("Mul", y, b.op("HardSigmoid", b.conv(gate, 9, 37, [1, 1])))
    b.output(b.conv(y, 37, 17, [1, 1]), "y")


@graph
def conv_forms(b):
    x = b.data("x", 1, 12, 13, 11)
    grouped = b.op("PRelu", b.conv(x, 12, 18, [3, 3], group=3, pads=[1, 1, 1, 1]), b.bias(18, 1, 1))
    dilated = b.op("LeakyRelu", b.conv(x, 12, 13, [3, 3], dilations=[2, 2], pads=[2, 2, 2, 2]), alpha=0.1)
    uneven = b.op("Tanh", b.conv(x, 12, 5, [2, 5], pads=[1, 2, 0, 2]))
    same = b.op("Elu", b.conv(x, 12, 1, [4, 4], auto_pad="SAME_UPPER"))
    y = b.op("Concat", grouped, dilated, uneven, same, axis=1)
    b.output(b.op("Sigmoid", b.conv(y, 37, 29, [3, 2], strides=[3, 2])), "y")


@graph
def conv_unet(b):
    x = b.op("Relu", b.conv(b.data("x", 1, 2, 20, 14), 2, 10, [3, 3], pads=[1, 1, 1, 1]))
    low = b.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    low = b.op("Relu", b.conv(low, 10, 20, [3, 3], pads=[1, 1, 1, 1]))
    up = b.op("ConvTranspose", low, b.weight(20, 10, 2, 2, fan=20), b.bias(10), strides=[2, 2])
    wide = b.op("Resize", low, "", b.constant(np.array([1, 1, 2, 2], np.float32)), mode="linear",
                coordinate_transformation_mode="half_pixel")
    near = b.op("Resize", low, "", b.constant(np.array([1, 1, 2, 2], np.float32)), mode="nearest",
                coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    y = b.conv(b.op("Concat", x, up, wide, near, axis=1), 60, 3, [3, 3], pads=[1, 1, 1, 1])
    up = b.op("ConvTranspose", y, b.weight(3, 4, 3, 3, fan=27), strides=[2, 3], pads=[1, 0, 0, 1],
              output_padding=[1, 0], dilations=[1, 2])
    b.output(y, "y")
    b.output(up, "up")


@graph
def conv_pools(b):
    x = b.data("x", 1, 7, 15, 16)
    same = dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    parts = [b.op("MaxPool", x, **same), b.op("AveragePool", x, **same),
             b.op("AveragePool", x, count_include_pad=1, **same), b.op("LRN", x, size=3, alpha=0.5, beta=0.75)]
    y = b.op("Concat", *parts, axis=1)
    y = b.op("AveragePool", y, kernel_shape=[4, 3], strides=[2, 3], ceil_mode=1)
    y = b.op("InstanceNormalization", y, b.positive(28), b.bias(28))
    b.output(y, "y")
    b.output(b.op("GlobalMaxPool", x), "peak")


@graph
def conv_1d_3d(b):
    x = b.data("x", 1, 5, 101)
    y = b.op("Relu", b.conv(x, 5, 19, [7], strides=[3], pads=[3, 3]))
    y = b.op("Softplus", b.conv(y, 19, 19, [3], group=19, pads=[2, 0], dilations=[1]))
    b.output(b.op("MaxPool", y, kernel_shape=[3], strides=[2]), "y")
    v = b.data("v", 1, 2, 5, 6, 7)
    z = b.op("Relu", b.conv(v, 2, 9, [3, 3, 3], pads=[1, 1, 1, 1, 1, 1]))
    b.output(b.conv(z, 9, 3, [2, 1, 3], strides=[1, 2, 2]), "z")


@graph
def conv_sequence_2d(b):
    """A sequence spelled as an image of one column, or squeezed behind the convolution."""
    x = b.data("x", 2, 20, 45, 1)
    y = b.op("Relu", b.conv(x, 20, 35, [5, 1], pads=[2, 0, 1, 0], strides=[1, 3]))
    y = b.op("Add", b.conv(y, 35, 35, [3, 1], pads=[1, 0, 1, 0], group=5), y)
    y = b.op("HardSwish", b.conv(y, 35, 35, [3, 1], group=35, dilations=[2, 1], strides=[2, 1]))
    y = b.op("Squeeze", b.conv(y, 35, 50, [4, 1], bias=False), b.ints(3))
    b.output(b.op("Tanh", b.op("Add", y, b.bias(50, 1))), "y")


@graph
def conv_few_channels(b):
    """Pixels of a row become channels: bias, residual, slopes, strides, widths that divide and that do not."""
    image = b.data("image", 2, 3, 12, 30)
    x = b.op("Relu", b.conv(image, 3, 8, [3, 9], pads=[1, 4, 1, 4]))
    b.output(b.conv(x, 8, 1, [5, 5], pads=[2, 2, 2, 2]), "map")
    two = b.conv(x, 8, 2, [3, 3], pads=[1, 1, 1, 1])
    b.output(b.op("PRelu", b.op("Add", two, b.data("before", 2, 2, 12, 30)), b.positive(2, 1, 1)), "residual")
    b.output(b.op("Sigmoid", b.conv(x, 8, 3, [1, 7], strides=[1, 2])), "odd")
    b.output(b.conv(image, 3, 5, [3, 3], pads=[0, 2, 1, 0], strides=[2, 3]), "strides")
    wave = b.data("wave", 1, 1, 1003)
    b.output(b.conv(wave, 1, 1, [64], strides=[3], pads=[5, 0], bias=False), "filtered")
    b.output(b.op("Mul", b.conv(wave, 1, 4, [21]), b.data("factor", 1, 1, 983)), "scaled")


@graph
def conv_heads(b):
    """Convolutions of one image that are one: three of 1x1 with slopes of their own, two of 3x3, beside one of other
    steps and one whose epilogue differs."""
    x = b.op("Relu", b.conv(b.data("image", 2, 3, 13, 19), 3, 20, [3, 3], pads=[1, 1, 1, 1]))
    for i, channels in enumerate((4, 2, 7)):
        b.output(b.op("PRelu", b.conv(x, 20, channels, [1, 1]), b.positive(channels, 1, 1)), f"head_{i}")
    b.output(b.op("Softmax", b.op("Relu", b.conv(x, 20, 2, [3, 3], pads=[1, 0, 1, 2])), axis=1), "classes")
    b.output(b.op("Relu", b.conv(x, 20, 10, [3, 3], pads=[1, 0, 1, 2])), "boxes")
    b.output(b.op("Relu", b.conv(x, 20, 3, [3, 3], pads=[1, 0, 1, 2], strides=[2, 1])), "steps")
    b.output(b.op("Sigmoid", b.conv(x, 20, 3, [3, 3], pads=[1, 0, 1, 2])), "mask")


@graph
def conv_chains(b):
    """Chains that -fform-bands makes bands of: wide into depthwise with steps, dilated windows, pools, residuals, two
    images, widths that no tile divides, halos larger than a band."""
    x = b.data("x", 2, 8, 31, 29)
    y = b.op("Relu", b.conv(x, 8, 24, [1, 1]))
    y = b.op("Clip", b.conv(y, 24, 24, [3, 3], group=24, strides=[2, 2], pads=[1, 1, 1, 1]), b.scalar(0), b.scalar(6))
    b.output(b.conv(y, 24, 11, [1, 1]), "steps")
    y = b.op("HardSwish", b.conv(x, 8, 19, [1, 1]))
    y = b.op("HardSwish", b.conv(y, 19, 19, [7, 7], group=19, pads=[3, 3, 3, 3]))
    b.output(b.op("Add", b.conv(y, 19, 8, [1, 1]), x), "residual")
    y = b.op("Relu", b.conv(x, 8, 18, [3, 3], strides=[2, 1], pads=[0, 1, 2, 0]))
    y = b.op("MaxPool", y, kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])
    b.output(b.op("Sigmoid", b.conv(y, 18, 5, [2, 2], dilations=[2, 1])), "pool")
    y = b.op("LeakyRelu", b.conv(x, 8, 16, [3, 3], dilations=[4, 3], pads=[4, 3, 4, 3]), alpha=0.1)
    y = b.op("AveragePool", y, kernel_shape=[5, 3], pads=[2, 1, 2, 1], count_include_pad=1)
    b.output(b.op("Relu", b.conv(y, 16, 9, [1, 1])), "halo")


@graph
def conv_edges(b):
    """Padding beyond the window and below nothing, groups whose channels fill no vector, slices as inputs, windows over
    three dimensions of which the last has few channels."""
    x = b.data("x", 1, 14, 17, 15)
    b.output(b.conv(x, 14, 6, [2, 2], pads=[5, 4, 3, 6]), "beyond")
    cropped = b.op("Pad", x, b.ints(0, 0, -2, 1, 0, 0, 3, -4))
    b.output(b.op("Relu", b.conv(cropped, 14, 21, [3, 3], pads=[1, 1, 1, 1])), "cropped")
    b.output(b.conv(x, 14, 10, [3, 3], group=2, strides=[2, 3], pads=[1, 0, 1, 2]), "groups_7_5")
    b.output(b.op("Tanh", b.conv(x, 14, 35, [5, 1], group=7, pads=[2, 0, 2, 0])), "groups_2_5")
    b.output(b.conv(x, 14, 42, [3, 3], group=14, pads=[1, 1, 1, 1]), "multiplier_3")
    part = b.op("Slice", x, b.ints(3, 1), b.ints(12, 16), b.ints(1, 2))
    b.output(b.op("Relu", b.conv(part, 9, 13, [3, 3], pads=[1, 1, 1, 1])), "slice_of_channels")
    rows = b.op("Slice", x, b.ints(2), b.ints(15), b.ints(2), b.ints(3))
    b.output(b.conv(rows, 14, 20, [1, 1]), "slice_of_rows")
    image = b.data("image", 2, 1, 19, 33)
    b.output(b.op("Relu", b.conv(image, 1, 2, [3, 5], pads=[1, 2, 1, 2])), "one_to_two")
    volume = b.data("volume", 1, 2, 5, 7, 23)
    b.output(b.op("Sigmoid", b.conv(volume, 2, 1, [3, 3, 3], pads=[1, 1, 1, 1, 1, 1])), "volume_to_one")
    b.output(b.conv(volume, 2, 3, [2, 1, 4], strides=[2, 1, 1], pads=[0, 0, 2, 1, 0, 1]), "volume_to_three")


@graph
def conv_minimal(b):
    """3x3 and 1x3 windows large enough for minimal filtering, beside weights that leave room for it."""
    x = b.op("Relu", b.conv(b.data("image", 1, 16, 21, 30), 16, 32, [3, 3], pads=[1, 1, 1, 1]))
    b.output(b.op("Clip", b.conv(x, 32, 20, [3, 3], bias=False), b.scalar(-1), b.scalar(1)), "valid")
    x = b.op("Add", x, b.conv(x, 32, 32, [1, 3], pads=[0, 1, 0, 1]))
    b.output(b.op("Add", b.op("MatMul", b.op("ReduceMean", x, axes=[2, 3], keepdims=0), b.weight(32, 300, fan=32)),
                  b.bias(300)), "features")


@graph
def channel_attention(b):
    """Factors of channels that go into the weights: of 1x1, 3x3, depthwise and few channels, of a matrix, and those
    that stay: of several images, of more than one reader."""
    def gate(x, channels, inner):
        y = b.op("Relu", b.conv(b.op("GlobalAveragePool", x), channels, inner, [1, 1]))
        return b.op("HardSigmoid", b.conv(y, inner, channels, [1, 1]), alpha=0.2)

    x = b.op("HardSwish", b.conv(b.data("image", 1, 3, 29, 33), 3, 24, [3, 3], pads=[1, 1, 1, 1]))
    x = b.op("Add", x, b.conv(b.op("Mul", x, gate(x, 24, 6)), 24, 24, [1, 1]))
    y = b.op("Mul", gate(x, 24, 7), x)
    y = b.op("Relu", b.conv(y, 24, 20, [3, 3], pads=[1, 1, 1, 1]))
    y = b.op("Add", y, b.op("Mul", y, gate(y, 20, 5)))
    y = b.conv(y, 20, 20, [3, 3], group=20, strides=[2, 1])
    y = b.op("Clip", b.conv(b.op("Mul", y, gate(y, 20, 5)), 20, 3, [3, 5]), b.scalar(-2), b.scalar(2))
    b.output(y, "y")
    both = b.op("Mul", x, gate(x, 24, 4))
    b.output(b.op("Add", both, b.conv(both, 24, 24, [1, 1])), "both")
    rows = b.op("Transpose", b.op("Reshape", x, b.ints(1, 24, -1)), perm=[0, 2, 1])
    weights = b.op("Sigmoid", b.op("ReduceMax", rows, axes=[1]))
    b.output(b.op("MatMul", b.op("Mul", rows, weights), b.weight(24, 5, fan=24)), "matrix")
    images = b.conv(b.data("images", 2, 3, 17, 15), 3, 8, [3, 3])
    b.output(b.conv(b.op("Mul", images, gate(images, 8, 4)), 8, 4, [1, 1]), "images_y")
    b.output(b.op("MatMul", b.op("ReduceMean", x, axes=[2, 3], keepdims=0), b.weight(24, 300, fan=24)), "features")


@graph
def conv_shuffle(b):
    x = b.op("Pad", b.data("x", 1, 8, 9, 7), b.ints(0, 0, 1, 2, 0, 0, 0, 1), b.scalar(0.25))
    y = b.conv(x, 8, 16, [3, 3], group=4)
    y = b.op("Transpose", b.op("Reshape", y, b.ints(1, 4, 4, 8, 8)), perm=[0, 2, 1, 3, 4])
    left, right = b.op("Split", b.op("Reshape", y, b.ints(1, 16, 8, 8)), b.ints(5, 11), outputs=2, axis=1)
    left = b.op("Slice", left, b.ints(7, 0), b.ints(-9, 8), b.ints(2, 3), b.ints(-1, 2))
    b.output(left, "left")
    right = b.conv(right, 11, 12, [1, 1])
    b.output(b.op("DepthToSpace", right, blocksize=2), "right")


@graph
def pool_kinds(b):
    """Norms of every power, and maxima of integers that compare with and without a sign."""
    x = b.data("x", 1, 5, 7, 9)
    for p in (1, 3, 9):
        b.output(b.op("LpPool", x, kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1], p=p), f"norm{p}")
    window = dict(kernel_shape=[2, 3], strides=[1, 2], pads=[1, 1, 0, 1])
    signed = b.input("signed", b.random.integers(-128, 128, (1, 19, 6, 5)).astype(np.int8))
    b.output(b.op("MaxPool", signed, **window), "largest_signed", TensorProto.INT8)
    unsigned = b.input("unsigned", b.random.integers(0, 256, (1, 19, 6, 5)).astype(np.uint8))
    values, places = b.op("MaxPool", unsigned, outputs=2, **window)
    b.output(values, "largest_unsigned", TensorProto.UINT8)
    b.output(places, "places", TensorProto.INT64)


@graph
def pools_and_norms(b):
    """Maxima along one dimension after another, norms of groups of channels, and of neighbouring channels."""
    b.opset = 21
    x = b.op("Relu", b.conv(b.data("x", 2, 3, 17, 19), 3, 24, [3, 3], pads=[1, 1, 1, 1]))
    pool = b.op("MaxPool", x, kernel_shape=[5, 5], pads=[2, 2, 2, 2])
    pool = b.op("Add", pool, b.op("MaxPool", x, kernel_shape=[9, 7], pads=[4, 3, 4, 3]))
    b.output(b.conv(pool, 24, 5, [1, 1]), "maxima")
    pool = b.op("MaxPool", x, kernel_shape=[6, 7], strides=[1, 2], dilations=[2, 1], pads=[3, 0, 1, 5], ceil_mode=1)
    b.output(b.conv(pool, 24, 5, [1, 1]), "uneven")
    b.output(b.op("MaxPool", b.data("deep", 1, 9, 8, 9, 7), kernel_shape=[4, 4, 4], pads=[1] * 6), "deep_y")
    norm = b.op("GroupNormalization", x, b.positive(24), b.bias(24), num_groups=4)
    b.output(b.conv(b.op("Tanh", norm), 24, 6, [1, 1]), "groups")
    norm = b.op("LRN", x, size=5, alpha=0.5, beta=0.75, bias=1.5)
    b.output(b.conv(norm, 24, 6, [1, 1]), "neighbours")


@graph
def transposed_phases(b):
    """Transposed convolutions of many phases: with padding, groups, gaps, dilation and weights that are an input."""
    x = b.data("x", 2, 6, 5, 4)

    def up(shape, bias=(), **attributes):
        return b.op("ConvTranspose", x, b.weight(*shape, fan=24), *bias, **attributes)

    b.output(b.op("Relu", up((6, 3, 8, 10), [b.bias(3)], strides=[4, 5], pads=[2, 1, 1, 3])), "overlap")
    b.output(up((6, 2, 6, 7), group=2, strides=[6, 7]), "groups")
    b.output(up((6, 3, 2, 3), [b.bias(3)], strides=[5, 6], output_padding=[1, 2]), "gaps")
    b.output(up((6, 3, 3, 2), strides=[6, 5], dilations=[2, 3], pads=[3, 0, 1, 2]), "dilated")
    b.output(b.op("ConvTranspose", x, b.data("w", 6, 2, 5, 9), strides=[5, 5], pads=[0, 3, 2, 4]), "given")
    one = b.data("one", 1, 4, 1)
    b.output(b.op("ConvTranspose", one, b.weight(4, 3, 40), strides=[1 << 20], pads=[3, 6]), "line")
    b.output(b.op("ConvTranspose", b.data("row", 1, 4, 9), b.weight(4, 3, 96, fan=8), strides=[32], pads=[33, 40]),
             "row_y")


# Recurrent networks


@graph
def lstm_bidirectional(b):
    steps, batch, width, hidden = 7, 3, 11, 13
    x = b.data("x", steps, batch, width)
    lengths = b.input("lengths", np.array([7, 2, 5], np.int32))
    for layer in range(2):
        inner = width if layer == 0 else 2 * hidden
        y, h, c = b.op("LSTM", x, b.weight(2, 4 * hidden, inner, fan=inner),
                       b.weight(2, 4 * hidden, hidden, fan=hidden), b.bias(2, 8 * hidden), lengths,
                       outputs=3, hidden_size=hidden, direction="bidirectional")
        x = b.op("Reshape", b.op("Transpose", y, perm=[0, 2, 1, 3]), b.ints(steps, batch, 2 * hidden))
    b.output(x, "y")
    b.output(h, "h")
    b.output(c, "c")


@graph
def lstm_state(b):
    hidden = 17
    y, h, c = b.op("LSTM", b.data("x", 5, 1, 9), b.weight(1, 4 * hidden, 9, fan=9),
                   b.weight(1, 4 * hidden, hidden, fan=hidden), b.bias(1, 8 * hidden), "", b.data("h0", 1, 1, hidden),
                   b.data("c0", 1, 1, hidden), b.bias(1, 3 * hidden), outputs=3, hidden_size=hidden)
    b.output(b.linear(b.op("Squeeze", y, b.ints(1)), hidden, 5), "y")
    b.output(h, "h")
    b.output(c, "c")


@graph
def gru_both_resets(b):
    hidden = 19
    x = b.op("Gather", b.weight(31, 10, fan=1), b.input("tokens", b.random.integers(0, 31, (6, 2))))
    for reset in (0, 1):
        y, h = b.op("GRU", x, b.weight(1, 3 * hidden, 10, fan=10), b.weight(1, 3 * hidden, hidden, fan=hidden),
                    b.bias(1, 6 * hidden), outputs=2, hidden_size=hidden, linear_before_reset=reset,
                    direction="forward" if reset else "reverse")
        b.output(y, f"y{reset}")
        b.output(h, f"h{reset}")


def wide_weights(b, rows, hidden):
    """[1, rows, hidden] of more bytes than a file may have here: a product of rank 3."""
    product = b.op("MatMul", b.weight(rows, 3, fan=3), b.weight(3, hidden, fan=hidden))
    return b.op("Reshape", product, b.ints(1, rows, hidden))


@graph
def recurrent_wide(b):
    """Layers whose steps are worth several tasks, with a last block that is not full."""
    for kind, gates, hidden, attributes in (("LSTM", 4, 201, dict(direction="reverse")), ("GRU", 3, 217, {}),
                                            ("GRU", 3, 230, dict(linear_before_reset=1)), ("RNN", 1, 370, {})):
        name = f"{kind.lower()}{hidden}"
        x = b.data(f"x_{name}", 3, 2, 3)
        lengths = b.input(f"lengths_{name}", np.array([3, 2], np.int32)) if kind == "LSTM" else ""
        results = b.op(kind, x, b.weight(1, gates * hidden, 3, fan=3), wide_weights(b, gates * hidden, hidden), "", lengths,
                       b.data(f"h0_{name}", 1, 2, hidden), outputs=3 if kind == "LSTM" else 2, hidden_size=hidden,
                       **attributes)
        for part, value in zip(("y", "h", "c"), results):
            b.output(value, f"{part}_{name}")


@graph
def rnn_activations(b):
    hidden = 9
    y, h = b.op("RNN", b.data("x", 4, 2, 6), b.weight(2, hidden, 6, fan=6), b.weight(2, hidden, hidden, fan=hidden),
                b.bias(2, 2 * hidden), outputs=2, hidden_size=hidden, direction="bidirectional",
                activations=["Tanh", "Relu"])
    b.output(y, "y")
    b.output(h, "h")


# Transformers


def padding_mask(b, batch, length):
    keep = np.ones((batch, 1, 1, length), np.float32)
    keep[0, ..., -3:] = 0
    return b.op("Mul", b.op("Sub", b.scalar(1), b.input("keep", keep)), b.scalar(-10000))


@graph
def encoder(b):
    x = b.data("x", 2, 11, 32)
    mask = padding_mask(b, 2, 11)
    b.output(b.encoder(x, mask, 2, 11, 2, 16, b.layer_norm), "y")


@graph
def encoder_primitives(b):
    x = b.data("x", 1, 13, 34)
    b.output(b.encoder(x, padding_mask(b, 1, 13), 1, 13, 2, 17, b.layer_norm_of_primitives), "y")


@graph
def decoder_grouped_rotary(b):
    length, heads, groups, width = 7, 4, 2, 8
    inner = heads * width
    x = b.data("x", 1, length, inner)
    square = b.op("ReduceMean", b.op("Pow", x, b.scalar(2)), axes=[-1], keepdims=1)
    y = b.op("Mul", x, b.op("Reciprocal", b.op("Sqrt", b.op("Add", square, b.scalar(1e-5)))))
    y = b.op("Mul", b.positive(inner), y)
    angles = np.outer(np.arange(length), 100.0 ** (-np.arange(0, width, 2) / width))
    angles = np.concatenate([angles, angles], -1).astype(np.float32)[None, None]
    cos, sin = b.constant(np.cos(angles)), b.constant(np.sin(angles))

    def project(count):
        return b.heads(b.op("MatMul", y, b.weight(inner, count * width, fan=inner)), 1, length, count, width)

    def rotate(t):
        low = b.op("Slice", t, b.ints(0), b.ints(width // 2), b.ints(3))
        high = b.op("Slice", t, b.ints(width // 2), b.ints(width), b.ints(3))
        turned = b.op("Concat", b.op("Neg", high), low, axis=-1)
        return b.op("Add", b.op("Mul", t, cos), b.op("Mul", turned, sin))

    def repeat(t):
        wide = b.op("Expand", b.op("Unsqueeze", t, b.ints(2)), b.ints(1, groups, heads // groups, length, width))
        return b.op("Reshape", wide, b.ints(1, heads, length, width))

    q, k, v = rotate(project(heads)), repeat(rotate(project(groups))), repeat(project(groups))
    causal = b.constant(np.triu(np.full((length, length), -1e9, np.float32), 1)[None, None])
    y = b.op("Transpose", b.attention(q, k, v, width, causal), perm=[0, 2, 1, 3])
    y = b.op("MatMul", b.op("Reshape", y, b.ints(1, length, inner)), b.weight(inner, inner, fan=inner))
    y = b.op("Add", x, y)
    gate = b.op("MatMul", y, b.weight(inner, 43, fan=inner))
    gate = b.op("Mul", gate, b.op("Sigmoid", gate))
    gate = b.op("Mul", gate, b.op("MatMul", y, b.weight(inner, 43, fan=inner)))
    b.output(b.op("Add", y, b.op("MatMul", gate, b.weight(43, inner, fan=43))), "y")


@graph
def attention_masks(b):
    """Masks that are no mask of the scores' own batches and heads, and rows that hide every key."""
    q, k, v = b.data("q", 2, 4, 6, 8), b.data("k", 2, 4, 8, 6), b.data("v", 2, 4, 6, 8)
    scores = b.op("Mul", b.op("MatMul", q, k), b.scalar(4))

    def weigh(masked, values=v):
        return b.op("MatMul", b.op("Softmax", masked, axis=-1), values)

    grouped = b.op("Add", b.op("Reshape", scores, b.ints(2, 2, 2, 6, 6)), b.weight(2, 1, 6, 6, fan=1))
    grouped = b.op("Softmax", grouped, axis=-1)
    b.output(b.op("MatMul", b.op("Reshape", grouped, b.ints(2, 4, 6, 6)), v), "grouped")
    seen = np.ones((2, 1, 6, 6), bool)
    seen[0, :, 1:, 3] = seen[:, :, 4] = False
    condition = b.input("seen", seen)
    for name, fill in (("far", -3.4e38), ("near", -1e9)):
        b.output(weigh(b.op("Where", condition, scores, b.scalar(fill))), name)
    later = np.triu(np.full((6, 6), -np.inf, np.float32), 1)
    b.output(weigh(b.op("Add", scores, b.constant(later))), "causal")
    more = np.where(np.arange(4) <= np.arange(6)[:, None] - 2, 0, -1e9).astype(np.float32)
    few = b.op("Add", b.op("MatMul", q, b.data("k4", 2, 4, 8, 4)), b.constant(more))
    b.output(weigh(few, b.data("v4", 2, 4, 4, 8)), "fewer_keys")
    late = b.op("Softmax", b.op("MatMul", b.data("q3", 2, 5, 8), b.data("k3", 2, 8, 5)), axis=-1)
    b.output(b.op("MatMul", late, b.layer_norm(b.data("v3", 2, 5, 8), 8)), "late_values")


@graph
def odd_numbers(b):
    """Values at the edges of what ops are defined for, and sums of nothing."""
    x = b.input("x", np.array([-np.inf, -2, 0.5, 3, np.inf], np.float32))
    b.output(b.op("ThresholdedRelu", x, alpha=1.0), "thresholded")
    small = b.input("small", np.array([0, 1, 2, 9, 255], np.uint8))
    b.output(b.op("Shrink", small, lambd=1.5, bias=1.5), "shrunk", TensorProto.UINT8)
    cast = b.op("Cast", b.constant(np.array([2**60 + 2**36 + 1], np.int64)), to=TensorProto.FLOAT)
    b.output(b.op("Sub", cast, b.input("base", np.array([2**60], np.float32))), "rounded")
    empty = b.input("empty", np.zeros((2, 0), np.float32))
    b.output(b.op("Relu", b.op("Add", b.op("MatMul", empty, b.constant(np.zeros((0, 3), np.float32))), b.bias(3))),
             "sums_of_none")
    centred = b.op("Sub", x2 := b.data("x2", 3, 8), b.op("ReduceMean", x2, axes=[-1]))
    variance = b.op("Add", b.op("ReduceMean", b.op("Mul", centred, centred), axes=[-1]), b.scalar(1e-5))
    for name, power in (("multiplied", -0.5), ("divided", 0.5)):
        root = b.op("Reciprocal", b.op("Pow", variance, b.scalar(power)))
        b.output(b.op("Mul", centred, root), name)
    total = b.op("Conv", b.data("image", 1, 4, 3, 3), b.weight(3, 4, 1, 1))
    b.output(b.op("Div", total, b.constant(np.array([4, -2, 0.5], np.float32).reshape(3, 1, 1))), "quotients")


@graph
def matmul_tails(b):
    """Products of every kind in sizes around the tiles of registers, and of one."""
    for m, k, n in ((1, 1, 1), (1, 37, 67), (5, 1, 17), (7, 31, 1), (13, 16, 47), (33, 65, 16)):
        y = b.linear(b.data(f"x{m}_{k}_{n}", m, k), k, n)
        b.output(b.op("LeakyRelu", y), f"y{m}_{k}_{n}")
    left, right = b.data("left", 2, 3, 5, 19), b.data("right", 3, 19, 23)
    b.output(b.op("LogSoftmax", b.op("MatMul", left, right), axis=2), "batched")
    b.output(b.op("Gemm", b.data("a", 29, 6), b.data("b", 31, 29), b.bias(31), transA=1, transB=1, alpha=0.25,
                  beta=2.0), "gemm")
    b.output(b.op("Einsum", b.data("e", 3, 7, 5), b.data("f", 5, 2, 7), equation="abc,cdb->ad"), "einsum")


@graph
def steps_and_columns(b):
    """What kernels read is a slice of every other element, or lost its last dimension."""
    def every_other(x, axis):
        return b.op("Slice", x, b.ints(0), b.ints(2**31), b.ints(axis), b.ints(2))

    def columns(x):
        return [b.op("Squeeze", part, b.ints(-1)) for part in b.op("Split", x, outputs=3, axis=-1)]

    x = b.data("x", 5, 33)
    b.output(b.op("Add", b.op("MatMul", x, b.weight(33, 20)), every_other(b.data("residual", 5, 40), 1)), "residual_y")
    b.output(b.op("Add", b.op("MatMul", x, b.weight(33, 20)), columns(b.data("triple", 5, 20, 3))[1]), "column_y")
    a, right = b.data("a", 2, 5, 16), every_other(b.data("b", 2, 16, 40), 2)
    b.output(b.op("MatMul", a, right), "product")
    b.output(b.op("MatMul", every_other(b.data("c", 2, 5, 32), 2), right), "both")
    turned = b.op("Transpose", every_other(b.data("d", 2, 20, 32), 2), perm=[0, 2, 1])
    b.output(b.op("MatMul", a, turned), "transposed")
    image = every_other(b.op("Transpose", b.data("image", 1, 6, 7, 40), perm=[0, 3, 1, 2]), 1)
    results = [b.op("MaxPool", image, kernel_shape=[2, 2]), b.conv(image, 20, 20, [3, 3], group=20),
               b.conv(image, 20, 7, [3, 3]), b.op("GlobalAveragePool", image)]
    for i, result in enumerate(results):
        b.output(b.op("Transpose", result, perm=[0, 2, 3, 1]), f"image{i}")
    for i, length in enumerate((3, 20)):
        q, k, v = columns(b.data(f"qkv{i}", 1, 2, length, 16, 3))
        mask = columns(b.data(f"mask{i}", 1, 2, length, length, 3))[2]
        b.output(b.attention(q, k, v, 16), f"attention{i}")
        b.output(b.attention(q, k, v, 16, mask), f"masked{i}")


@graph
def lstm_views(b):
    """States that are slices of wider tensors, and a state that becomes a part of one."""
    hidden = 9

    def lstm(x, h, c):
        return b.op("LSTM", x, b.weight(1, 4 * hidden, 7, fan=7), b.weight(1, 4 * hidden, hidden, fan=hidden),
                    b.bias(1, 8 * hidden), "", h, c, outputs=3, hidden_size=hidden)

    x = b.data("x", 3, 2, 7)
    h, c = b.op("Split", b.data("state", 1, 2, 2 * hidden), outputs=2, axis=2)
    _, h, c = lstm(x, h, c)
    b.output(b.op("Concat", h, b.data("z", 1, 2, 5), axis=2), "h")
    b.output(c, "c")
    step = (b.ints(0), b.ints(2 * hidden), b.ints(2), b.ints(2))
    y, h, c = lstm(x, b.op("Slice", b.data("wide_h", 1, 2, 2 * hidden), *step),
                   b.op("Slice", b.data("wide_c", 1, 2, 2 * hidden), *step))
    b.output(y, "y")
    b.output(b.op("Concat", c, h, axis=2), "ch")


@graph
def shared_and_updated(b):
    """A weight in two shapes, a tensor that many read in another shape while it is updated, indices out of a wider one."""
    table = b.weight(16, 16)
    b.output(b.op("MatMul", b.data("x", 3, 16), table), "product")
    b.output(b.op("Mul", b.data("z", 2, 256), b.op("Reshape", table, b.ints(256))), "scaled")
    u = b.op("Exp", b.data("u", 8, 16))
    v = b.op("Reshape", u, b.ints(2, 4, 16))
    where = b.constant(b.random.integers(0, 8, (4, 16)))
    b.output(b.op("ScatterElements", u, where, b.constant(np.full((4, 16), 5, np.float32)), axis=0), "updated")
    for i in range(17):
        b.output(b.op("Add", v, b.bias(1, 1, 16)), f"read{i}")
    wide = b.random.integers(0, 10, (6, 8))
    wide[:, 3:] = 1000
    rows = b.op("Slice", b.input("wide", wide), b.ints(0), b.ints(3), b.ints(1))
    b.output(b.op("Gather", b.data("from", 10, 4), rows, axis=0), "gathered")


@graph
def reductions(b):
    x = b.data("x", 3, 5, 7, 37)
    b.output(b.op("ReduceMax", x, axes=[1, 3], keepdims=0), "max")
    b.output(b.op("ReduceLogSumExp", x, axes=[-1], keepdims=1), "logsumexp")
    b.output(b.op("ReduceL2", x, axes=[0, 2], keepdims=1), "l2")
    b.output(b.op("ArgMax", x, axis=3, keepdims=0), "argmax", TensorProto.INT64)
    values, indices = b.op("TopK", x, b.ints(5), outputs=2, axis=3)
    b.output(values, "values")
    b.output(indices, "indices", TensorProto.INT64)
    b.output(b.op("CumSum", x, b.constant(np.int64(2)), reverse=1, exclusive=1), "sums")
    rows = b.input("rows", np.array([[2, 0], [-1, 1]], np.int64))
    b.output(b.op("Gather", x, rows, axis=1), "rows_of_x")
    b.output(b.op("Where", b.op("Greater", x, b.scalar(0.5)), b.op("Erf", x), b.op("Exp", x)), "chosen")


# Control flow


@graph
def if_branches(b):
    x = b.data("x", 3, 17)
    for name, value in (("yes", True), ("no", False)):
        branches = []
        for side, kind in (("then", "Tanh"), ("else", "Exp")):
            inner = Builder(f"{name}_{side}", prefix=f"{name}_{side}_")
            inner.output(inner.op(kind, inner.linear(x, 17, 5)), f"{name}_{side}", shape=[3, 5])
            branches.append(inner.body())
        condition = b.input(name, np.array(value))
        b.output(b.op("If", condition, then_branch=branches[0], else_branch=branches[1]), f"{name}_y")


@graph
def loop_scan_output(b):
    body = Builder("body", prefix="body_")
    body.inputs = [helper.make_tensor_value_info("i", TensorProto.INT64, []),
                   helper.make_tensor_value_info("going", TensorProto.BOOL, []),
                   helper.make_tensor_value_info("state", TensorProto.FLOAT, [2, 13])]
    step = body.op("Tanh", body.op("MatMul", "state", body.weight(13, 13, fan=13)))
    step = body.op("Add", step, body.op("Cast", "i", to=TensorProto.FLOAT))
    body.output("going", "still_going", TensorProto.BOOL, [])
    body.output(step, "next", shape=[2, 13])
    body.output(body.op("ReduceSum", step, keepdims=0), "sum", shape=[])
    last, sums = b.op("Loop", b.constant(np.int64(5)), b.constant(np.array(True)), b.data("x", 2, 13), outputs=2,
                      body=body.body())
    b.output(last, "last")
    b.output(sums, "sums")


@graph
def loop_run_time(b):
    """Trips and condition are inputs; the rows of the scan output are declared, and as many as there will be."""
    body = Builder("body", prefix="body_")
    for name, kind in (("i", TensorProto.INT64), ("go", TensorProto.BOOL), ("h", TensorProto.FLOAT)):
        body.inputs.append(helper.make_tensor_value_info(name, kind, [2, 13] if name == "h" else []))
    h = body.op("Add", "h", body.op("Mul", "h", body.scalar(0.5)))
    less = body.op("Less", body.op("ReduceSum", body.op("Abs", h), keepdims=0), body.scalar(150))
    body.output(body.op("And", "go", less), "go_out", TensorProto.BOOL, [])
    body.output(h, "h_out", shape=[2, 13])
    body.output(body.op("ReduceSum", h, body.ints(1), keepdims=0), "sum", shape=[2])
    b.nodes.append(helper.make_node("Loop", [b.input("trips", np.int64(9)), b.input("begins", np.array(True)),
                                             b.data("x", 2, 13)], ["last", "sums"], name="Loop", body=body.body()))
    for name in ("last", "sums"):
        b.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))


@graph
def resize_whole_factors(b):
    """Pixels repeated along some axes, among elementwise ops, in a concatenation, and where nothing follows."""
    def up(x, *factors):
        return b.op("Resize", x, "", b.constant(np.array(factors, np.float32)), mode="nearest", nearest_mode="floor",
                    coordinate_transformation_mode="asymmetric")

    large = b.op("Relu", b.conv(b.data("large", 1, 3, 12, 18), 3, 12, [3, 3], pads=[1, 1, 1, 1]))
    small = b.op("Tanh", b.conv(b.data("small", 1, 3, 6, 6), 3, 12, [1, 1]))
    factors = b.op("Sigmoid", b.op("GlobalAveragePool", large))
    y = b.op("Add", b.op("Mul", large, factors), up(small, 1, 1, 2, 3))
    y = b.op("Where", b.op("Less", y, b.op("Abs", up(small, 1, 1, 2, 3))), b.op("Neg", y), b.op("Mul", y, b.bias(12, 1, 1)))
    b.output(b.conv(y, 12, 11, [1, 1]), "map")
    other = up(b.op("HardSwish", up(b.op("Exp", small), 1, 1, 2, 1)), 1, 1, 1, 3)
    joined = b.op("Concat", other, large, up(small, 1, 1, 2, 3), axis=1)
    b.output(b.conv(joined, 36, 10, [3, 3], pads=[1, 1, 1, 1]), "joined")
    averaged = up(b.op("AveragePool", large, kernel_shape=[3, 3], strides=[3, 3]), 1, 1, 3, 3)
    b.output(b.conv(b.op("Add", averaged, b.op("Sub", large, b.scalar(0.5))), 12, 8, [1, 1]), "averaged")
    wave = b.conv(b.data("wave", 2, 3, 41), 3, 9, [4])
    b.output(b.conv(up(wave, 1, 1, 4), 9, 9, [3], group=9), "wave_y")


@graph
def resize_opset_10(b):
    """Nearest: an axis that shrinks takes the element behind, one that grows the element before."""
    b.opset = 10
    x = b.data("x", 1, 3, 6, 5)
    for i, scales in enumerate(((1, 1, 0.5, 2), (1, 1, 2, 0.6), (1, 1, 0.34, 0.4), (1, 1, 1.7, 1))):
        b.output(b.op("Resize", x, b.constant(np.array(scales, np.float32)), mode="nearest"), f"y{i}")


@graph
def empty_indices(b):
    """Indices without elements, and a sum over their results."""
    x = b.data("x", 3, 3)
    none = b.constant(np.zeros((1, 0), np.int64))
    rows = b.op("Gather", x, none, axis=0)
    each = b.op("GatherElements", x, b.constant(np.zeros((3, 0), np.int64)), axis=1)
    same = b.op("ScatterElements", x, b.constant(np.zeros((3, 0), np.int64)),
                b.constant(np.zeros((3, 0), np.float32)), axis=1)
    b.output(rows, "rows")
    b.output(each, "each")
    b.output(b.op("Add", same, x), "sum")


@graph
def scan_integers(b):
    """Integers and bools carried, scanned and collected; the rows from the end on."""
    body = Builder("body", prefix="body_")
    kinds = {"state": TensorProto.INT64, "slice": TensorProto.INT64, "flag": TensorProto.BOOL}
    body.inputs = [helper.make_tensor_value_info(name, kind, [3]) for name, kind in kinds.items()]
    step = body.op("Where", "flag", body.op("Add", "state", "slice"), "state")
    body.output(step, "next", TensorProto.INT64, [3])
    body.output(body.op("Mul", step, body.ints(2)), "row", TensorProto.INT64, [3])
    body.output(body.op("Less", step, "slice"), "less", TensorProto.BOOL, [3])
    x = b.random.integers(-9, 9, (5, 3))
    outputs = b.op("Scan", b.input("h0", np.array([1, 2, 3])), b.input("x", x), b.input("flags", x % 3 > 0), outputs=3,
                   body=body.body(), num_scan_inputs=2, scan_input_directions=[1, 0], scan_output_directions=[0, 1])
    for value, name, kind in zip(outputs, ("last", "rows", "less"), (TensorProto.INT64,) * 2 + (TensorProto.BOOL,)):
        b.output(value, name, kind)


@graph
def scan_cell(b):
    body = Builder("body", prefix="body_")
    body.inputs = [helper.make_tensor_value_info("state", TensorProto.FLOAT, [3, 7]),
                   helper.make_tensor_value_info("slice", TensorProto.FLOAT, [3, 5])]
    step = body.op("Tanh", body.op("Add", body.op("MatMul", "slice", body.weight(5, 7, fan=5)),
                                   body.op("MatMul", "state", body.weight(7, 7, fan=7))))
    body.output(step, "next", shape=[3, 7])
    body.output(step, "row", shape=[3, 7])
    last, rows = b.op("Scan", b.data("h0", 3, 7), b.data("x", 6, 3, 5), outputs=2, body=body.body(), num_scan_inputs=1)
    b.output(last, "last")
    b.output(rows, "rows")


def save(path, data):
    if len(data) > LIMIT:
        sys.exit(f"record.py: {path}: {len(data)} bytes, over the limit of {LIMIT}")
    with open(path, "wb") as file:
        file.write(data)


def record(name):
    builder = Builder(name)
    GRAPHS[name](builder)
    model = builder.model()
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [value.name for value in builder.inputs]
    results = session.run(None, dict(zip(names, builder.feeds)))
    for output, value in zip(model.graph.output, results):
        kind = helper.np_dtype_to_tensor_dtype(np.asarray(value).dtype)
        output.CopyFrom(helper.make_tensor_value_info(output.name, kind, np.shape(value)))
    onnx.checker.check_model(model, full_check=True)
    folder = os.path.join(HERE, "recorded", name)
    os.makedirs(os.path.join(folder, "test_data_set_0"), exist_ok=True)
    save(os.path.join(folder, "model.onnx"), model.SerializeToString())
    outputs = [output.name for output in builder.outputs]
    for kind, values, named in (("input", builder.feeds, names), ("output", results, outputs)):
        for i, (value, value_name) in enumerate(zip(values, named)):
            data = numpy_helper.from_array(np.asarray(value), value_name).SerializeToString()
            save(os.path.join(folder, "test_data_set_0", f"{kind}_{i}.pb"), data)
    scales = ", ".join(f"{np.abs(value).max(initial=0):.3g}" for value in results)
    print(f"{name}: outputs up to {scales}")


if __name__ == "__main__":
    for NAME in sys.argv[1:] or GRAPHS:
        record(NAME)
