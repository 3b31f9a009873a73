#!/usr/bin/env python3
"""bool-mask.py N S: a causal attention over S rows, whose mask is cut from a constant of N x N bools."""
import sys

N, S = int(sys.argv[1]), int(sys.argv[2])
SEEN = bytes(int(column <= row) for row in range(N) for column in range(N))
Q, SCORES = f"tensor<1x1x{S}x4xf32>", f"tensor<1x1x{S}x{S}xf32>"
print(f"""
func.func @causal(%q: {Q}) -> {Q} {{
  %table = arith.constant dense_resource<seen> : tensor<{N}x{N}xi1>
  %low = arith.constant dense<0xFF7FFFFF> : tensor<f32>
  %c = nn.slice %table starts [0, 0] sizes [{S}, {S}] steps [1, 1] : (tensor<{N}x{N}xi1>) -> tensor<{S}x{S}xi1>
  %0 = nn.matmul %q, %q {{transposeW}} : {Q}, {Q} -> {SCORES}
  %1 = nn.where %c, %0, %low : (tensor<{S}x{S}xi1>, {SCORES}, tensor<f32>) -> {SCORES}
  %2 = nn.softmax %1 axis 3 : ({SCORES}) -> {SCORES}
  %3 = nn.matmul %2, %q : {SCORES}, {Q} -> {Q}
  return %3 : {Q}
}}
{{-# dialect_resources: {{ builtin: {{ seen: "0x01000000{SEEN.hex()}" }} }} #-}}""")
