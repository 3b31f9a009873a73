#!/bin/sh
# setup.sh: installs the Debian packages that nncc is built, tested and demonstrated with. This is the only list of them.
# Silent when nothing is missing.
set -eu

# The compiler: LLVM and MLIR 22 (bookworm-security has them), ONNX's protobuf messages, and what builds them.
packages="clang-22 lld-22 clang-format-22 llvm-22-dev llvm-22-tools libmlir-22-dev mlir-22-tools
libonnx-dev libprotobuf-dev protobuf-compiler cmake ninja-build ccache gcc libc6-dev git
libzstd-dev zlib1g-dev libxml2-dev libffi-dev"
# The tests: ONNX's own cases, sanitizers, lit's Python, the models' download.
packages="$packages libonnx-testdata libclang-rt-22-dev python3 python3-pip"
# The demo: a voice to listen to.
packages="$packages espeak-ng"

missing=$(for p in $packages; do
  dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || echo "$p"
done)
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || {
    echo "setup.sh: sudo is not there; as root, run: apt-get install" $missing >&2
    exit 1
  }
  as_root=sudo
fi
echo "setup.sh: installing" $missing
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
$as_root apt-get install -q -y --no-install-recommends $missing
