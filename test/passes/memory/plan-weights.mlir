// RUN: nncc-opt %s --split-input-file --verify-diagnostics --nncc-plan-weights | FileCheck %s

// Equal bytes share an offset, whatever their shape and wherever they are kept; scalars are no weights.
// CHECK: module attributes {nncc.weights = [{offset = 0 : i64, value = dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>},
// CHECK-SAME: {offset = 64 : i64, value = dense_resource<big> : tensor<20xf32>},
// CHECK-SAME: {offset = 192 : i64, value = dense<3.000000e+00> : tensor<2xf32>}], nncc.weights_bytes = 256 : i64}
// CHECK: func.func @main(%{{.*}}: i32, %[[W:.*]]: memref<?xi8> {nncc.weights})
func.func @main(%x: i32) -> (tensor<2xf32>, tensor<20xf32>, tensor<1x2xi32>, tensor<2xf32>, f32) {
  // CHECK: %[[O0:.*]] = arith.constant 0 : index
  // CHECK: %[[V0:.*]] = memref.view %[[W]][%[[O0]]][] : memref<?xi8> to memref<2xf32>
  // CHECK: bufferization.to_tensor %[[V0]] restrict : memref<2xf32>
  %a = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  // CHECK: %[[O1:.*]] = arith.constant 64 : index
  // CHECK: memref.view %[[W]][%[[O1]]][] : memref<?xi8> to memref<20xf32>
  %b = arith.constant dense_resource<big> : tensor<20xf32>
  // CHECK: %[[O2:.*]] = arith.constant 0 : index
  // CHECK: memref.view %[[W]][%[[O2]]][] : memref<?xi8> to memref<1x2xi32>
  %c = arith.constant dense<[[1065353216, 1073741824]]> : tensor<1x2xi32>
  // CHECK: arith.constant 192 : index
  %d = arith.constant dense<3.0> : tensor<2xf32>
  // CHECK: arith.constant 5.0{{.*}} : f32
  %e = arith.constant 5.0 : f32
  return %a, %b, %c, %d, %e : tensor<2xf32>, tensor<20xf32>, tensor<1x2xi32>, tensor<2xf32>, f32
}
{-#
  dialect_resources: {
    builtin: {
      big: "0x040000000000803F0000004000004040000080400000A0400000C0400000E0400000004100001041000020410000304100004041000050410000604100007041000080410000884100009041000098410000A041"
    }
  }
#-}

// -----

// A splat of two elements and one of four are not the same bytes.
// CHECK: nncc.weights_bytes = 128
func.func @splats() -> (tensor<2xf32>, tensor<4xf32>, tensor<4xf32>) {
  %a = arith.constant dense<1.0> : tensor<2xf32>
  %b = arith.constant dense<1.0> : tensor<4xf32>
  %c = arith.constant dense<1.0> : tensor<4xf32>
  return %a, %b, %c : tensor<2xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

func.func @bits() -> tensor<2xi1> {
  // expected-error @+1 {{of i1 has no place in memory}}
  %a = arith.constant dense<[true, false]> : tensor<2xi1>
  return %a : tensor<2xi1>
}
