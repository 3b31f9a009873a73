// RUN: nncc-opt --nncc-recognise-norm %s | FileCheck %s

// CHECK-LABEL: @layer_norm
// CHECK: %[[R:.*]] = nn.norm %arg0, %{{.*}}, %{{.*}} axes [2] epsilon 9.9999999
// CHECK-NEXT: return %[[R]]
func.func @layer_norm(%x: tensor<1x8x4xf32>) -> tensor<1x8x4xf32> {
  %n = arith.constant dense<4.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-12> : tensor<f32>
  %scale = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %bias = arith.constant dense<[4.0, 3.0, 2.0, 1.0]> : tensor<4xf32>
  %0 = nn.reduce sum %x axes [2] : (tensor<1x8x4xf32>) -> tensor<1x8x1xf32>
  %1 = nn.div %0, %n : (tensor<1x8x1xf32>, tensor<f32>) -> tensor<1x8x1xf32>
  %2 = nn.sub %x, %1 : (tensor<1x8x4xf32>, tensor<1x8x1xf32>) -> tensor<1x8x4xf32>
  %3 = nn.mul %2, %2 : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x8x4xf32>
  %4 = nn.reduce sum %3 axes [2] : (tensor<1x8x4xf32>) -> tensor<1x8x1xf32>
  %5 = nn.div %4, %n : (tensor<1x8x1xf32>, tensor<f32>) -> tensor<1x8x1xf32>
  %6 = nn.add %5, %eps : (tensor<1x8x1xf32>, tensor<f32>) -> tensor<1x8x1xf32>
  %7 = nn.sqrt %6 : (tensor<1x8x1xf32>) -> tensor<1x8x1xf32>
  %8 = nn.div %2, %7 : (tensor<1x8x4xf32>, tensor<1x8x1xf32>) -> tensor<1x8x4xf32>
  %9 = nn.mul %8, %scale : (tensor<1x8x4xf32>, tensor<4xf32>) -> tensor<1x8x4xf32>
  %10 = nn.add %9, %bias : (tensor<1x8x4xf32>, tensor<4xf32>) -> tensor<1x8x4xf32>
  return %10 : tensor<1x8x4xf32>
}

// The scale stands on the left, the root is a reciprocal, the rows are free, and nothing is added.
// CHECK-LABEL: @rms_norm
// CHECK: %[[R:.*]] = nn.norm %arg0, %{{.*}} axes [2] epsilon {{.*}} {rms}
// CHECK-NEXT: return %[[R]]
func.func @rms_norm(%x: tensor<1x?x4xf32>) -> tensor<1x?x4xf32> {
  %n = arith.constant dense<4.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %scale = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %0 = nn.pow %x, %two : (tensor<1x?x4xf32>, tensor<f32>) -> tensor<1x?x4xf32>
  %1 = nn.reduce sum %0 axes [2] : (tensor<1x?x4xf32>) -> tensor<1x?x1xf32>
  %2 = nn.div %1, %n : (tensor<1x?x1xf32>, tensor<f32>) -> tensor<1x?x1xf32>
  %3 = nn.add %2, %eps : (tensor<1x?x1xf32>, tensor<f32>) -> tensor<1x?x1xf32>
  %4 = nn.sqrt %3 : (tensor<1x?x1xf32>) -> tensor<1x?x1xf32>
  %5 = nn.reciprocal %4 : (tensor<1x?x1xf32>) -> tensor<1x?x1xf32>
  %6 = nn.mul %x, %5 : (tensor<1x?x4xf32>, tensor<1x?x1xf32>) -> tensor<1x?x4xf32>
  %7 = nn.mul %scale, %6 : (tensor<4xf32>, tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  return %7 : tensor<1x?x4xf32>
}

// CHECK-LABEL: @a_mean_over_other_axes_stays
// CHECK-NOT: nn.norm
// CHECK: return
func.func @a_mean_over_other_axes_stays(%x: tensor<1x4x4xf32>) -> tensor<1x4x4xf32> {
  %n = arith.constant dense<4.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %0 = nn.reduce sum %x axes [1] : (tensor<1x4x4xf32>) -> tensor<1x1x4xf32>
  %1 = nn.div %0, %n : (tensor<1x1x4xf32>, tensor<f32>) -> tensor<1x1x4xf32>
  %2 = nn.sub %x, %1 : (tensor<1x4x4xf32>, tensor<1x1x4xf32>) -> tensor<1x4x4xf32>
  %3 = nn.mul %x, %x : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %4 = nn.reduce sum %3 axes [2] : (tensor<1x4x4xf32>) -> tensor<1x4x1xf32>
  %5 = nn.div %4, %n : (tensor<1x4x1xf32>, tensor<f32>) -> tensor<1x4x1xf32>
  %6 = nn.add %5, %eps : (tensor<1x4x1xf32>, tensor<f32>) -> tensor<1x4x1xf32>
  %7 = nn.sqrt %6 : (tensor<1x4x1xf32>) -> tensor<1x4x1xf32>
  %8 = nn.div %2, %7 : (tensor<1x4x4xf32>, tensor<1x4x1xf32>) -> tensor<1x4x4xf32>
  return %8 : tensor<1x4x4xf32>
}

// A sum that is divided by something else is no mean.
// CHECK-LABEL: @a_wrong_count_stays
// CHECK-NOT: nn.norm
// CHECK: return
func.func @a_wrong_count_stays(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %n = arith.constant dense<3.0> : tensor<f32>
  %0 = nn.mul %x, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = nn.reduce sum %0 axes [1] : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %2 = nn.div %1, %n : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %3 = nn.sqrt %2 : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %4 = nn.div %x, %3 : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  return %4 : tensor<2x4xf32>
}

// A scale that is computed stays a product of its own.
// CHECK-LABEL: @a_computed_scale_stays
// CHECK: nn.norm %arg0 axes [1]
// CHECK: nn.mul
func.func @a_computed_scale_stays(%x: tensor<2x4xf32>, %scale: tensor<4xf32>) -> tensor<2x4xf32> {
  %n = arith.constant dense<4.0> : tensor<f32>
  %0 = nn.mul %x, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = nn.reduce sum %0 axes [1] : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %2 = nn.div %1, %n : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %3 = nn.sqrt %2 : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %4 = nn.div %x, %3 : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %5 = nn.mul %4, %scale : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  return %5 : tensor<2x4xf32>
}

// CHECK-LABEL: @softmax
// CHECK-NEXT: nn.softmax %arg0 axis 1
// CHECK-NEXT: return
func.func @softmax(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = nn.reduce max %x axes [1] : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %1 = nn.sub %x, %0 : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %2 = nn.exp %1 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %3 = nn.reduce sum %2 axes [1] : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %4 = nn.div %2, %3 : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  return %4 : tensor<?x4xf32>
}

// CHECK-LABEL: @reciprocal_of_a_power
// CHECK: nn.norm %arg0 axes [1] epsilon {{.*}} {rms}
func.func @reciprocal_of_a_power(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %n = arith.constant dense<4.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-5> : tensor<f32>
  %power = arith.constant dense<0.5> : tensor<f32>
  %0 = nn.mul %x, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = nn.reduce sum %0 axes [1] : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %2 = nn.div %1, %n : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %3 = nn.add %2, %eps : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %4 = nn.pow %3, %power : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %5 = nn.reciprocal %4 : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %6 = nn.mul %x, %5 : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  return %6 : tensor<2x4xf32>
}

// This multiplies by the deviation.
// CHECK-LABEL: @reciprocal_of_an_inverse_stays
// CHECK-NOT: nn.norm
// CHECK: return
func.func @reciprocal_of_an_inverse_stays(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %n = arith.constant dense<4.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-5> : tensor<f32>
  %power = arith.constant dense<-0.5> : tensor<f32>
  %0 = nn.mul %x, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = nn.reduce sum %0 axes [1] : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %2 = nn.div %1, %n : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %3 = nn.add %2, %eps : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %4 = nn.pow %3, %power : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %5 = nn.reciprocal %4 : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %6 = nn.mul %x, %5 : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  return %6 : tensor<2x4xf32>
}
