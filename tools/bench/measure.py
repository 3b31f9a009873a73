"""Compiles a model, compares its outputs and times it beside the peers: processes, and what they answer as JSON."""
import json
import math
import os
import statistics
import subprocess
import sys
import time

from inputs import Problem, extents
from results import PEERS

PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.py")
MOST_SAID = 240  # characters of what a failing peer said
SLACK_SECONDS = 900  # to start, compile and compare; a program that takes longer hangs


def call(command, seconds=0):
    """(exit code, standard output, standard error)"""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds + SLACK_SECONDS)
    except subprocess.TimeoutExpired:
        return -1, "", f"no end after {seconds + SLACK_SECONDS:.0f} s"
    except OSError as error:
        return -1, "", error.strerror
    return done.returncode, *(stream.decode(errors="replace") for stream in (done.stdout, done.stderr))


def answer(output):
    """The last line, if it is JSON."""
    try:
        return json.loads(output.strip().splitlines()[-1])
    except (IndexError, ValueError):
        return None


def compiler_errors(errors):
    """The first of them, in one line."""
    return "; ".join([line.strip() for line in errors.splitlines() if "error:" in line][:3])


def said(program, code, errors):
    """Why a program failed: the last that it said."""
    ended = f"{program} was ended by signal {-code}" if code < -1 else f"{program} ended with {code}"
    last = (errors.strip().splitlines() or [ended])[-1].strip()
    return last if len(last) <= MOST_SAID else last[:MOST_SAID - 1] + "…"


class Bench:
    """The programs, the peers that are there, and how to measure."""

    def __init__(self, folder, python, options):
        self.nncc, self.nncc_run = (os.path.join(folder, name) for name in ("nncc", "nncc-run"))
        self.python, self.options = python, options
        self.versions = {"nncc": self.version()}
        there = answer(call([python, PEER, "probe"])[1]) or {}
        self.reference = "ort" in there  # also where it is not timed
        self.versions.update((kind, there[kind]) for kind in options.peers if kind in there)
        self.missing = [kind for kind in options.peers if kind not in there]

    def version(self):
        code, output, errors = call([self.nncc, "--version"])
        if code:
            raise Problem(f"{self.nncc}: {errors.strip() or code}")
        return output.split()[1].rstrip(",")

    def compile(self, path, inputs, target):
        """Compiles with every free dimension fixed to what the data have; returns the seconds that took."""
        shapes = [part for tensor in inputs if tensor.free
                  for part in ("--shape", f"{tensor.name}={extents(tensor.shape)}")]
        begin = time.perf_counter()
        code, _, errors = call([self.nncc, path, "-o", target] + shapes + self.options.flags)
        if code:
            raise Problem(f"does not compile: {compiler_errors(errors) or said('nncc', code, errors)}")
        return time.perf_counter() - begin

    def data(self, folder, inputs, compared):
        """nncc-run's options for a data set."""
        if compared:
            return ["--data", folder]
        fixed = {name for _, name, _ in self.options.value}
        return [part for i, tensor in enumerate(inputs) if tensor.name not in fixed
                for part in ("--input", f"{tensor.name}={os.path.join(folder, f'input_{i}.pb')}")]

    def expect(self, path, folders, notes):
        """Makes ONNX Runtime compute the outputs; says what nncc's will be compared with, or None."""
        if self.reference:
            code, _, errors = call([self.python, PEER, "reference", path] + folders)
            if code == 0:
                return "ONNX Runtime without optimisation"
            notes.append(f"{PEERS['ort']} cannot compute its outputs: {said('it', code, errors)}")
        if all(os.path.exists(os.path.join(folder, "output_0.pb")) for folder in folders):
            return "recorded outputs"
        return None

    def run(self, target, data, *more, seconds=0):
        """nncc-run's figures. Outputs are judged here: nncc-run's own tolerance is for each number by itself."""
        code, output, errors = call([self.nncc_run, target, "--json"] + data + list(more), seconds)
        figures = answer(output)
        if code not in (0, 1) or not figures:
            raise Problem(f"does not run: {said('nncc-run', code, errors)}")
        worst = 0.0
        for result in figures.get("outputs", []):
            error = result["rel_scale_error"]
            if result["mismatches"] and not (result["floats"] and error <= self.options.tolerance):
                raise Problem(f"WRONG RESULT: output '{result['name']}' differs in {result['mismatches']} elements, "
                              f"by {error:.3g} of its largest number")
            worst = max(worst, error if math.isfinite(error) else 0.0)
        return figures, worst

    def peer(self, kind, path, folder, threads, notes):
        """The minimum of one round, or None."""
        seconds = self.options.seconds
        command = [self.python, PEER, "time", kind, path, folder, str(threads), str(seconds)]
        code, output, errors = call(command, seconds)
        figures = answer(output)
        if code or not figures:
            note = f"{PEERS[kind]} fails: {said('it', code, errors)}"
            if note not in notes:
                notes.append(note)
            return None
        error = figures["error"]
        note = f"the outputs of {PEERS[kind]} itself differ by more than the tolerance"
        if error is not None and not error <= self.options.tolerance and note not in notes:
            notes.append(note)
        return figures["min_ms"]

    def rounds(self, target, path, folder, data, threads, notes):
        """All runtimes in turn, each round beginning with another; nncc's last turn is profiled, too."""
        run = {kind: [] for kind in self.versions}
        order, machine = list(run), []
        for turn in range(self.options.rounds):
            for kind in order[turn % len(order):] + order[:turn % len(order)]:
                if kind != "nncc":
                    if kind in run:
                        time = self.peer(kind, path, folder, threads, notes)
                        run[kind].append(time) if time is not None else run.pop(kind)
                    continue
                last = ["--profile"] if turn == self.options.rounds - 1 else []
                seconds = self.options.seconds
                figures, _ = self.run(target, data, f"--bench={seconds:g}", "--threads", str(threads), *last,
                                      seconds=2 * seconds)
                run["nncc"].append(figures["min_ms"])
                machine.append(figures)
                if last:
                    run["nodes"] = [{key: node[key] for key in ("name", "us", "flops", "bytes")}
                                    for node in figures["nodes"]]
        for key in ("peak_gflops", "read_gbs"):
            run[key] = statistics.median(figures[key] for figures in machine)
        return run


def progress(*words):
    print(*words, file=sys.stderr, flush=True)
