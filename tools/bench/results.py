"""The results of a run: what a file of them holds, and the figures that follow from what was measured.

{"format": 1, "cpu": NAME, "versions": {"nncc": V, "ort": V, "ov": V}, "flags": [...], "rounds": N, "seconds": S,
 "models": [{"name": ..., "inputs": {NAME: SHAPE}, "compile_s": ..., "problem": TEXT or null, "notes": [TEXT],
             "compared": WITH WHAT or null, "error": ...,
             "threads": {"1": {"ort": [MS by round], "ov": [...], "nncc": [...], "peak_gflops": ..., "read_gbs": ...,
                               "nodes": [{"name": ..., "us": ..., "flops": ..., "bytes": ...}]}}}]}
"""
import json
import math
import os
import statistics

FORMAT = 1
PEERS = {"ort": "ONNX Runtime", "ov": "OpenVINO"}


class BadResults(Exception):
    pass


def milliseconds(run, kind):
    """The median over the rounds of a round's minimum, or None."""
    return statistics.median(run[kind]) if run.get(kind) else None


def ratio(run):
    """The faster peer's time over nncc's, or None."""
    peers = [milliseconds(run, kind) for kind in PEERS if run.get(kind)]
    return min(peers) / milliseconds(run, "nncc") if peers and run.get("nncc") else None


def node_limit_us(run, node):
    """What the machine needs at least for a node's arithmetic or its memory traffic."""
    return max(node["flops"] / run["peak_gflops"], node["bytes"] / run["read_gbs"]) * 1e-3


def limit_ms(run):
    """The sum of the nodes' limits, or None."""
    return sum(node_limit_us(run, node) for node in run["nodes"]) * 1e-3 if run.get("nodes") else None


def geomean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def thread_counts(results):
    return sorted({int(count) for model in results["models"] for count in model["threads"]})


def save(results, path):
    """Whole or not at all."""
    with open(path + ".part", "w") as file:
        json.dump(results, file, indent=1, allow_nan=False)
        file.write("\n")
    os.replace(path + ".part", path)


def load(paths):
    """The results of several files as one; a model of a later file takes the place of an equal name."""
    merged = None
    for path in paths:
        try:
            with open(path) as file:
                results = json.load(file)
            if results["format"] != FORMAT:
                raise BadResults(f"{path}: written by another version of bench.py")
            check(results)
        except OSError as error:
            raise BadResults(f"{path}: {error.strerror}")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BadResults(f"{path}: expected what bench.py --json writes")
        if merged is None:
            merged = results
            continue
        for key in ("cpu", "versions", "flags"):
            if merged[key] != results[key]:
                raise BadResults(f"{path}: of another {key} than {paths[0]}: they do not belong in one table")
        models = {model["name"]: model for model in merged["models"] + results["models"]}
        merged["models"] = list(models.values())
    return merged


def check(results):
    """Reads all that is read later; raises KeyError, TypeError or ValueError."""
    results["cpu"], results["versions"]["nncc"], results["flags"], results["rounds"], results["seconds"]
    for model in results["models"]:
        model["name"], model["problem"], model["notes"], model["compared"]
        for count, run in model["threads"].items():
            int(count), ratio(run), limit_ms(run)
