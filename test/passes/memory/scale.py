"""Writes a graph of N ops in destination style for the memory stage: scale.py KIND N.

chain      each op reads the one before
constants  the same, and a constant of its own
readers    N ops read one result, and N more add them up
concat     a chain, all of whose results are concatenated; the last is an output too
nested     each op's result is concatenated with all before it
"""
import sys

TENSOR, BUFFER = "tensor<4x64xf32>", "memref<4x64xf32>"


def op(name, operands, i):
    types = ", ".join([TENSOR] * len(operands))
    return (f"  %e{name}{i} = tensor.empty() : {TENSOR}\n"
            f"  %{name}{i} = linalg.{'exp' if len(operands) == 1 else 'add'} ins({', '.join(operands)} : {types}) "
            f"outs(%e{name}{i} : {TENSOR}) -> {TENSOR}")


def store(value, output, tensor=TENSOR, buffer=BUFFER):
    return (f"  bufferization.materialize_in_destination {value} in restrict writable {output} : "
            f"({tensor}, {buffer}) -> ()")


def nested(n):
    def rows(i):
        return f"tensor<{4 * i}x64xf32>"

    yield f"func.func @main(%in: {BUFFER} {{bufferization.writable = false}}, %out: memref<{4 * n}x64xf32>) {{"
    yield f"  %x = bufferization.to_tensor %in restrict : {BUFFER} to {TENSOR}"
    yield op("v", ["%x"], 0)
    yield op("v", ["%v0"], 1)
    yield f"  %c1 = tensor.concat dim(0) %v0, %v1 : ({TENSOR}, {TENSOR}) -> {rows(2)}"
    for i in range(2, n):
        yield op("v", [f"%v{i - 1}"], i)
        yield f"  %c{i} = tensor.concat dim(0) %c{i - 1}, %v{i} : ({rows(i)}, {TENSOR}) -> {rows(i + 1)}"
    yield store(f"%c{n - 1}", "%out", rows(n), f"memref<{4 * n}x64xf32>")
    yield "  return\n}"


def graph(kind, n):
    if kind == "nested":
        return (yield from nested(n))
    whole = f"4x{64 * n}xf32"
    extra = f", %all: memref<{whole}>" if kind == "concat" else ""
    yield f"func.func @main(%in: {BUFFER} {{bufferization.writable = false}}, %out: {BUFFER}{extra}) {{"
    yield f"  %x = bufferization.to_tensor %in restrict : {BUFFER} to {TENSOR}"
    yield op("v", ["%x"], 0)
    for i in range(1, n):
        if kind == "constants":
            yield f"  %c{i} = arith.constant dense<{float(i)}> : {TENSOR}"
            yield op("v", [f"%v{i - 1}", f"%c{i}"], i)
        else:
            yield op("v", ["%v0" if kind == "readers" else f"%v{i - 1}"], i)
    last = f"%v{n - 1}"
    if kind == "readers":
        yield op("s", ["%v0", "%v1"], 1)
        for i in range(2, n):
            yield op("s", [f"%s{i - 1}", f"%v{i}"], i)
        last = f"%s{n - 1}"
    if kind == "concat":
        parts = ", ".join(f"%v{i}" for i in range(n))
        yield f"  %c = tensor.concat dim(1) {parts} : ({', '.join([TENSOR] * n)}) -> tensor<{whole}>"
        yield store("%c", "%all", f"tensor<{whole}>", f"memref<{whole}>")
    yield store(last, "%out")
    yield "  return\n}"


print("\n".join(graph(sys.argv[1], int(sys.argv[2]))))
