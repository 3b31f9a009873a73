#!/bin/sh
# bench-setup.sh [DIR]: makes the Python environment of bench.py's peers, ONNX Runtime and OpenVINO, out of PyPI packages.
# DIR is where bench.py looks unless told otherwise: ~/.cache/nncc/bench, or beneath XDG_CACHE_HOME.
set -eu
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/nncc/bench}
# The environment gets no pip of its own: Debian has what puts one there in a further package, python3-venv.
[ -x "$folder/bin/python" ] || python3 -m venv --without-pip "$folder"
python3 -m pip --python "$folder/bin/python" install --quiet --disable-pip-version-check --only-binary=:all: \
  "numpy>=2,<3" onnxruntime==1.32.0 openvino==2026.4.1
"$folder/bin/python" "$(dirname "$0")/bench/peer.py" probe
