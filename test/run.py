#!/usr/bin/env python3
"""run.py BUILD: runs every suite of tests on a build; the last line is `N passed, N failed` (`, N skipped`).

A suite is lit, or a script test/<suite>/run.py that takes the build's folder and ends with such a line itself.
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LIT = "/usr/lib/llvm-22/bin/lit"


def run_lit(build):
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "lit.json")
        subprocess.run([sys.executable, LIT, "-j2", "-q", "--output", report, os.path.join(build, "test")])
        codes = [t["code"] for t in json.load(open(report))["tests"]] if os.path.exists(report) else ["FAIL"]
    passed = sum(c in ("PASS", "XFAIL") for c in codes)
    skipped = sum(c in ("UNSUPPORTED", "SKIPPED", "EXCLUDED") for c in codes)
    return passed, len(codes) - passed - skipped, skipped


def run_script(script, build):
    """The counts of the script's closing line; a script that ends without one has failed."""
    process = subprocess.Popen([sys.executable, script, build], stdout=subprocess.PIPE, text=True)
    last = ""
    for line in process.stdout:
        print(line, end="", flush=True)
        last = line.strip() or last
    match = re.fullmatch(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?", last)
    if not match:
        return 0, 1, 0
    passed, failed, skipped = (int(x or 0) for x in match.groups())
    return passed, max(failed, int(process.wait() != 0)), skipped


def main():
    build = os.path.abspath(sys.argv[1])
    suites = [("lit", lambda: run_lit(build))]
    for script in sorted(glob.glob(os.path.join(HERE, "*", "run.py"))):
        suites.append((os.path.basename(os.path.dirname(script)), lambda script=script: run_script(script, build)))
    total = [0, 0, 0]
    for name, run in suites:
        counts = run()
        print(f"{name}: {counts[0]} passed, {counts[1]} failed, {counts[2]} skipped", flush=True)
        total = [x + y for x, y in zip(total, counts)]
    skipped = f", {total[2]} skipped" if total[2] else ""
    print(f"{total[0]} passed, {total[1]} failed{skipped}")
    return bool(total[1])


if __name__ == "__main__":
    sys.exit(main())
