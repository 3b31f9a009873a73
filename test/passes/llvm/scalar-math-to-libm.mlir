// RUN: nncc-opt %s --nncc-scalar-math-to-libm | FileCheck %s

// CHECK-LABEL: @scalars
// CHECK: call @erff
// CHECK: call @tanh
// CHECK: math.exp %{{.*}} : f32
// CHECK: math.erf %{{.*}} : vector<8xf32>
func.func @scalars(%x: f32, %y: f64, %v: vector<8xf32>) -> (f32, f64, f32, vector<8xf32>) {
  %a = math.erf %x : f32
  %b = math.tanh %y : f64
  %c = math.exp %x : f32
  %d = math.erf %v : vector<8xf32>
  return %a, %b, %c, %d : f32, f64, f32, vector<8xf32>
}
