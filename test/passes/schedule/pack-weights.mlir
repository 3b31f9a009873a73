// RUN: nncc-opt %s --nncc-pack-weights | FileCheck %s

// [2, 5] in panels of 4: the fifth column begins a panel of its own, filled up with zeros.
// CHECK-LABEL: @columns
// CHECK: arith.constant dense_resource<[[COLUMNS:packed.*]]> : tensor<2x2x4xf32>
// CHECK-NOT: kernel.pack
func.func @columns() -> tensor<2x2x4xf32> {
  %w = arith.constant dense<[[1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0, 10.0]]> : tensor<2x5xf32>
  %e = tensor.empty() : tensor<2x2x4xf32>
  %p = kernel.pack %w into %e panel 4 : tensor<2x5xf32> into tensor<2x2x4xf32> -> tensor<2x2x4xf32>
  return %p : tensor<2x2x4xf32>
}

// The same weight stored the other way round, as a blob.
// CHECK-LABEL: @rows
// CHECK: arith.constant dense_resource<[[ROWS:packed.*]]> : tensor<2x2x4xf32>
func.func @rows() -> tensor<2x2x4xf32> {
  %w = arith.constant dense_resource<w> : tensor<5x2xf32>
  %e = tensor.empty() : tensor<2x2x4xf32>
  %p = kernel.pack %w into %e panel 4 {transpose} : tensor<5x2xf32> into tensor<2x2x4xf32> -> tensor<2x2x4xf32>
  return %p : tensor<2x2x4xf32>
}

// Each group of three columns has panels of its own.
// CHECK-LABEL: @groups
// CHECK: arith.constant dense_resource<[[GROUPS:packed.*]]> : tensor<2x1x1x1x1x1x4xi16>
func.func @groups() -> tensor<2x1x1x1x1x1x4xi16> {
  %w = arith.constant dense<[[1, 2, 3, 4, 5, 6]]> : tensor<1x6xi16>
  %e = tensor.empty() : tensor<2x1x1x1x1x1x4xi16>
  %p = kernel.pack %w into %e panel 4 {groups = 2 : i64} : tensor<1x6xi16> into tensor<2x1x1x1x1x1x4xi16> -> tensor<2x1x1x1x1x1x4xi16>
  return %p : tensor<2x1x1x1x1x1x4xi16>
}

// CHECK-LABEL: @one_constant_for_equal_packings
// CHECK: dense_resource<[[SAME:packed.*]]> : tensor<1x1x4xf32>
// CHECK: dense_resource<[[SAME]]> : tensor<1x1x4xf32>
func.func @one_constant_for_equal_packings() -> (tensor<1x1x4xf32>, tensor<1x1x4xf32>) {
  %w = arith.constant dense<0.5> : tensor<1x3xf32>
  %e = tensor.empty() : tensor<1x1x4xf32>
  %p = kernel.pack %w into %e panel 4 : tensor<1x3xf32> into tensor<1x1x4xf32> -> tensor<1x1x4xf32>
  %q = kernel.pack %w into %e panel 4 : tensor<1x3xf32> into tensor<1x1x4xf32> -> tensor<1x1x4xf32>
  return %p, %q : tensor<1x1x4xf32>, tensor<1x1x4xf32>
}

// CHECK-LABEL: @not_constant
// CHECK: kernel.pack
func.func @not_constant(%w: tensor<2x5xf32>) -> tensor<2x2x4xf32> {
  %e = tensor.empty() : tensor<2x2x4xf32>
  %p = kernel.pack %w into %e panel 4 : tensor<2x5xf32> into tensor<2x2x4xf32> -> tensor<2x2x4xf32>
  return %p : tensor<2x2x4xf32>
}

// The bytes stay while another constant has them in another shape.
// CHECK-LABEL: @shared_blob
// CHECK: dense_resource<shared> : tensor<6xf32>
func.func @shared_blob() -> (tensor<1x2x4xf32>, tensor<6xf32>) {
  %w = arith.constant dense_resource<shared> : tensor<2x3xf32>
  %v = arith.constant dense_resource<shared> : tensor<6xf32>
  %e = tensor.empty() : tensor<1x2x4xf32>
  %p = kernel.pack %w into %e panel 4 : tensor<2x3xf32> into tensor<1x2x4xf32> -> tensor<1x2x4xf32>
  return %p, %v : tensor<1x2x4xf32>, tensor<6xf32>
}

// 1 2 3 4 | 6 7 8 9 | 5 0 0 0 | 10 0 0 0
// CHECK-DAG: [[COLUMNS]]: "0x400000000000803F0000004000004040000080400000C0400000E04000000041000010410000A04000000000000000000000000000002041000000000000000000000000"
// CHECK-DAG: [[ROWS]]: "0x400000000000803F0000004000004040000080400000C0400000E04000000041000010410000A04000000000000000000000000000002041000000000000000000000000"
// CHECK-DAG: [[GROUPS]]: "0x4000000001000200030000000400050006000000"
// CHECK-DAG: shared: "0x040000000000803F0000004000004040000080400000A0400000C040"
// CHECK-DAG: [[SAME]]: "0x400000000000003F0000003F0000003F00000000"

{-#
  dialect_resources: {
    builtin: {
      w: "0x040000000000803F0000C040000000400000E040000040400000004100008040000010410000A04000002041",
      shared: "0x040000000000803F0000004000004040000080400000A0400000C040"
    }
  }
#-}
