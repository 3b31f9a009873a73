#!/usr/bin/env python3
"""demo_table.py BIN MODEL.so ...: size of code and weights, arena, load time and latency of compiled models."""
import json
import subprocess
import sys
import time


def figures(bin_folder, path):
    sizes = {}
    for line in subprocess.run(["readelf", "-SW", path], capture_output=True, text=True, check=True).stdout.splitlines():
        fields = line.replace("[ ", "[").split()
        if len(fields) > 5 and fields[1].startswith("."):
            sizes[fields[1]] = int(fields[5], 16)
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import ctypes; ctypes.CDLL({path!r})"], check=True)
    loaded = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import ctypes"], check=True)
    load = (loaded - begin) - (time.perf_counter() - loaded)
    run = subprocess.run([f"{bin_folder}/nncc-run", path, "--bench=0.5", "--json"], capture_output=True, text=True,
                         check=True)
    bench = json.loads(next(line for line in run.stdout.splitlines() if line.startswith("{")))
    return sizes.get(".text", 0), sizes.get(".rodata", 0), bench["arena_bytes"], max(load, 0) * 1e3, bench["median_ms"]


def main():
    print(f"{'model':<12}{'code':>10}{'weights':>12}{'arena':>12}{'load':>12}{'latency':>12}")
    for path in sys.argv[2:]:
        code, weights, arena, load, latency = figures(sys.argv[1], path)
        name = path.rsplit("/", 1)[-1][:-3]
        print(f"{name:<12}{code / 1024:>7.0f} KB{weights / 1024:>9.0f} KB{arena / 1024:>9.0f} KB{load:>9.1f} ms{latency:>9.3f} ms")


if __name__ == "__main__":
    main()
