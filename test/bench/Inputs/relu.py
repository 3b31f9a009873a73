"""Writes relu.onnx, y[N, 4] = Relu(x[N, 4]), and with a second argument a data set beside it whose output is right, or
wrong."""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "tools"))
from wire import field


def value(name):
    shape = field(1, field(2, "N")) + field(1, field(1, 4))
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


def tensor(*numbers):
    return field(1, 2) + field(1, 4) + field(2, 1) + field(9, struct.pack("<8f", *numbers))


path, *outcome = sys.argv[1:]
node = field(1, "x") + field(2, "y") + field(4, "Relu")
graph = field(1, node) + field(2, "relu") + field(11, value("x")) + field(12, value("y"))
with open(path, "wb") as file:
    file.write(field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 17)))
if outcome:
    folder = os.path.join(os.path.dirname(path), "test_data_set_0")
    os.makedirs(folder)
    for name, numbers in (("input", range(-4, 4)), ("output", [0, 0, 0, 0, 0, 1, 2, 3 if outcome == ["right"] else 4])):
        with open(os.path.join(folder, name + "_0.pb"), "wb") as file:
            file.write(tensor(*numbers))
