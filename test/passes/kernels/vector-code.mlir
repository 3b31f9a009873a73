// What the machine runs: no call and no arithmetic on single elements in a vector loop, whatever the level.
// RUN: nncc-kernel-check %s -cpu=x86-64 -only=mathematics -asm=%t.sse2.s && FileCheck %s --check-prefix=SSE2 < %t.sse2.s
// RUN: not grep -E 'call|[[:space:]]v?(add|sub|mul|div|sqrt|cvts)s[sd]' %t.sse2.s
// RUN: %if x86-64-v3 %{ nncc-kernel-check %s -cpu=x86-64-v3 -only=mathematics -asm=%t.avx2.s && FileCheck %s --check-prefix=AVX2 < %t.avx2.s %}
// RUN: %if x86-64-v3 %{ not grep -E 'call|[[:space:]]v?(add|sub|mul|div|sqrt|cvts)s[sd]' %t.avx2.s %}
// RUN: %if x86-64-v4 %{ nncc-kernel-check %s -cpu=x86-64-v4 -only=mathematics -asm=%t.avx512.s && FileCheck %s --check-prefix=AVX512 < %t.avx512.s %}
// RUN: %if x86-64-v4 %{ not grep -E 'call|[[:space:]]v?(add|sub|mul|div|sqrt|cvts)s[sd]' %t.avx512.s %}
// RUN: nncc-kernel-check %s -cpu=x86-64 -only=movement -asm=%t.move.s && FileCheck %s --check-prefix=MOVE < %t.move.s
// RUN: not grep -E 'call|movss' %t.move.s

// SSE2: mulps
// AVX2: vfmadd{{.*}}%ymm
// Zeros by underflow cost the instruction as much as denormals do.
// AVX512: vscalefps {{.*}} {%k{{[0-7]}}} {z}
func.func @mathematics(%x: memref<4096xf32>, %y: memref<4096xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%x : memref<4096xf32>) outs(%y : memref<4096xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = math.exp %in : f32
    %1 = math.log1p %0 : f32
    %2 = math.tanh %1 : f32
    %3 = math.erf %2 : f32
    %4 = math.log %3 : f32
    %5 = math.expm1 %4 : f32
    %6 = math.asin %5 : f32
    %7 = math.acos %6 : f32
    %8 = math.atan %7 : f32
    %9 = math.sinh %8 : f32
    %10 = math.cosh %9 : f32
    %11 = math.asinh %10 : f32
    %12 = math.acosh %11 : f32
    %13 = math.atanh %12 : f32
    %14 = math.erfc %13 : f32
    %15 = math.floor %14 : f32
    %16 = math.ceil %15 : f32
    %17 = math.roundeven %16 : f32
    %18 = math.trunc %17 : f32
    %20 = math.fma %18, %in, %in : f32
    %21 = math.powf %20, %in : f32
    linalg.yield %21 : f32
  }
  return
}

// MOVE: unpcklps
func.func @movement(%x: memref<64x32xf32>, %y: memref<32x64xf32>, %z: memref<2x32x64xf32>) {
  linalg.transpose ins(%x : memref<64x32xf32>) outs(%y : memref<32x64xf32>) permutation = [1, 0]
  linalg.broadcast ins(%y : memref<32x64xf32>) outs(%z : memref<2x32x64xf32>) dimensions = [0]
  return
}
