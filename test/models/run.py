#!/usr/bin/env python3
"""run.py BUILD: compiles whole models for each CPU level and compares their outputs with recorded ones.

recorded/ holds the small graphs of record.py, and the inputs and outputs of real models that tools/models.py fetches;
both were answered by ONNX Runtime. The last line is `N passed, N failed, N skipped`.
"""
import concurrent.futures
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(ROOT, "tools")]
import levels
from wire import field, fields, first

RECORDED = os.path.join(HERE, "recorded")
SECONDS = 600 # a program that hangs fails its test; a crowded machine does not
LARGE_SECONDS = 60
REAL = {
    "magika": ["--shape", "bytes=1x2048"],
    "silero-vad": ["--shape", "input=1x576", "--shape", "state=2x1x128"],
    "silero-vad-op15": ["--shape", "input=1x576", "--shape", "state=2x1x128"],
}
LEVELS = ("x86-64", "x86-64-v3", "x86-64-v4")


class Failure(Exception):
    pass


def call(command, expected=0):
    """The program's output; a Failure that shows it when it does not end as expected."""
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS)
    if process.returncode != expected:
        raise Failure(f"{os.path.basename(command[0])} ended with {process.returncode}:\n{process.stdout.strip()}")
    return process.stdout


class Suite:
    def __init__(self, build, scratch):
        self.nncc, self.nncc_run = (os.path.join(build, "bin", name) for name in ("nncc", "nncc-run"))
        self.scratch = scratch
        self.unable = levels.missing_features()

    def compile(self, name, model, flags):
        path = os.path.join(self.scratch, re.sub(r"\W", "_", name) + ".so")
        call([self.nncc, model, "-o", path] + flags)
        return path

    def compare(self, library, name, expected=0, data=None):
        """Compares on 1 and on 2 threads."""
        data = data or os.path.join(RECORDED, name, "test_data_set_0")
        for threads in ("1", "2"):
            call([self.nncc_run, library, "--data", data, "--threads", threads, "--rtol", "1e-3", "--atol", "1e-5"],
                 expected)

    def model(self, name, path, level, flags):
        """One model at one level; the reason when only its compilation could be tested."""
        library = self.compile(f"{name} {level} {' '.join(flags)}", path, [f"-march={level}"] + flags)
        if self.unable[level]:
            return f"compiled, not run: this CPU lacks {', '.join(self.unable[level])}"
        self.compare(library, name)
        os.remove(library)
        return ""

    def large(self, name, content):
        """A model of very many nodes or inputs compiles within LARGE_SECONDS of one processor."""
        path = os.path.join(self.scratch, name + ".onnx")
        with open(path, "wb") as file:
            file.write(content)
        process = subprocess.Popen([self.nncc, path, "-o", path[:-4] + "o"])
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        spent = usage.ru_utime + usage.ru_stime
        if process.returncode or spent > LARGE_SECONDS:
            raise Failure(f"nncc ended with {process.returncode} after {spent:.1f} s of processor time")
        return ""

    def weights(self, name, level):
        """Each weight of the convolutions is in the object bit for bit, in panels of some width."""
        model = os.path.join(RECORDED, name, "model.onnx")
        with open(self.compile(f"weights {name} {level}", model, [f"-march={level}"]), "rb") as file:
            library = file.read()
        checked = 0
        for tensor, dims, values in convolution_weights(model):
            if not any(packed(dims, values, panel) in library for panel in range(4, 68, 4)):
                raise Failure(f"the weights {tensor} are not in the object as they are in the model")
            checked += 1
        if not checked:
            raise Failure("the model has no weights to look for")
        return ""

    def tampered(self, name):
        """A comparison can fail: the sign of the first output's largest value is turned round."""
        source, data = os.path.join(RECORDED, name, "test_data_set_0"), os.path.join(self.scratch, "tampered")
        shutil.copytree(source, data)
        path = os.path.join(data, "output_0.pb")
        with open(path, "rb") as file:
            content = file.read()
        raw = recorded_floats(content)
        values = struct.unpack(f"<{len(raw) // 4}f", raw)
        largest = max(range(len(values)), key=lambda i: abs(values[i]))
        place = content.rindex(raw) + 4 * largest
        with open(path, "wb") as file:
            file.write(content[:place] + struct.pack("<f", -values[largest]) + content[place + 4:])
        library = self.compile("tampered", os.path.join(RECORDED, name, "model.onnx"), [])
        self.compare(library, name)
        self.compare(library, name, expected=1, data=data)
        return ""


def node(kind, inputs, output, attribute=b""):
    return field(1, b"".join(field(1, name) for name in inputs) + field(2, output) + field(3, output) + field(4, kind) +
                 attribute)


def onnx_model(nodes, inputs, outputs):
    def values(number, named):
        for name, dims in named:
            shape = b"".join(field(1, field(1, d)) for d in dims)
            yield field(number, field(1, name) + field(2, field(1, field(1, 1) + field(2, shape))))

    graph = b"".join(nodes) + field(2, "large") + b"".join(values(11, inputs)) + b"".join(values(12, outputs))
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 17))


def elementwise_chain(length):
    kinds = ("Tanh", "Relu", "Neg", "Abs", "Sigmoid")
    nodes = [node(kinds[i % 5], [f"v{i}"], f"v{i + 1}") for i in range(length)]
    return onnx_model(nodes, [("v0", [1, 64])], [(f"v{length}", [1, 64])])


def matmul_chain(length):
    nodes = [node("MatMul", [f"v{i}", "v0"], f"v{i + 1}") for i in range(length)]
    return onnx_model(nodes, [("v0", [4, 4])], [(f"v{length}", [4, 4])])


def concat(count):
    inputs = [(f"x{i}", [3, 1 + i % 3]) for i in range(count)]
    axis = field(5, field(1, "axis") + field(3, 1) + field(20, 2))
    joined = node("Concat", [name for name, _ in inputs], "y", axis)
    return onnx_model([joined], inputs, [("y", [3, sum(dims[1] for _, dims in inputs)])])


def convolution_weights(path):
    """(name, dims, floats) of the weights of a model's convolutions of one group."""
    with open(path, "rb") as file:
        graph = next(value for number, value in fields(file.read()) if number == 7)
    tensors, used = {}, []
    for number, value in fields(graph):
        if number == 5:
            content = list(fields(value))
            name = next(v for n, v in content if n == 8)
            tensors[name] = ([v for n, v in content if n == 1], next(v for n, v in content if n == 9))
        elif number == 1:
            content = list(fields(value))
            if (4, b"Conv") in content:
                grouped = any(n == 5 and (1, b"group") in list(fields(v)) and (3, 1) not in list(fields(v))
                              for n, v in content)
                used += [] if grouped else [[v for n, v in content if n == 1][1]]
    for name in used:
        dims, raw = tensors[name]
        yield name.decode(), dims, struct.unpack(f"<{len(raw) // 4}f", raw)


def packed(dims, weights, panel):
    """[OC][IC][K..] as kernels read it: [OC / panel][K..][IC][panel], zeros after the last channel."""
    outer, inner, window = dims[0], dims[1], len(weights) // (dims[0] * dims[1])
    values = []
    for first in range(0, outer, panel):
        for k in range(window):
            for i in range(inner):
                values += [weights[(o * inner + i) * window + k] if o < outer else 0.0
                           for o in range(first, first + panel)]
    return struct.pack(f"<{len(values)}f", *values)


def recorded_floats(tensor):
    return first(tensor, 9)  # TensorProto.raw_data


def fetch():
    """The real models that are there, by name; those that are not are told on standard error."""
    script = os.path.join(ROOT, "tools", "models.py")
    process = subprocess.run([sys.executable, script] + list(REAL), stdout=subprocess.PIPE, text=True)
    return dict(line.split(" ", 1) for line in process.stdout.splitlines())


def tests(suite):
    """(what, what to call, arguments) of each test."""
    real = fetch()
    for name in sorted(REAL):
        for level in LEVELS:
            if name in real:
                yield f"{name} {level}", suite.model, (name, real[name], level, REAL[name])
            else:
                yield f"{name} {level}", lambda: "the model is not in the cache and could not be downloaded", ()
    for name in sorted(set(os.listdir(RECORDED)) - set(REAL)):
        path = os.path.join(RECORDED, name, "model.onnx")
        for level in LEVELS:
            yield f"{name} {level}", suite.model, (name, path, level, [])
        runs = [level for level in LEVELS if not suite.unable[level]]
        yield f"{name} -O0", suite.model, (name, path, runs[-1], ["-O0"])
        if name.startswith(("conv-", "pool-")):
            yield f"{name} in bands", suite.model, (name, path, runs[-1], ["-fform-bands=2"])
    for level in LEVELS:
        yield f"weights bit for bit, {level}", suite.weights, ("conv-1d-3d", level)
    yield "100,000 elementwise nodes", suite.large, ("elementwise", elementwise_chain(100000))
    yield "100,000 matmul nodes", suite.large, ("matmul", matmul_chain(100000))
    yield "2,000 inputs of Concat", suite.large, ("concat", concat(2000))
    yield "a tampered output is a mismatch", suite.tampered, ("conv-residual",)


def main():
    build = os.path.abspath(sys.argv[1])
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(2) as pool:
        started = [(what, pool.submit(run, *arguments)) for what, run, arguments in tests(Suite(build, scratch))]
        for what, future in started:
            try:
                reason = future.result()
                counts["skipped" if reason else "passed"] += 1
                if reason:
                    print(f"SKIPPED: {what}: {reason}", flush=True)
            except (Failure, subprocess.TimeoutExpired) as error:
                counts["failed"] += 1
                print(f"FAILED: {what}: {error}", flush=True)
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()))
    return bool(counts["failed"])


if __name__ == "__main__":
    sys.exit(main())
