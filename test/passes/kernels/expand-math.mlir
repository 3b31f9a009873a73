// RUN: nncc-opt %s --nncc-expand-math --split-input-file | FileCheck %s

// Plain x86-64 has neither fused multiply-add nor rounding.
// CHECK-LABEL: @old
// CHECK-NOT: math.exp
// CHECK-NOT: math.fma
// CHECK-NOT: math.floor
// CHECK-NOT: call
// CHECK: return
func.func @old(%x: vector<4xf32>) -> (vector<4xf32>, vector<4xf32>, vector<4xf32>) {
  %a = math.exp %x : vector<4xf32>
  %b = math.floor %x : vector<4xf32>
  %c = math.fma %x, %x, %x : vector<4xf32>
  return %a, %b, %c : vector<4xf32>, vector<4xf32>, vector<4xf32>
}

// Doubles call the C library, lane by lane.
// CHECK-LABEL: @double
// CHECK: scf.for
// CHECK: %[[X:.*]] = vector.extract
// CHECK: call @exp(%[[X]]) : (f64) -> f64
// CHECK: vector.insert
// CHECK: call @tanh(%arg1)
func.func @double(%x: vector<4xf64>, %y: f64) -> (vector<4xf64>, f64) {
  %a = math.exp %x : vector<4xf64>
  %b = math.tanh %y : f64
  return %a, %b : vector<4xf64>, f64
}

// Angles beyond the reach of our reduction call the library.
// CHECK-LABEL: @angle
// CHECK: vector.reduction <or>
// CHECK: scf.if
// CHECK: call @sinf
// CHECK: else
// CHECK-NOT: call
// CHECK: return
func.func @angle(%x: vector<4xf32>) -> vector<4xf32> {
  %a = math.sin %x : vector<4xf32>
  return %a : vector<4xf32>
}

// Powers that are products or roots.
// CHECK-LABEL: @powers
// CHECK: arith.mulf %arg0, %arg0
// CHECK: math.sqrt
// CHECK-NOT: arith.divf
// CHECK: return
func.func @powers(%x: vector<4xf32>) -> (vector<4xf32>, vector<4xf32>) {
  %two = arith.constant dense<2.0> : vector<4xf32>
  %half = arith.constant dense<0.5> : vector<4xf32>
  %a = math.powf %x, %two : vector<4xf32>
  %b = math.powf %x, %half : vector<4xf32>
  return %a, %b : vector<4xf32>, vector<4xf32>
}

// -----

// CHECK-LABEL: @new
// CHECK: math.fma
// CHECK: math.floor
module attributes {kernel.target = #kernel.target<triple = "x86_64-linux-gnu", cpu = "x86-64-v3", features = "", lanes = 8, registers = 16, l1 = 32768, l2 = 1048576>} {
func.func @new(%x: vector<8xf32>) -> (vector<8xf32>, vector<8xf32>) {
  %a = math.exp %x : vector<8xf32>
  %b = math.floor %x : vector<8xf32>
  return %a, %b : vector<8xf32>, vector<8xf32>
}
}
