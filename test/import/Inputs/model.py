# Writes small binary models, good and bad, without the onnx package: `model.py KIND FILE`.
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "tools"))
from wire import field


def value_info(name, *dims):
    shape = b"".join(field(1, field(1, d)) for d in dims)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


def tensor(name, dims, *rest):
    return b"".join(field(1, d) for d in dims) + field(2, 1) + field(8, name) + b"".join(rest)


def raw(count):
    return field(9, struct.pack(f"<{count}f", *range(count)))


def external(location, *entries):
    pairs = [("location", location), *entries]
    return b"".join(field(13, field(1, k) + field(2, v)) for k, v in pairs) + field(14, 1)


def node(op, inputs, outputs, *rest):
    return b"".join(field(1, i) for i in inputs) + b"".join(field(2, o) for o in outputs) + field(4, op) + b"".join(rest)


def model(weight, size=2048, nodes=None):
    nodes = nodes or [node("Mul", ["X", "W"], ["Y"], field(3, "scale"))]
    graph = b"".join(field(1, n) for n in nodes) + field(2, "g") + field(5, weight)
    graph += field(11, value_info("X", size)) + field(12, value_info("Y", size))
    return field(1, 8) + field(8, field(2, 17)) + field(7, graph)


def build(kind):
    big = tensor("W", [2048], raw(2048))
    if kind == "good":
        return model(big)
    if kind == "truncated":
        return model(big)[:-100]
    if kind == "size":
        return model(tensor("W", [2048], raw(2047)))
    if kind == "dims":
        return model(tensor("W", [-1], raw(1)))
    if kind == "huge":
        return model(tensor("W", [1 << 40, 1 << 40], raw(1)))
    if kind == "both":
        return model(tensor("W", [2048], raw(2048), field(4, struct.pack("<1f", 1))))
    if kind == "field":
        return model(big, nodes=[node("Mul", ["X", "W"], ["Y"], field(77, 1))])
    if kind == "name":
        return model(big, nodes=[node("Foo\n\x1b[31m", ["X", "W"], ["Y"], field(3, "a\nb" + "x" * 10000))])
    if kind == "float-data":
        return model(tensor("W", [2048], field(4, struct.pack("<2048f", *range(2048)))))
    if kind == "overload":
        return model(big, nodes=[node("Mul", ["X", "W"], ["Y"], field(8, "fast"), field(9, field(1, "k") + field(2, "v")))])
    if kind.startswith("external:"):
        return model(tensor("W", [2048], external(*[kind.split(":")[1]], *[tuple(e.split("=")) for e in kind.split(":")[2:]])))
    raise SystemExit(f"unknown kind {kind}")


with open(sys.argv[2], "wb") as out:
    out.write(build(sys.argv[1]))
