#!/bin/sh
# demo.sh: sets up, builds, gets two real trained models, compiles them with nncc into C programs, and runs those on
# real input: what kind each file of the checkout is, and when a voice speaks.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
tools/build.sh release nncc nncc-run nncc_runtime
out=$root/build/demo
mkdir -p "$out"

model() { line=$(python3 tools/models.py "$1") && test -n "$line" && echo "${line#* }"; }
magika=$(model magika) && config=$(model magika-config) && vad=$(model silero-vad-op15) || {
  echo "demo.sh: the demo needs its models, which pip downloads once" >&2
  exit 1
}

echo "== compiling"
for step in "magika|$magika|bytes=1x2048|" "vad|$vad|input=1x576|state=2x1x128"; do
  IFS='|' read -r name path first second <<EOF
$step
EOF
  set -- "$path" --name "$name" --shape "$first" ${second:+--shape "$second"}
  cp "$path" "$out/$name.onnx"
  build/bin/nncc "$@" -o "$out/$name.o"
  build/bin/nncc "$@" -o "$out/$name.so"
done
python3 - "$config" > "$out/labels.h" <<'EOF'
import json, sys
config = json.load(open(sys.argv[1]))
labels, least = config["target_labels_space"], config["thresholds"]
print("static const char *const label[] = {%s};" % ", ".join(f'"{config["overwrite_map"].get(x, x)}"' for x in labels))
print("static const float threshold[] = {%s};" % ", ".join(
    "%sf" % float(least.get(x, config["medium_confidence_threshold"])) for x in labels))
EOF
for program in "filetype magika" "speech vad"; do
  set -- $program
  cc -std=gnu11 -O2 -Wall -Wextra -Iruntime -I"$out" "examples/$1/$1.c" "$out/$2.o" -lm -s -o "$out/$1"
done

echo "== filetype: what kind each file is"
"$out/filetype" README.md CMakeLists.txt tools/demo.sh tools/models.py runtime/nncc.h runtime/pool.c \
  compiler/Compiler.cpp "$out/magika.o" "$magika" /etc/passwd /bin/ls
echo "program: $(stat -c %s "$out/filetype") bytes, the network included"

echo "== speech: when a voice speaks"
espeak-ng -s 140 -w "$out/one.wav" "The network is inside this program." 
espeak-ng -s 140 -w "$out/two.wav" "It carries its state from window to window, and it never allocates."
python3 - "$out/one.wav" "$out/two.wav" "$out/talk.wav" <<'EOF'
import sys, wave
parts = [wave.open(p, "rb") for p in sys.argv[1:3]]
with wave.open(sys.argv[3], "wb") as out:
    out.setparams(parts[0].getparams())
    silence = b"\0" * (2 * parts[0].getframerate())
    for part in parts:
        out.writeframes(silence + part.readframes(part.getnframes()))
    out.writeframes(silence)
EOF
"$out/speech" "$out/talk.wav"
echo "program: $(stat -c %s "$out/speech") bytes, the network included"

echo "== in numbers"
python3 tools/demo_table.py build/bin "$out/magika.so" "$out/vad.so"
