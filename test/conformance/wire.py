"""Just enough of protobuf's wire format for tests: which inputs of an ONNX model have free dimensions, what a recorded
tensor's dimensions and data are, and the fields of models that tests make up. Field numbers are those of onnx.proto."""


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


def tensor_dims(tensor):
    dims = []
    for number, value in fields(tensor):
        if number == 1 and isinstance(value, int):
            dims.append(value)
        elif number == 1:  # packed
            at = 0
            while at < len(value):
                dim, at = varint(value, at)
                dims.append(dim)
    return dims


def inputs(model):
    """Of each input of the graph that has no initializer: its name, and whether a dimension of it is free."""
    graph = first(model, 7) or b""
    initialized = {first(value, 8) for number, value in fields(graph) if number == 5}
    for number, info in fields(graph):
        if number != 11 or first(info, 1) in initialized:
            continue
        shape = first(info, 2, 1, 2)
        dims = [] if shape is None else [value for n, value in fields(shape) if n == 1]
        is_tensor = first(info, 2, 1) is not None
        free = is_tensor and (shape is None or any(first(dim, 1) is None for dim in dims))
        yield first(info, 1).decode(), free
