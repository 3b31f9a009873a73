#!/bin/sh
# test.sh: sets up, builds and runs every test. The last line is `N passed, N failed`.
set -eu
cd "$(dirname "$0")/.."
tools/build.sh release
exec python3 test/run.py build
