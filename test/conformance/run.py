#!/usr/bin/env python3
"""run.py BUILD [-j N] [--all] [--record FILE] [NAME...]: ONNX's own cases, each compiled into a shared object and run
against its recorded outputs; NAME is a part of a case's name.

xfail.txt holds the expected failures, a line `case kind reason` each. The kinds are what can go wrong: `refused` (nncc
says why and exits with 1), `limit` (3), `status` (run returns one), and `mismatch`, `crash` (a signal, a time-out, an
internal error, a usage error), which stand there only while the bug has a line of its own. Another kind than the
expected one is a failure, and so is a case that passes unexpectedly. --all prints every failure, expected or not;
--record writes what xfail.txt would have to be.
"""
import argparse
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tools"))
import wire

DATA = "/usr/share/libonnx-testdata/data"
SECONDS = 120  # for one program; none takes a tenth of it
# nncc syncs what it writes, which a busy disk makes slow; nothing here has to last.
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def call(command):
    """(exit code, output); a time-out is code -1."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return -1, f"no end after {SECONDS} s"
    return done.returncode, done.stdout.decode(errors="replace")


def shape_options(case, model):
    """Free dimensions as the recorded inputs have them."""
    options = []
    for i, (name, kind, known) in enumerate(wire.inputs(model)):
        free = kind is not None and (known is None or any(isinstance(dim, str) for dim in known))
        recorded = os.path.join(case, "test_data_set_0", f"input_{i}.pb")
        if free and os.path.exists(recorded):
            with open(recorded, "rb") as file:
                dims = wire.tensor_dims(file.read())
            if dims:
                options += ["--shape", f"{name}={'x'.join(map(str, dims))}"]
    return options


def kind_of(code, kinds):
    return "crash" if code < 0 else kinds.get(code, "crash")


def run_case(build, case):
    """(kind, reason): kind is `passed` or one of those of xfail.txt."""
    model = os.path.join(case, "model.onnx")
    with open(model, "rb") as file:
        options = shape_options(case, file.read())
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        target = os.path.join(folder, "model.so")
        code, output = call([os.path.join(build, "bin", "nncc"), model, "-o", target, *options])
        if code:
            return kind_of(code, {1: "refused", 3: "limit"}), output
        for data in sorted(glob.glob(os.path.join(case, "test_data_set_*"))):
            code, output = call([os.path.join(build, "bin", "nncc-run"), target, "--data", data])
            if code:
                return kind_of(code, {1: "mismatch", 3: "limit", 6: "status"}), output
    return "passed", ""


def reason_of(output):
    """The first line that says what is wrong, without the file's name."""
    lines = [line for line in output.splitlines() if "error:" in line or "MISMATCH" in line] or output.splitlines()
    line = lines[0] if lines else "no output"
    return re.sub(r"^.*?error: ", "", line).strip()[:160]


def read_expected():
    expected = {}
    with open(os.path.join(HERE, "xfail.txt")) as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, kind, reason = line.split(None, 2)
                expected[name] = kind, reason.strip()
    return expected


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("names", nargs="*")
    parser.add_argument("-j", type=int, default=2)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--record")
    options = parser.parse_args()
    cases = sorted(os.path.dirname(model) for model in glob.glob(os.path.join(DATA, "*", "*", "model.onnx")))
    name_of = lambda case: os.path.relpath(case, DATA)
    cases = [c for c in cases if not options.names or any(n in name_of(c) for n in options.names)]
    expected = read_expected()
    passed = failed = skipped = 0
    record = []
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        for case, (kind, output) in zip(cases, pool.map(lambda case: run_case(options.build, case), cases)):
            name = name_of(case)
            wanted, _ = expected.pop(name, ("passed", ""))
            if kind != "passed":
                record.append(f"{name} {kind} {reason_of(output)}\n")
            if kind == wanted:
                passed += kind == "passed"
                skipped += kind != "passed"
            else:
                failed += 1
            if kind != wanted and kind == "passed":
                print(f"{name}: passes, but xfail.txt expects: {wanted}", flush=True)
            elif kind != "passed" and (kind != wanted or options.all):
                print(f"{name}: {kind}: {reason_of(output)}", flush=True)
    if not options.names:
        for name in expected:
            failed += 1
            print(f"{name}: stands in xfail.txt, but there is no such case")
    if options.record:
        with open(options.record, "w") as file:
            file.writelines(record)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
