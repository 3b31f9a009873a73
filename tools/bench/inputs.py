"""What a model is run on: its inputs as the file declares them, their free dimensions fixed, and data for them: the
recorded sets beside the model, or numbers made up from a seed. Leaves folders of input_N.pb, as nncc-run takes them."""
import dataclasses
import glob
import math
import mmap
import os
import random
import re
import shutil
import struct
import zlib

import wire

# Element types by their number in onnx.proto: how struct packs one. BFloat16 is a float's upper half.
CODES = {1: "f", 2: "B", 3: "b", 4: "H", 5: "h", 6: "i", 7: "q", 9: "B", 10: "e", 11: "d", 12: "I", 13: "Q", 16: "f"}
FLOATS = (1, 10, 11, 16)
BOOL, BFLOAT16 = 9, 16


class Problem(Exception):
    """Something about a model that keeps it from being measured, in words for its owner."""


@dataclasses.dataclass
class Choice:
    """What the command line says about inputs, by their names; `dims` by the names of dimensions, `*` is any."""
    shapes: dict
    dims: dict
    values: dict
    ranges: dict
    seed: int = 0
    random: bool = False


@dataclasses.dataclass
class Input:
    name: str
    kind: int
    shape: list
    free: bool  # whether the model leaves a dimension open


def extents(shape):
    return "x".join(map(str, shape))


def declared(path):
    """[(name, element type, dimensions)] of the model's inputs."""
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            with memoryview(content) as model:
                found = list(wire.inputs(model))
                has_graph = any(number == 7 for number, _ in wire.fields(model))
    except OSError as error:
        raise Problem(error.strerror)
    except (IndexError, ValueError, TypeError):
        has_graph = False
    if not has_graph:
        raise Problem("expected an ONNX model")
    for name, kind, _ in found:
        if kind not in CODES:
            raise Problem(f"input '{name}': no data can be made up for its type")
    return found


def fits(shape, dims):
    return dims is None or len(shape) == len(dims) and all(
        isinstance(dim, str) or dim == extent for extent, dim in zip(shape, dims))


def described(dims):
    return "any shape" if dims is None else "x".join(dim or "?" if isinstance(dim, str) else str(dim) for dim in dims)


def is_free(dims):
    return dims is None or any(isinstance(dim, str) for dim in dims)


def narrowed(name, dims, choice):
    """The dimensions after --shape and --dim."""
    if name in choice.shapes:
        shape = choice.shapes[name]
        if not fits(shape, dims):
            raise Problem(f"--shape {name}: expected {described(dims)}, got {extents(shape)}")
        return shape
    return dims and [choice.dims.get(dim, choice.dims.get("*", dim)) if isinstance(dim, str) else dim for dim in dims]


def fixed(inputs):
    """The shapes, when there are no data to take them from."""
    free = [f"input '{name}' ({described(dims)})" for name, _, dims in inputs if is_free(dims)]
    if free:
        raise Problem(f"free dimensions in {', '.join(free)}: give --shape NAME=1x3x224x224 or --dim SYMBOL=N")
    return [dims for _, _, dims in inputs]


def recorded_sets(path):
    folders = glob.glob(os.path.join(glob.escape(os.path.dirname(path) or "."), "test_data_set_*"))
    return sorted(folders, key=lambda folder: [int(n) for n in re.findall(r"\d+", os.path.basename(folder))])


def recorded(inputs, folder):
    """The shapes that a data set has."""
    shapes = []
    for i, (name, _, dims) in enumerate(inputs):
        path = os.path.join(folder, f"input_{i}.pb")
        try:
            with open(path, "rb") as file:
                shapes.append(wire.tensor_dims(file.read()))
        except (OSError, IndexError):
            raise Problem(f"{path}: cannot be read; --random does without it")
        if not fits(shapes[-1], dims):
            raise Problem(f"{path}: expected {described(dims)} for input '{name}', got {extents(shapes[-1])}; "
                          "--random does without it")
    return shapes


def same(shapes, inputs, folder):
    """Whether a further data set fits the first; one of other shapes would need a compilation of its own."""
    try:
        return recorded(inputs, folder) == shapes
    except Problem:
        return False


def numbers(tensor, choice):
    """The values of an input that is not recorded."""
    count = math.prod(tensor.shape)
    if tensor.name in choice.values:
        values = choice.values[tensor.name]
        if len(values) not in (1, count):
            raise Problem(f"--value {tensor.name}: expected 1 or {count} numbers, got {len(values)}")
        return values * count if len(values) == 1 else values
    source = random.Random(choice.seed ^ zlib.crc32(tensor.name.encode()))
    least, most = choice.ranges.get(tensor.name, (-1, 1) if tensor.kind in FLOATS else (0, 1))
    if tensor.kind in FLOATS:
        return [source.uniform(least, most) for _ in range(count)]
    return [source.randint(int(least), int(most)) for _ in range(count)]


def packed(tensor, values):
    """An ONNX tensor of these values."""
    code = CODES[tensor.kind]
    try:
        if tensor.kind not in FLOATS:
            values = [int(bool(v)) if tensor.kind == BOOL else int(v) for v in values]
        raw = struct.pack(f"<{len(values)}{code}", *values)
    except (struct.error, OverflowError):
        raise Problem(f"input '{tensor.name}': its type does not hold all values of --range or --value")
    if tensor.kind == BFLOAT16:
        raw = b"".join(raw[at + 2:at + 4] for at in range(0, len(raw), 4))
    dims = b"".join(wire.field(1, dim) for dim in tensor.shape)
    return dims + wire.field(2, tensor.kind) + wire.field(8, tensor.name) + wire.field(9, raw)


def write_set(inputs, source, folder, choice):
    """Fills a folder: what `source` has recorded, if there is one, then what --value says, the rest made up."""
    os.makedirs(folder)
    for i, tensor in enumerate(inputs):
        target = os.path.join(folder, f"input_{i}.pb")
        if source and tensor.name not in choice.values:
            with open(os.path.join(source, f"input_{i}.pb"), "rb") as file:
                content = file.read() + wire.field(8, tensor.name)  # nncc-run may have to look for it by name
        else:
            content = packed(tensor, numbers(tensor, choice))
        with open(target, "wb") as file:
            file.write(content)
    if source and not any(tensor.name in choice.values for tensor in inputs):  # else they belong to other inputs
        for output in glob.glob(os.path.join(glob.escape(source), "output_*.pb")):
            shutil.copy(output, folder)


def prepare(path, folder, choice):
    """([Input], [data set's folder]): the first set is for timing; all have the same shapes."""
    found = declared(path)
    inputs = [(name, kind, narrowed(name, dims, choice)) for name, kind, dims in found]
    sets = [] if choice.random else recorded_sets(path)
    shapes = recorded(inputs, sets[0]) if sets else fixed(inputs)
    tensors = [Input(name, kind, shape, is_free(dims)) for (name, kind, dims), shape in zip(found, shapes)]
    sources = [source for source in sets if same(shapes, inputs, source)] or [None]
    folders = [os.path.join(folder, str(i)) for i in range(len(sources))]
    for source, target in zip(sources, folders):
        write_set(tensors, source, target, choice)
    return tensors, folders
