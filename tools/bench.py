#!/usr/bin/env python3
"""Times nncc beside ONNX Runtime and OpenVINO on your own models and machine, and checks the outputs.

  tools/bench-setup.sh                                  once: the peers, from PyPI, in an environment of their own
  tools/bench.py a.onnx b.onnx --threads 1,2 --json results.json --svg pictures
  tools/bench.py a.onnx --shape x=1x3x224x224 -march=x86-64-v3 -- -fno-winograd
  tools/bench.py --table-only results.json more.json    the table again, without measuring

Inputs are those recorded in test_data_set_* folders beside a model; without any they are made up from a seed. ONNX
Runtime without optimisation computes the outputs that nncc's have to agree with.

How it measures: in each round every runtime runs the model for some seconds, one after another, each in a fresh
process, so that a busy machine slows all alike. What counts of a round is its fastest run, as nothing but the program
itself takes part in that; and of the rounds the median, so that neither a lucky placement in memory nor a bad minute
decides. A machine without other work and with a steady clock gives the best figures. All compute in f32; peers get
the shapes before they compile, and their inputs and outputs are bound once.

`of limit` is the share of nncc's time that the machine needs at least: for each node the larger of its operations
over the peak and its bytes over the bandwidth of memory, both measured between the runs. It can pass 100 %:
Winograd's convolutions need fewer operations than are counted, and what lies in a cache is read faster than memory.

Exit codes: 0 done; 1 a model failed: it did not compile or run, or its result is wrong; 2 wrong usage. What a peer
cannot run is only noted.
"""
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "bench"))
import arguments
import inputs
import measure
import results as figures
import roofline
import table
from measure import progress


def environment():
    """Where bench-setup.sh puts the peers unless told otherwise."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "nncc", "bench", "bin", "python")


def cpu():
    try:
        with open("/proc/cpuinfo") as file:
            name = next(line.split(":", 1)[1] for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        name = os.uname().machine
    return " ".join(re.sub(r"\((R|TM)\)|\bProcessor\b|\bCPU\b", " ", name).split())


def labels(paths):
    """A name for each model: its file's, or its folder's where the file says nothing."""
    found = {}
    for path in paths:
        folder, file = os.path.split(os.path.abspath(path))
        stem = os.path.splitext(file)[0]
        name = os.path.basename(folder) if stem == "model" and os.path.basename(folder) else stem
        unique, count = name, 1
        while unique in found:
            count += 1
            unique = f"{name}-{count}"
        found[unique] = path
    return found


def measure_model(bench, name, path, choice, options, scratch):
    model = {"name": name, "inputs": {}, "problem": None, "notes": [], "compared": None, "error": None, "threads": {}}
    notes = model["notes"]
    try:
        tensors, folders = inputs.prepare(path, os.path.join(scratch, "data"), choice)
        model["inputs"] = {tensor.name: tensor.shape for tensor in tensors}
        target = os.path.join(scratch, "model.so")
        model["compile_s"] = bench.compile(path, tensors, target)
        progress(f"{name}: compiled in {model['compile_s']:.1f} s")
        model["compared"] = bench.expect(path, folders, notes)
        data = [bench.data(folder, tensors, model["compared"]) for folder in folders]
        if model["compared"]:
            model["error"] = max(bench.run(target, arguments)[1] for arguments in data)
            progress(f"{name}: differs from {model['compared']} by {model['error']:.2g} of an output's largest number")
        for count in [] if options.check else options.threads:
            run = bench.rounds(target, path, folders[0], data[0], count, notes)
            model["threads"][str(count)] = run
            times = [f"{kind} {figures.milliseconds(run, kind):.4g} ms" for kind in bench.versions if run.get(kind)]
            progress(f"{name}: {table.threads(count)}: {', '.join(times)}")
    except inputs.Problem as problem:
        model["problem"] = str(problem)
        progress(f"{name}: {problem}")
    return model


def check_names(names, options, p):
    """An option for an input that no model has is a slip."""
    for flag, given in (("--shape", options.shape), ("--range", options.range)):
        for name, _ in given:
            if name not in names:
                p.error(f"{flag}: no model has an input '{name}'; there are: {', '.join(sorted(names)) or 'none'}")


def measured(options, p):
    """The results of all models."""
    python = options.python or (environment() if os.path.exists(environment()) else sys.executable)
    try:
        bench = measure.Bench(options.bin or os.path.join(HERE, "..", "build", "bin"), python, options)
    except inputs.Problem as problem:
        p.error(str(problem) + ": tools/build.sh builds it, --bin says where it is")
    for kind in bench.missing:
        progress(f"bench.py: {figures.PEERS[kind]} is not there and is left out; tools/bench-setup.sh installs it")
    names = set()
    for path in options.models:
        try:
            names |= {name for name, _, _ in inputs.declared(path)}
        except inputs.Problem as problem:
            progress(f"bench.py: {path}: {problem}")
    check_names(names, options, p)
    choice = inputs.Choice(dict(options.shape), dict(options.dim), {name: v for _, name, v in options.value},
                           dict(options.range), options.seed, options.random)
    found = {"format": figures.FORMAT, "cpu": cpu(), "versions": bench.versions, "flags": options.flags,
             "rounds": options.rounds, "seconds": options.seconds, "models": []}
    for name, path in labels(options.models).items():
        with tempfile.TemporaryDirectory(prefix="nncc-bench-") as scratch:
            found["models"].append(measure_model(bench, name, path, choice, options, scratch))
        if options.json:
            figures.save(found, options.json)
    return found


def write_pictures(found, folder):
    os.makedirs(folder, exist_ok=True)
    for model in found["models"]:
        for count, run in model["threads"].items():
            flags = f" ({' '.join(found['flags'])})" if found["flags"] else ""
            picture = roofline.render(f"{model['name']}: {found['cpu']}, {table.threads(int(count))}{flags}", run)
            if picture:
                name = re.sub(r"[^\w.-]", "_", model["name"])
                with open(os.path.join(folder, f"{name}-{count}.svg"), "w", encoding="utf-8") as file:
                    file.write(picture)


def main():
    p = arguments.parser(__doc__)
    options = arguments.parse(p, sys.argv[1:])
    try:
        found = figures.load(options.table_only) if options.table_only else measured(options, p)
        if options.table_only and options.json:
            figures.save(found, options.json)
        if options.svg:
            write_pictures(found, options.svg)
        text = table.render(found)
        if options.table:
            with open(options.table, "w", encoding="utf-8") as file:
                file.write(text)
        else:
            print(text, end="")
    except (figures.BadResults, OSError) as error:
        p.error(str(error))
    except KeyboardInterrupt:
        return 130
    return int(any(model["problem"] for model in found["models"]))


if __name__ == "__main__":
    sys.exit(main())
