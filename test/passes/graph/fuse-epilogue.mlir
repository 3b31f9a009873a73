// RUN: nncc-opt --nncc-fuse-epilogue %s | FileCheck %s

// CHECK-LABEL: @bias_and_relu
// CHECK-NEXT: %[[R:.*]] = nn.matmul %arg0, %arg1 : {{.*}} epilogue(%[[ACC:.*]]: f32, %[[B:.*]]: f32 = %arg2 : tensor<6xf32>) {
// CHECK: arith.addf %[[ACC]], %[[B]]
// CHECK: return %[[R]]
func.func @bias_and_relu(%x: tensor<?x4xf32>, %w: tensor<4x6xf32>, %b: tensor<6xf32>) -> tensor<?x6xf32> {
  %0 = nn.matmul %x, %w : tensor<?x4xf32>, tensor<4x6xf32> -> tensor<?x6xf32>
  %1 = nn.add %0, %b : (tensor<?x6xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  %2 = nn.relu %1 : (tensor<?x6xf32>) -> tensor<?x6xf32>
  return %2 : tensor<?x6xf32>
}

// Two readers that meet again are one group.
// CHECK-LABEL: @swish
// CHECK: nn.matmul
// CHECK-NOT: nn.sigmoid
// CHECK-NOT: nn.mul
func.func @swish(%x: tensor<2x4xf32>, %w: tensor<4x6xf32>) -> tensor<2x6xf32> {
  %0 = nn.matmul %x, %w : tensor<2x4xf32>, tensor<4x6xf32> -> tensor<2x6xf32>
  %1 = nn.sigmoid %0 : (tensor<2x6xf32>) -> tensor<2x6xf32>
  %2 = nn.mul %0, %1 : (tensor<2x6xf32>, tensor<2x6xf32>) -> tensor<2x6xf32>
  return %2 : tensor<2x6xf32>
}

// The later product takes the sum, although the shortcut is as long.
// CHECK-LABEL: @the_later_product_takes_the_residual
// CHECK: %[[S:.*]] = nn.matmul %arg0, %arg2 : tensor<2x4xf32>, tensor<4x4xf32> -> tensor<2x4xf32>
// CHECK-NOT: epilogue
// CHECK: nn.matmul %arg1, %arg2 : {{.*}} epilogue(%{{.*}}, %{{.*}} = %[[S]] : tensor<2x4xf32>)
func.func @the_later_product_takes_the_residual(%x: tensor<2x4xf32>, %y: tensor<2x4xf32>, %w: tensor<4x4xf32>) -> tensor<2x4xf32> {
  %0 = nn.matmul %x, %w : tensor<2x4xf32>, tensor<4x4xf32> -> tensor<2x4xf32>
  %1 = nn.matmul %y, %w : tensor<2x4xf32>, tensor<4x4xf32> -> tensor<2x4xf32>
  %2 = nn.add %0, %1 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %2 : tensor<2x4xf32>
}

// The residual comes behind the product, which moves down to it.
// CHECK-LABEL: @a_residual_computed_later
// CHECK-NEXT: %[[S:.*]] = nn.softmax
// CHECK-NEXT: nn.matmul {{.*}} = %[[S]] : tensor<2x4xf32>)
func.func @a_residual_computed_later(%x: tensor<2x4xf32>, %w: tensor<4x4xf32>) -> tensor<2x4xf32> {
  %0 = nn.matmul %x, %w : tensor<2x4xf32>, tensor<4x4xf32> -> tensor<2x4xf32>
  %1 = nn.softmax %x axis 1 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = nn.add %1, %0 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %2 : tensor<2x4xf32>
}

// A square: one extra for both operands, and a comparison changes the element type.
// CHECK-LABEL: @one_extra_for_one_value
// CHECK: nn.matmul {{.*}} -> tensor<2x4xi1> epilogue(%{{.*}}: f32, %{{.*}}: f32 = %arg2 : tensor<4xf32>) {
func.func @one_extra_for_one_value(%x: tensor<2x4xf32>, %w: tensor<4x4xf32>, %b: tensor<4xf32>) -> tensor<2x4xi1> {
  %0 = nn.matmul %x, %w : tensor<2x4xf32>, tensor<4x4xf32> -> tensor<2x4xf32>
  %1 = nn.add %0, %b : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %2 = nn.mul %1, %b : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %3 = nn.less %2, %b : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
  return %3 : tensor<2x4xi1>
}

// CHECK-LABEL: @another_reader_stays_apart
// CHECK: nn.relu
// CHECK: nn.softmax
func.func @another_reader_stays_apart(%x: tensor<2x4xf32>, %w: tensor<4x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %0 = nn.matmul %x, %w : tensor<2x4xf32>, tensor<4x4xf32> -> tensor<2x4xf32>
  %1 = nn.relu %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = nn.softmax %0 axis 1 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %1, %2 : tensor<2x4xf32>, tensor<2x4xf32>
}

// CHECK-LABEL: @a_result_of_more_elements_stays_apart
// CHECK: nn.add
func.func @a_result_of_more_elements_stays_apart(%x: tensor<1x4xf32>, %w: tensor<4x4xf32>, %b: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %0 = nn.matmul %x, %w : tensor<1x4xf32>, tensor<4x4xf32> -> tensor<1x4xf32>
  %1 = nn.add %0, %b : (tensor<1x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}
