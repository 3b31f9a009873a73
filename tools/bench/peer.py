#!/usr/bin/env python3
"""peer.py: ONNX Runtime and OpenVINO, in a process of their own; bench.py starts it with the interpreter that has them.

peer.py probe                             {"ort": VERSION, "ov": VERSION} of those that are there
peer.py reference MODEL DIR...            writes output_N.pb beside input_N.pb: ONNX Runtime's without optimisation
peer.py time ort|ov MODEL DIR THREADS SECONDS    {"min_ms", "median_ms", "runs", "error"}

Each prints one line of JSON, last. An exception ends it, and its message is the last line on standard error.
"""
import json
import os
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import wire

TYPES = {1: "f4", 2: "u1", 3: "i1", 4: "u2", 5: "i2", 6: "i4", 7: "i8", 9: "?", 10: "f2", 11: "f8", 12: "u4", 13: "u8"}
FEWEST_RUNS = 5


def probe():
    found = {}
    for kind, module in (("ort", "onnxruntime"), ("ov", "openvino")):
        try:
            found[kind] = __import__(module).__version__.split("-")[0]
        except ImportError:
            pass
    return found


def tensor(path):
    """A TensorProto as an array; its data lie in raw_data (9) or in a field of their own type."""
    import numpy as np
    with open(path, "rb") as file:
        content = memoryview(file.read())
    kind = wire.first(content, 2)
    if kind not in TYPES:
        raise ValueError(f"numpy has no element type {kind} of ONNX")
    raw = wire.first(content, 9)
    if raw is not None:
        values = np.frombuffer(raw, "<" + TYPES[kind])
    elif kind in (1, 11):
        parts = [np.frombuffer(value, "<" + TYPES[kind]) for number, value in wire.fields(content) if number in (4, 10)]
        values = np.concatenate(parts or [np.zeros(0, TYPES[kind])])
    else:
        parts = [n for number, value in wire.fields(content) if number in (5, 7, 11) for n in wire.integers(value)]
        values = np.array(parts, "u8")
        values = values.astype("u2").view("f2") if kind == 10 else values.astype(TYPES[kind])
    return values.reshape(wire.tensor_dims(content))


def tensor_proto(array):
    import numpy as np
    kind = next((kind for kind, name in TYPES.items() if array.dtype == np.dtype(name)), None)
    if kind is None:
        raise ValueError(f"an output has elements of type {array.dtype}")
    dims = b"".join(wire.field(1, extent) for extent in array.shape)
    return dims + wire.field(2, kind) + wire.field(9, np.ascontiguousarray(array).tobytes())


def feeds(model, folder):
    """The inputs by name, in the model's order, and the names of their free dimensions with what they are."""
    with open(model, "rb") as file:
        inputs = list(wire.inputs(memoryview(file.read())))
    arrays, free = {}, {}
    for i, (name, _, dims) in enumerate(inputs):
        arrays[name] = tensor(os.path.join(folder, f"input_{i}.pb"))
        for dim, extent in zip(dims or [], arrays[name].shape):
            if isinstance(dim, str) and dim:
                free.setdefault(dim, set()).add(extent)
    return arrays, {dim: extents.pop() for dim, extents in free.items() if len(extents) == 1}


def ort_session(model, threads, optimised, free):
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    for dim, extent in free.items():
        options.add_free_dimension_override_by_name(dim, extent)
    if not optimised:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def reference(model, *folders):
    session = None
    for folder in folders:
        arrays, free = feeds(model, folder)
        session = session or ort_session(model, 0, False, free)
        for name in [name for name in os.listdir(folder) if name.startswith("output_")]:
            os.remove(os.path.join(folder, name))
        for i, array in enumerate(session.run(None, arrays)):
            with open(os.path.join(folder, f"output_{i}.pb"), "wb") as file:
                file.write(tensor_proto(array))
    return {}


def ort_call(model, threads, arrays, free):
    """(what runs once, what then gives the outputs). Inputs and outputs are bound once: no copies in what is timed."""
    import onnxruntime as ort
    session = ort_session(model, threads, True, free)
    binding = session.io_binding()
    for name, array in arrays.items():
        binding.bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(array))
    for output in session.get_outputs():
        binding.bind_output(output.name)
    return lambda: session.run_with_iobinding(binding), binding.copy_outputs_to_cpu


def ov_call(model, threads, arrays, free):
    import openvino as ov
    core = ov.Core()
    network = core.read_model(model)
    network.reshape({name: list(array.shape) for name, array in arrays.items()})
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    request = core.compile_model(network, "CPU", settings).create_infer_request()
    request.infer(arrays)
    return (lambda: request.infer(None, share_outputs=True), lambda: [output.data for output in request.output_tensors])


def error(got, folder):
    """The largest difference from the expected outputs, over the largest number of its output; None without any."""
    import numpy as np
    largest = None
    for i, array in enumerate(got):
        path = os.path.join(folder, f"output_{i}.pb")
        if not os.path.exists(path):
            return None
        expected = tensor(path)
        if expected.shape != array.shape:
            return float("inf")
        if expected.size:
            expected, array = expected.astype("f8"), array.astype("f8")
            scale = np.abs(expected).max()
            equal = np.array_equal(expected, array, equal_nan=True)
            difference = 0.0 if equal else np.abs(expected - array).max() / scale
            largest = max(largest or 0.0, float(difference) if np.isfinite(difference) else float("inf"))
    return largest


def measure(kind, model, folder, threads, seconds):
    arrays, free = feeds(model, folder)
    run, outputs = (ort_call if kind == "ort" else ov_call)(model, int(threads), arrays, free)
    run()
    times, end = [], time.perf_counter() + float(seconds)
    while time.perf_counter() < end or len(times) < FEWEST_RUNS:
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    times.sort()
    return {"min_ms": times[0] * 1e3, "median_ms": times[len(times) // 2] * 1e3, "runs": len(times),
            "error": error(outputs(), folder)}


def main():
    command, *arguments = sys.argv[1:]
    print("\n" + json.dumps({"probe": probe, "reference": reference, "time": measure}[command](*arguments)))


if __name__ == "__main__":
    try:
        main()
    except Exception as problem:
        print(" ".join(str(problem).split()) or type(problem).__name__, file=sys.stderr)
        sys.exit(1)
