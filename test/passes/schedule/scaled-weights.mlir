// Constant weights times factors of the input's channels stay constants while they are filtered, widened and packed.
// RUN: nncc-opt %s --nncc-schedule=without=fuse-elementwise | FileCheck %s

#id4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#in4 = affine_map<(d0, d1, d2, d3) -> (d2, 0)>
#out4 = affine_map<(d0, d1, d2, d3) -> (d3)>
#id2 = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0, 0)>
#column = affine_map<(d0, d1) -> (d1)>

// CHECK-DAG: #[[IN7:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d5, 0)>
// CHECK-DAG: #[[IN3:.*]] = affine_map<(d0, d1, d2) -> (d1, 0)>
// CHECK-DAG: #[[LAST3:.*]] = affine_map<(d0, d1, d2) -> (d1)>
module attributes {kernel.target = #kernel.target<triple = "x86_64-pc-linux-gnu", cpu = "x86-64-v4", features = "", lanes = 16, registers = 32, l1 = 32768, l2 = 1048576>} {
func.func @others() -> tensor<1000x1000xf32> {
  %0 = arith.constant dense<1.0> : tensor<1000x1000xf32>
  return %0 : tensor<1000x1000xf32>
}

// CHECK-LABEL: @filtered
// CHECK: %[[C:.*]] = arith.constant dense_resource<{{.*}}> : tensor<1x2x1x6x6x64x32xf32>
// CHECK: %[[W:.*]] = linalg.generic {indexing_maps = [#{{.*}}, #[[IN7]], #{{.*}}]{{.*}} ins(%[[C]], %{{.*}} : tensor<1x2x1x6x6x64x32xf32>, tensor<64x1xf32>)
// CHECK: kernel.conv %{{.*}}, %[[W]] {{.*}} winograd [4, 4]
func.func @filtered(%x: tensor<1x56x56x64xf32>, %s: tensor<64x1xf32>) -> tensor<1x56x56x64xf32> {
  %v = arith.constant dense<1.5> : tensor<3x3x64x64xf32>
  %e = tensor.empty() : tensor<3x3x64x64xf32>
  %w = linalg.generic {indexing_maps = [#id4, #in4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%v, %s : tensor<3x3x64x64xf32>, tensor<64x1xf32>) outs(%e : tensor<3x3x64x64xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<3x3x64x64xf32>
  %y = tensor.empty() : tensor<1x56x56x64xf32>
  %0 = kernel.conv %x, %w into %y strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
    : tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32> into tensor<1x56x56x64xf32> -> tensor<1x56x56x64xf32>
  return %0 : tensor<1x56x56x64xf32>
}

// CHECK-LABEL: @matrix
// CHECK: %[[C:.*]] = arith.constant dense_resource<{{.*}}> : tensor<1x8x16xf32>
// CHECK: %[[W:.*]] = linalg.generic {indexing_maps = [#{{.*}}, #[[IN3]], #{{.*}}]{{.*}} ins(%[[C]]
// CHECK: kernel.gemm %{{.*}}, %[[W]] {{.*}} tile
func.func @matrix(%x: tensor<20x8xf32>, %s: tensor<8x1xf32>) -> tensor<20x3xf32> {
  %v = arith.constant dense<[[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]> : tensor<8x3xf32>
  %e = tensor.empty() : tensor<8x3xf32>
  %w = linalg.generic {indexing_maps = [#id2, #row, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%v, %s : tensor<8x3xf32>, tensor<8x1xf32>) outs(%e : tensor<8x3xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<8x3xf32>
  %y = tensor.empty() : tensor<20x3xf32>
  %0 = kernel.gemm %x, %w into %y : tensor<20x8xf32>, tensor<8x3xf32> into tensor<20x3xf32> -> tensor<20x3xf32>
  return %0 : tensor<20x3xf32>
}

// CHECK-LABEL: @transposed
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[LAST3]], #{{.*}}]{{.*}} ins(%{{.*}} : tensor<1x3x16xf32>, tensor<3xf32>)
func.func @transposed(%x: tensor<20x3xf32>, %s: tensor<3xf32>) -> tensor<20x2xf32> {
  %v = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %e = tensor.empty() : tensor<2x3xf32>
  %w = linalg.generic {indexing_maps = [#id2, #column, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%v, %s : tensor<2x3xf32>, tensor<3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<2x3xf32>
  %y = tensor.empty() : tensor<20x2xf32>
  %0 = kernel.gemm %x, %w into %y {transposeB} : tensor<20x3xf32>, tensor<2x3xf32> into tensor<20x2xf32> -> tensor<20x2xf32>
  return %0 : tensor<20x2xf32>
}

// Factors of the result's channels have no place in packed weights, and sums are not linear: packed at run time.
// CHECK-LABEL: @as_they_are
// CHECK-DAG: %[[W:.*]] = kernel.pack
// CHECK-DAG: kernel.gemm %{{.*}}, %[[W]]
// CHECK-DAG: %[[V:.*]] = kernel.pack
// CHECK-DAG: kernel.gemm %{{.*}}, %[[V]]
func.func @as_they_are(%x: tensor<20x3xf32>, %s: tensor<2xf32>) -> (tensor<20x2xf32>, tensor<20x2xf32>) {
  %v = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %e = tensor.empty() : tensor<3x2xf32>
  %w = linalg.generic {indexing_maps = [#id2, #column, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%v, %s : tensor<3x2xf32>, tensor<2xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<3x2xf32>
  %sum = linalg.generic {indexing_maps = [#id2, #column, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%v, %s : tensor<3x2xf32>, tensor<2xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.addf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<3x2xf32>
  %y = tensor.empty() : tensor<20x2xf32>
  %0 = kernel.gemm %x, %w into %y : tensor<20x3xf32>, tensor<3x2xf32> into tensor<20x2xf32> -> tensor<20x2xf32>
  %1 = kernel.gemm %x, %sum into %y : tensor<20x3xf32>, tensor<3x2xf32> into tensor<20x2xf32> -> tensor<20x2xf32>
  return %0, %1 : tensor<20x2xf32>, tensor<20x2xf32>
}
}
