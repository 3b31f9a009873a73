#!/usr/bin/env python3
"""run.py BUILD: compiles whole models for each CPU level and compares their outputs with recorded ones.

recorded/ holds the small graphs of record.py, and the inputs and outputs of real models that tools/models.py fetches; both
were answered by ONNX Runtime. The last line is `N passed, N failed, N skipped`.
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
RECORDED = os.path.join(HERE, "recorded")
SECONDS = 600 # a program that hangs fails its test; a crowded machine does not
REAL = {
    "magika": ["--shape", "bytes=1x2048"],
    "silero-vad": ["--shape", "input=1x576", "--shape", "state=2x1x128"],
    "silero-vad-op15": ["--shape", "input=1x576", "--shape", "state=2x1x128"],
}
LEVELS = {
    "x86-64": "",
    "x86-64-v3": "avx avx2 bmi1 bmi2 f16c fma abm movbe xsave",
    "x86-64-v4": "avx avx2 bmi1 bmi2 f16c fma abm movbe xsave avx512f avx512bw avx512cd avx512dq avx512vl",
}


def missing_features(level):
    with open("/proc/cpuinfo") as file:
        flags = next((set(line.split(":")[1].split()) for line in file if line.startswith("flags")), set())
    return [feature for feature in LEVELS[level].split() if feature not in flags]


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
        self.unable = {level: missing_features(level) for level in LEVELS}

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


def fields(message):
    """(field, value) of a protobuf message; the value of a length-delimited field is its bytes."""
    place = 0

    def varint():
        nonlocal place
        value = shift = 0
        while True:
            byte = message[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while place < len(message):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            size = varint() if key & 7 == 2 else {1: 8, 5: 4}[key & 7]
            yield key >> 3, message[place:place + size]
            place += size


def recorded_floats(tensor):
    return next(value for field, value in fields(tensor) if field == 9)  # TensorProto.raw_data


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
