// RUN: nncc-opt %s --nncc-nest-concats | FileCheck %s

// CHECK-LABEL: @dense_block
// CHECK: %[[AB:.*]] = tensor.concat dim(1) %arg0, %arg1 :
// CHECK: %[[ABC:.*]] = tensor.concat dim(1) %[[AB]], %arg2 :
// CHECK: tensor.concat dim(1) %[[ABC]], %arg3 : (tensor<2x12xf32>, tensor<2x4xf32>) -> tensor<2x16xf32>
func.func @dense_block(%a: tensor<2x4xf32>, %b: tensor<2x4xf32>, %c: tensor<2x4xf32>, %d: tensor<2x4xf32>)
    -> (tensor<2x8xf32>, tensor<2x12xf32>, tensor<2x16xf32>) {
  %ab = tensor.concat dim(1) %a, %b : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x8xf32>
  %abc = tensor.concat dim(1) %a, %b, %c : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x12xf32>
  %abcd = tensor.concat dim(1) %a, %b, %c, %d : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x16xf32>
  return %ab, %abc, %abcd : tensor<2x8xf32>, tensor<2x12xf32>, tensor<2x16xf32>
}

// CHECK-LABEL: @other_dimension_or_order
// CHECK: tensor.concat dim(0) %arg0, %arg1 :
// CHECK: tensor.concat dim(1) %arg0, %arg1, %arg0 :
// CHECK: tensor.concat dim(0) %arg1, %arg0, %arg0 :
func.func @other_dimension_or_order(%a: tensor<4x4xf32>, %b: tensor<4x4xf32>)
    -> (tensor<8x4xf32>, tensor<4x12xf32>, tensor<12x4xf32>) {
  %0 = tensor.concat dim(0) %a, %b : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
  %1 = tensor.concat dim(1) %a, %b, %a : (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x12xf32>
  %2 = tensor.concat dim(0) %b, %a, %a : (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<12x4xf32>
  return %0, %1, %2 : tensor<8x4xf32>, tensor<4x12xf32>, tensor<12x4xf32>
}
