"""Checks nncc-run's line of JSON, standard input: every figure is there, and those named as arguments are positive."""
import json
import sys

lines = sys.stdin.readlines()
assert len(lines) == 1, lines
figures = json.loads(lines[0])
assert figures["arena_bytes"] == 64 * figures["threads"]
for key in ["median_ms", "min_ms", "p90_ms", "peak_gflops", "read_gbs"]:
    assert figures[key] > 0 if key in sys.argv else figures[key] is None, key
assert figures["max_rel_scale_error"] is None and figures["equal"] is None
if "median_ms" in sys.argv:
    assert figures["min_ms"] <= figures["median_ms"] <= figures["p90_ms"]
if "nodes" in sys.argv:
    assert {node["name"] for node in figures["nodes"]} == {"/double/Mul", "/add/Add", "(outside of nodes)"}
    assert sum(node["flops"] for node in figures["nodes"]) == 10
