"""Just enough of protobuf's wire format for benchmarks and tests: what the inputs of an ONNX model are, what a recorded
tensor's dimensions and data are, and fields to write tensors and small models of. Field numbers are onnx.proto's.
Whatever reads takes bytes or, for large files, a memoryview, of which it copies nothing.
"""


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """Yields (number, value) of a message: an integer, or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        else:
            size = 8 if kind == 1 else 4
            if kind == 2:
                size, at = varint(data, at)
            value = data[at:at + size]
            at += size
        yield key >> 3, value


def field(number, content):
    """A field of a message: an integer, or a string or message as its bytes."""

    def varint(value):
        out = bytearray()
        value &= (1 << 64) - 1
        while value > 127:
            out.append(value & 127 | 128)
            value >>= 7
        return bytes(out + bytes([value]))

    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def first(data, *path):
    """The value at a path of field numbers, or None."""
    for number in path:
        data = next((value for n, value in fields(data) if n == number), None)
        if data is None:
            return None
    return data


def integers(value):
    """Those of a field that repeats integers: one, or the packed ones of its bytes."""
    if isinstance(value, int):
        return [value]
    numbers, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        numbers.append(number)
    return numbers


def tensor_dims(tensor):
    return [dim for number, value in fields(tensor) if number == 1 for dim in integers(value)]


def dimension(dim):
    """Its extent; of a free one, which some write as a negative extent, the name, which may be empty."""
    extent = first(dim, 1)
    return extent if extent is not None and extent < 1 << 63 else bytes(first(dim, 2) or b"").decode()


def inputs(model):
    """Of each input of the graph that has no initializer: its name, the number of its element type or None when it is
    no tensor, and its dimensions or None when it has no shape."""
    graph = first(model, 7) or b""
    initialized = {bytes(first(value, 8) or b"") for number, value in fields(graph) if number == 5}
    for number, info in fields(graph):
        if number != 11 or bytes(first(info, 1) or b"") in initialized:
            continue
        tensor = first(info, 2, 1)
        shape = None if tensor is None else first(tensor, 2)
        dims = None if shape is None else [dimension(dim) for n, dim in fields(shape) if n == 1]
        yield bytes(first(info, 1) or b"").decode(), None if tensor is None else first(tensor, 1), dims
