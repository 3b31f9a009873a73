// RUN: nncc-opt --nncc-recognise-attention %s | FileCheck %s
// RUN: nncc-opt --nncc-recognise-attention=remarks -o /dev/null %s 2>&1 | FileCheck %s --check-prefix=WHY

// CHECK-LABEL: @bert
// CHECK-DAG: %[[Q:.*]] = nn.reshape %arg0
// CHECK-DAG: %[[K:.*]] = nn.reshape %arg1
// CHECK-DAG: %[[V:.*]] = nn.reshape %arg2
// CHECK: %[[A:.*]] = nn.attention %[[Q]], %[[K]], %[[V]] mask %arg3 scale 1.250000e-01 :
// CHECK-NEXT: %[[R:.*]] = nn.reshape %[[A]] : (tensor<2x8x2x4xf32>) -> tensor<2x8x8xf32>
// CHECK-NEXT: return %[[R]]
func.func @bert(%q: tensor<2x8x8xf32>, %k: tensor<2x8x8xf32>, %v: tensor<2x8x8xf32>, %mask: tensor<2x1x8x8xf32>) -> tensor<2x8x8xf32> {
  %scale = arith.constant dense<0.125> : tensor<f32>
  %0 = nn.reshape %q : (tensor<2x8x8xf32>) -> tensor<2x8x2x4xf32>
  %1 = nn.transpose %0 perm [0, 2, 1, 3] : (tensor<2x8x2x4xf32>) -> tensor<2x2x8x4xf32>
  %2 = nn.reshape %k : (tensor<2x8x8xf32>) -> tensor<2x8x2x4xf32>
  %3 = nn.transpose %2 perm [0, 2, 3, 1] : (tensor<2x8x2x4xf32>) -> tensor<2x2x4x8xf32>
  %4 = nn.reshape %v : (tensor<2x8x8xf32>) -> tensor<2x8x2x4xf32>
  %5 = nn.transpose %4 perm [0, 2, 1, 3] : (tensor<2x8x2x4xf32>) -> tensor<2x2x8x4xf32>
  %6 = nn.matmul %1, %3 : tensor<2x2x8x4xf32>, tensor<2x2x4x8xf32> -> tensor<2x2x8x8xf32>
  %7 = nn.mul %6, %scale : (tensor<2x2x8x8xf32>, tensor<f32>) -> tensor<2x2x8x8xf32>
  %8 = nn.add %7, %mask : (tensor<2x2x8x8xf32>, tensor<2x1x8x8xf32>) -> tensor<2x2x8x8xf32>
  %9 = nn.softmax %8 axis 3 : (tensor<2x2x8x8xf32>) -> tensor<2x2x8x8xf32>
  %10 = nn.matmul %9, %5 : tensor<2x2x8x8xf32>, tensor<2x2x8x4xf32> -> tensor<2x2x8x4xf32>
  %11 = nn.transpose %10 perm [0, 2, 1, 3] : (tensor<2x2x8x4xf32>) -> tensor<2x8x2x4xf32>
  %12 = nn.reshape %11 : (tensor<2x8x2x4xf32>) -> tensor<2x8x8xf32>
  return %12 : tensor<2x8x8xf32>
}

// The scale's root stands on queries and keys, which lie heads first, and the product has a transposed operand.
// CHECK-LABEL: @split_scale_heads_first
// CHECK-NEXT: nn.attention %arg0, %arg1, %arg2 scale 2.500000e-01 {kHeadsFirst, qHeadsFirst, resultHeadsFirst, vHeadsFirst}
// CHECK-NEXT: return
func.func @split_scale_heads_first(%q: tensor<2x2x8x4xf32>, %k: tensor<2x2x9x4xf32>, %v: tensor<2x2x9x5xf32>) -> tensor<2x2x8x5xf32> {
  %half = arith.constant dense<0.5> : tensor<1xf32>
  %0 = nn.mul %q, %half : (tensor<2x2x8x4xf32>, tensor<1xf32>) -> tensor<2x2x8x4xf32>
  %1 = nn.mul %k, %half : (tensor<2x2x9x4xf32>, tensor<1xf32>) -> tensor<2x2x9x4xf32>
  %2 = nn.matmul %0, %1 {transposeW} : tensor<2x2x8x4xf32>, tensor<2x2x9x4xf32> -> tensor<2x2x8x9xf32>
  %3 = nn.softmax %2 axis 3 : (tensor<2x2x8x9xf32>) -> tensor<2x2x8x9xf32>
  %4 = nn.matmul %3, %v : tensor<2x2x8x9xf32>, tensor<2x2x9x5xf32> -> tensor<2x2x8x5xf32>
  return %4 : tensor<2x2x8x5xf32>
}

// Batch and heads as one dimension, rows before the batch, as nn.MultiheadAttention has them.
// CHECK-LABEL: @three_dimensions
// CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} scale 1.000000e+00 : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32>
// CHECK-NOT: transpose
// CHECK: return
func.func @three_dimensions(%q: tensor<8x1x8xf32>, %k: tensor<8x1x8xf32>, %v: tensor<8x1x8xf32>) -> tensor<8x1x8xf32> {
  %0 = nn.reshape %q : (tensor<8x1x8xf32>) -> tensor<8x2x4xf32>
  %1 = nn.transpose %0 perm [1, 0, 2] : (tensor<8x2x4xf32>) -> tensor<2x8x4xf32>
  %2 = nn.reshape %k : (tensor<8x1x8xf32>) -> tensor<8x2x4xf32>
  %3 = nn.transpose %2 perm [1, 2, 0] : (tensor<8x2x4xf32>) -> tensor<2x4x8xf32>
  %4 = nn.reshape %v : (tensor<8x1x8xf32>) -> tensor<8x2x4xf32>
  %5 = nn.transpose %4 perm [1, 0, 2] : (tensor<8x2x4xf32>) -> tensor<2x8x4xf32>
  %6 = nn.matmul %1, %3 : tensor<2x8x4xf32>, tensor<2x4x8xf32> -> tensor<2x8x8xf32>
  %7 = nn.softmax %6 axis 2 : (tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %8 = nn.matmul %7, %5 : tensor<2x8x8xf32>, tensor<2x8x4xf32> -> tensor<2x8x4xf32>
  %9 = nn.transpose %8 perm [1, 0, 2] : (tensor<2x8x4xf32>) -> tensor<8x2x4xf32>
  %10 = nn.reshape %9 : (tensor<8x2x4xf32>) -> tensor<8x1x8xf32>
  return %10 : tensor<8x1x8xf32>
}

// Keys and values of two heads that four heads share are not repeated; the cache lies heads first.
// CHECK-LABEL: @grouped_heads
// CHECK-NOT: broadcast
// CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} scale 5.000000e-01 {kHeadsFirst, resultHeadsFirst, vHeadsFirst} : (tensor<1x1x4x4xf32>, tensor<1x2x9x4xf32>, tensor<1x2x9x4xf32>)
func.func @grouped_heads(%q: tensor<1x4x1x4xf32>, %k: tensor<1x2x9x4xf32>, %v: tensor<1x2x9x4xf32>) -> tensor<1x4x1x4xf32> {
  %two = arith.constant dense<2.0> : tensor<f32>
  %0 = nn.reshape %k : (tensor<1x2x9x4xf32>) -> tensor<1x2x1x9x4xf32>
  %1 = nn.broadcast %0 : (tensor<1x2x1x9x4xf32>) -> tensor<1x2x2x9x4xf32>
  %2 = nn.reshape %1 : (tensor<1x2x2x9x4xf32>) -> tensor<1x4x9x4xf32>
  %3 = nn.transpose %2 perm [0, 1, 3, 2] : (tensor<1x4x9x4xf32>) -> tensor<1x4x4x9xf32>
  %4 = nn.reshape %v : (tensor<1x2x9x4xf32>) -> tensor<1x2x1x9x4xf32>
  %5 = nn.broadcast %4 : (tensor<1x2x1x9x4xf32>) -> tensor<1x2x2x9x4xf32>
  %6 = nn.reshape %5 : (tensor<1x2x2x9x4xf32>) -> tensor<1x4x9x4xf32>
  %7 = nn.matmul %q, %3 : tensor<1x4x1x4xf32>, tensor<1x4x4x9xf32> -> tensor<1x4x1x9xf32>
  %8 = nn.div %7, %two : (tensor<1x4x1x9xf32>, tensor<f32>) -> tensor<1x4x1x9xf32>
  %9 = nn.softmax %8 axis 3 : (tensor<1x4x1x9xf32>) -> tensor<1x4x1x9xf32>
  %10 = nn.matmul %9, %6 : tensor<1x4x1x9xf32>, tensor<1x4x9x4xf32> -> tensor<1x4x1x4xf32>
  return %10 : tensor<1x4x1x4xf32>
}

// CHECK-LABEL: @causal
// CHECK: nn.attention %arg0, %arg1, %arg2 scale 1.000000e+00 {causal,
func.func @causal(%q: tensor<1x2x4x4xf32>, %k: tensor<1x2x6x4xf32>, %v: tensor<1x2x6x4xf32>) -> tensor<1x2x4x4xf32> {
  %low = arith.constant dense<0xFF7FFFFF> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %two = arith.constant dense<2> : tensor<si64>
  %i = nn.iota axis 0 : tensor<4x1xsi64>
  %query = nn.add %i, %two : (tensor<4x1xsi64>, tensor<si64>) -> tensor<4x1xsi64>
  %key = nn.iota axis 1 : tensor<1x6xsi64>
  %sees = nn.less_or_equal %key, %query : (tensor<1x6xsi64>, tensor<4x1xsi64>) -> tensor<4x6xi1>
  %mask = nn.where %sees, %zero, %low : (tensor<4x6xi1>, tensor<f32>, tensor<f32>) -> tensor<4x6xf32>
  %0 = nn.matmul %q, %k {transposeW} : tensor<1x2x4x4xf32>, tensor<1x2x6x4xf32> -> tensor<1x2x4x6xf32>
  %1 = nn.add %0, %mask : (tensor<1x2x4x6xf32>, tensor<4x6xf32>) -> tensor<1x2x4x6xf32>
  %2 = nn.softmax %1 axis 3 : (tensor<1x2x4x6xf32>) -> tensor<1x2x4x6xf32>
  %3 = nn.matmul %2, %v : tensor<1x2x4x6xf32>, tensor<1x2x6x4xf32> -> tensor<1x2x4x4xf32>
  return %3 : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @a_condition_is_a_mask
// CHECK: %[[M:.*]] = nn.where %arg3
// CHECK: nn.attention %arg0, %arg1, %arg2 mask %[[M]]
func.func @a_condition_is_a_mask(%q: tensor<1x2x4x4xf32>, %k: tensor<1x2x6x4xf32>, %v: tensor<1x2x6x4xf32>, %c: tensor<1x1x1x6xi1>) -> tensor<1x2x4x4xf32> {
  %low = arith.constant dense<0xFF800000> : tensor<f32>
  %0 = nn.matmul %q, %k {transposeW} : tensor<1x2x4x4xf32>, tensor<1x2x6x4xf32> -> tensor<1x2x4x6xf32>
  %1 = nn.where %c, %0, %low : (tensor<1x1x1x6xi1>, tensor<1x2x4x6xf32>, tensor<f32>) -> tensor<1x2x4x6xf32>
  %2 = nn.softmax %1 axis 3 : (tensor<1x2x4x6xf32>) -> tensor<1x2x4x6xf32>
  %3 = nn.matmul %2, %v : tensor<1x2x4x6xf32>, tensor<1x2x6x4xf32> -> tensor<1x2x4x4xf32>
  return %3 : tensor<1x2x4x4xf32>
}

// The values come after the weights.
// CHECK-LABEL: @late_values
// CHECK: %[[V:.*]] = nn.sigmoid %arg2
// CHECK: nn.attention %arg0, %arg1, %{{.*}} scale
func.func @late_values(%q: tensor<1x2x4x4xf32>, %k: tensor<1x2x6x4xf32>, %x: tensor<1x2x6x4xf32>) -> tensor<1x2x4x4xf32> {
  %0 = nn.matmul %q, %k {transposeW} : tensor<1x2x4x4xf32>, tensor<1x2x6x4xf32> -> tensor<1x2x4x6xf32>
  %1 = nn.softmax %0 axis 3 : (tensor<1x2x4x6xf32>) -> tensor<1x2x4x6xf32>
  %v = nn.sigmoid %x : (tensor<1x2x6x4xf32>) -> tensor<1x2x6x4xf32>
  %2 = nn.matmul %1, %v : tensor<1x2x4x6xf32>, tensor<1x2x6x4xf32> -> tensor<1x2x4x4xf32>
  return %2 : tensor<1x2x4x4xf32>
}

// -1e9 plus a score is not -1e9, which matters where a row hides all keys: only a known mask may be that near.
// CHECK-LABEL: @a_near_fill_stays
// CHECK-NOT: nn.attention
// CHECK-LABEL: @a_near_fill_of_later_keys
// CHECK: nn.attention %arg0, %arg1, %arg2 scale 1.000000e+00 {causal,
// WHY: remark: no attention: a condition selects scores that a sum would round
func.func @a_near_fill_stays(%q: tensor<1x2x4x4xf32>, %k: tensor<1x2x6x4xf32>, %v: tensor<1x2x6x4xf32>, %c: tensor<1x1x1x6xi1>) -> tensor<1x2x4x4xf32> {
  %low = arith.constant dense<-1.0e9> : tensor<f32>
  %0 = nn.matmul %q, %k {transposeW} : tensor<1x2x4x4xf32>, tensor<1x2x6x4xf32> -> tensor<1x2x4x6xf32>
  %1 = nn.where %c, %0, %low : (tensor<1x1x1x6xi1>, tensor<1x2x4x6xf32>, tensor<f32>) -> tensor<1x2x4x6xf32>
  %2 = nn.softmax %1 axis 3 : (tensor<1x2x4x6xf32>) -> tensor<1x2x4x6xf32>
  %3 = nn.matmul %2, %v : tensor<1x2x4x6xf32>, tensor<1x2x6x4xf32> -> tensor<1x2x4x4xf32>
  return %3 : tensor<1x2x4x4xf32>
}
func.func @a_near_fill_of_later_keys(%q: tensor<1x2x2x4xf32>, %k: tensor<1x2x2x4xf32>, %v: tensor<1x2x2x4xf32>) -> tensor<1x2x2x4xf32> {
  %low = arith.constant dense<-1.0e9> : tensor<f32>
  %c = arith.constant dense<[[true, false], [true, true]]> : tensor<2x2xi1>
  %0 = nn.matmul %q, %k {transposeW} : tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32> -> tensor<1x2x2x2xf32>
  %1 = nn.where %c, %0, %low : (tensor<2x2xi1>, tensor<1x2x2x2xf32>, tensor<f32>) -> tensor<1x2x2x2xf32>
  %2 = nn.softmax %1 axis 3 : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %3 = nn.matmul %2, %v : tensor<1x2x2x2xf32>, tensor<1x2x2x4xf32> -> tensor<1x2x2x4xf32>
  return %3 : tensor<1x2x2x4xf32>
}

// With fewer keys than queries the first queries see none: softmax weighs all keys then.
// CHECK-LABEL: @fewer_keys_than_queries
// CHECK: nn.attention %arg0, {{.*}} mask %{{.*}} scale 1.000000e+00 {qHeadsFirst
func.func @fewer_keys_than_queries(%q: tensor<1x2x2x4xf32>, %k: tensor<1x2x1x4xf32>, %v: tensor<1x2x1x4xf32>) -> tensor<1x2x2x4xf32> {
  %m = arith.constant dense<[[-1.0e9], [0.0]]> : tensor<2x1xf32>
  %0 = nn.matmul %q, %k {transposeW} : tensor<1x2x2x4xf32>, tensor<1x2x1x4xf32> -> tensor<1x2x2x1xf32>
  %1 = nn.add %0, %m : (tensor<1x2x2x1xf32>, tensor<2x1xf32>) -> tensor<1x2x2x1xf32>
  %2 = nn.softmax %1 axis 3 : (tensor<1x2x2x1xf32>) -> tensor<1x2x2x1xf32>
  %3 = nn.matmul %2, %v : tensor<1x2x2x1xf32>, tensor<1x2x1x4xf32> -> tensor<1x2x2x4xf32>
  return %3 : tensor<1x2x2x4xf32>
}

// Groups of heads are a dimension of their own where the mask is added, which is no batch.
// CHECK-LABEL: @a_mask_of_groups_stays
// CHECK-NOT: nn.attention
// CHECK-LABEL: @one_mask_for_all_groups
// CHECK: %[[M:.*]] = nn.reshape %arg3 : (tensor<1x1x1x6x6xf32>) -> tensor<6x6xf32>
// CHECK: nn.attention %arg0, %arg1, %arg2 mask %[[M]]
// WHY: remark: no attention: a mask tells apart more than batches and heads
func.func @a_mask_of_groups_stays(%q: tensor<2x4x6x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x6x8xf32>, %m: tensor<2x1x6x6xf32>) -> tensor<2x4x6x8xf32> {
  %0 = nn.matmul %q, %k {transposeW} : tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32> -> tensor<2x4x6x6xf32>
  %1 = nn.reshape %0 : (tensor<2x4x6x6xf32>) -> tensor<2x2x2x6x6xf32>
  %2 = nn.add %1, %m : (tensor<2x2x2x6x6xf32>, tensor<2x1x6x6xf32>) -> tensor<2x2x2x6x6xf32>
  %3 = nn.softmax %2 axis 4 : (tensor<2x2x2x6x6xf32>) -> tensor<2x2x2x6x6xf32>
  %4 = nn.reshape %3 : (tensor<2x2x2x6x6xf32>) -> tensor<2x4x6x6xf32>
  %5 = nn.matmul %4, %v : tensor<2x4x6x6xf32>, tensor<2x4x6x8xf32> -> tensor<2x4x6x8xf32>
  return %5 : tensor<2x4x6x8xf32>
}
func.func @one_mask_for_all_groups(%q: tensor<2x4x6x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x6x8xf32>, %m: tensor<1x1x1x6x6xf32>) -> tensor<2x4x6x8xf32> {
  %0 = nn.matmul %q, %k {transposeW} : tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32> -> tensor<2x4x6x6xf32>
  %1 = nn.reshape %0 : (tensor<2x4x6x6xf32>) -> tensor<2x2x2x6x6xf32>
  %2 = nn.add %1, %m : (tensor<2x2x2x6x6xf32>, tensor<1x1x1x6x6xf32>) -> tensor<2x2x2x6x6xf32>
  %3 = nn.softmax %2 axis 4 : (tensor<2x2x2x6x6xf32>) -> tensor<2x2x2x6x6xf32>
  %4 = nn.reshape %3 : (tensor<2x2x2x6x6xf32>) -> tensor<2x4x6x6xf32>
  %5 = nn.matmul %4, %v : tensor<2x4x6x6xf32>, tensor<2x4x6x8xf32> -> tensor<2x4x6x8xf32>
  return %5 : tensor<2x4x6x8xf32>
}

// Two layers share one mask.
// CHECK-LABEL: @two_layers
// CHECK: nn.where
// CHECK-NOT: nn.where
// CHECK: return
func.func @two_layers(%q: tensor<1x2x6x4xf32>, %c: tensor<6x6xi1>) -> tensor<1x2x6x4xf32> {
  %low = arith.constant dense<0xFF7FFFFF> : tensor<f32>
  %0 = nn.matmul %q, %q {transposeW} : tensor<1x2x6x4xf32>, tensor<1x2x6x4xf32> -> tensor<1x2x6x6xf32>
  %1 = nn.where %c, %0, %low : (tensor<6x6xi1>, tensor<1x2x6x6xf32>, tensor<f32>) -> tensor<1x2x6x6xf32>
  %2 = nn.softmax %1 axis 3 : (tensor<1x2x6x6xf32>) -> tensor<1x2x6x6xf32>
  %3 = nn.matmul %2, %q : tensor<1x2x6x6xf32>, tensor<1x2x6x4xf32> -> tensor<1x2x6x4xf32>
  %4 = nn.matmul %3, %3 {transposeW} : tensor<1x2x6x4xf32>, tensor<1x2x6x4xf32> -> tensor<1x2x6x6xf32>
  %5 = nn.where %c, %4, %low : (tensor<6x6xi1>, tensor<1x2x6x6xf32>, tensor<f32>) -> tensor<1x2x6x6xf32>
  %6 = nn.softmax %5 axis 3 : (tensor<1x2x6x6xf32>) -> tensor<1x2x6x6xf32>
  %7 = nn.matmul %6, %3 : tensor<1x2x6x6xf32>, tensor<1x2x6x4xf32> -> tensor<1x2x6x4xf32>
  return %7 : tensor<1x2x6x4xf32>
}

// CHECK-LABEL: @a_classifier_stays
// CHECK-NOT: nn.attention
// WHY: remark: no attention: its operand is no product of queries and keys
func.func @a_classifier_stays(%x: tensor<1x4x4xf32>, %v: tensor<1x4x4xf32>) -> tensor<1x4x4xf32> {
  %0 = nn.softmax %x axis 2 : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %1 = nn.matmul %0, %v : tensor<1x4x4xf32>, tensor<1x4x4xf32> -> tensor<1x4x4xf32>
  return %1 : tensor<1x4x4xf32>
}

// CHECK-LABEL: @a_mask_before_the_scale_stays
// CHECK-NOT: nn.attention
// WHY: remark: no attention: a mask is added before the scores are scaled
func.func @a_mask_before_the_scale_stays(%q: tensor<1x2x4x4xf32>, %k: tensor<1x2x4x4xf32>, %m: tensor<4x4xf32>) -> tensor<1x2x4x4xf32> {
  %half = arith.constant dense<0.5> : tensor<f32>
  %0 = nn.matmul %q, %k {transposeW} : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %1 = nn.add %0, %m : (tensor<1x2x4x4xf32>, tensor<4x4xf32>) -> tensor<1x2x4x4xf32>
  %2 = nn.mul %1, %half : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xf32>
  %3 = nn.softmax %2 axis 3 : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %4 = nn.matmul %3, %k : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  return %4 : tensor<1x2x4x4xf32>
}
