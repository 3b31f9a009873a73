#!/bin/sh
# Answers as peer.py would: ONNX Runtime takes 40 ms, OpenVINO fails. The recorded outputs stand for those computed.
shift
case "$1 $2" in
"probe ") echo '{"ort": "1.0", "ov": "2.0"}' ;;
"reference "*) echo '{}' ;;
"time ort") echo '{"min_ms": 40, "median_ms": 41, "runs": 5, "error": 0.0}' ;;
*) echo cannot >&2; exit 1 ;;
esac
