#!/bin/sh
# build.sh [PRESET] [TARGET...]: sets up, then configures and builds with a CMake preset (release unless named).
set -eu
cd "$(dirname "$0")/.."
tools/setup.sh
preset=${1:-release}
[ $# = 0 ] || shift
cmake --preset "$preset" -Wno-dev >/dev/null
cmake --build --preset "$preset" ${1:+--target "$@"}
