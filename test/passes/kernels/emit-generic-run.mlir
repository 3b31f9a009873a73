// Every function, by our emitter and by plain loops, on the same data.
// RUN: nncc-kernel-check %s -cpu=x86-64 | FileCheck %s
// RUN: %if x86-64-v3 %{ nncc-kernel-check %s -cpu=x86-64-v3 | FileCheck %s %}
// RUN: %if x86-64-v4 %{ nncc-kernel-check %s -cpu=x86-64-v4 | FileCheck %s %}
// CHECK-NOT: MISMATCH
// CHECK: last: ok

#id2 = affine_map<(d0, d1) -> (d0, d1)>
#id1 = affine_map<(d0) -> (d0)>
#row = affine_map<(d0, d1) -> (d1)>
#col = affine_map<(d0, d1) -> (d0)>
#tr = affine_map<(d0, d1) -> (d1, d0)>
#id3 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#outer = affine_map<(d0, d1, d2) -> (d0, d1)>
func.func @add(%a: memref<1003x7xf32>, %b: memref<1003x7xf32>, %c: memref<1003x7xf32>) {
  linalg.generic {indexing_maps = [#id2, #id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%a, %b : memref<1003x7xf32>, memref<1003x7xf32>) outs(%c : memref<1003x7xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  }
  return
}
func.func @relu(%a: memref<65536xf32>, %c: memref<65536xf32>) {
  linalg.generic {indexing_maps = [#id1, #id1], iterator_types = ["parallel"]} ins(%a : memref<65536xf32>) outs(%c : memref<65536xf32>) {
  ^bb0(%x: f32, %z: f32):
    %k = arith.constant 0.0 : f32
    %l = arith.cmpf olt, %x, %k : f32
    %s = arith.select %l, %k, %x : f32
    linalg.yield %s : f32
  }
  return
}
func.func @bias(%a: memref<100x37xf32>, %b: memref<37xf32>, %d: memref<100xf32>, %c: memref<100x37xf32>) {
  linalg.generic {indexing_maps = [#id2, #row, #col, #id2], iterator_types = ["parallel", "parallel"]} ins(%a, %b, %d : memref<100x37xf32>, memref<37xf32>, memref<100xf32>) outs(%c : memref<100x37xf32>) {
  ^bb0(%x: f32, %y: f32, %w: f32, %z: f32):
    %s = arith.addf %x, %y : f32
    %t = arith.mulf %s, %w : f32
    linalg.yield %t : f32
  }
  return
}
func.func @fill(%c: memref<100x37xf32>) {
  %k = arith.constant 3.0 : f32
  linalg.fill ins(%k : f32) outs(%c : memref<100x37xf32>)
  return
}
func.func @copystrided(%a: memref<10x37x5xf32, strided<[1000, 10, 2]>>, %c: memref<10x37x5xf32, strided<[999, 12, 1]>>) {
  linalg.copy ins(%a : memref<10x37x5xf32, strided<[1000, 10, 2]>>) outs(%c : memref<10x37x5xf32, strided<[999, 12, 1]>>)
  return
}
func.func @transpose(%a: memref<100x37xf32>, %c: memref<37x100xf32>) {
  linalg.transpose ins(%a : memref<100x37xf32>) outs(%c : memref<37x100xf32>) permutation = [1, 0]
  return
}
func.func @transposebig(%a: memref<512x768xf32>, %c: memref<768x512xf32>) {
  linalg.transpose ins(%a : memref<512x768xf32>) outs(%c : memref<768x512xf32>) permutation = [1, 0]
  return
}
func.func @nchw(%a: memref<2x3x56x56xf32>, %c: memref<2x56x56x3xf32>) {
  linalg.transpose ins(%a : memref<2x3x56x56xf32>) outs(%c : memref<2x56x56x3xf32>) permutation = [0, 2, 3, 1]
  return
}
func.func @nhwc(%a: memref<2x56x56x3xf32>, %c: memref<2x3x56x56xf32>) {
  linalg.transpose ins(%a : memref<2x56x56x3xf32>) outs(%c : memref<2x3x56x56xf32>) permutation = [0, 3, 1, 2]
  return
}
func.func @transpose8(%a: memref<100x37xi8>, %c: memref<37x100xi8>) {
  linalg.transpose ins(%a : memref<100x37xi8>) outs(%c : memref<37x100xi8>) permutation = [1, 0]
  return
}
func.func @transpose16(%a: memref<100x37xi16>, %c: memref<37x100xi16>) {
  linalg.transpose ins(%a : memref<100x37xi16>) outs(%c : memref<37x100xi16>) permutation = [1, 0]
  return
}
func.func @transpose64(%a: memref<100x37xi64>, %c: memref<37x100xi64>) {
  linalg.transpose ins(%a : memref<100x37xi64>) outs(%c : memref<37x100xi64>) permutation = [1, 0]
  return
}
func.func @heads(%a: memref<2x12x64x16xf32>, %c: memref<2x64x12x16xf32>) {
  linalg.transpose ins(%a : memref<2x12x64x16xf32>) outs(%c : memref<2x64x12x16xf32>) permutation = [0, 2, 1, 3]
  return
}
func.func @addtransposed(%a: memref<45x37xf32>, %b: memref<37x45xf32>, %v: memref<37xf32>, %c: memref<37x45xf32>) {
  linalg.generic {indexing_maps = [#tr, #id2, #col, #id2], iterator_types = ["parallel", "parallel"]} ins(%a, %b, %v : memref<45x37xf32>, memref<37x45xf32>, memref<37xf32>) outs(%c : memref<37x45xf32>) {
  ^bb0(%x: f32, %y: f32, %w: f32, %z: f32):
    %s = arith.subf %x, %y : f32
    %t = arith.mulf %s, %w : f32
    linalg.yield %t : f32
  }
  return
}
func.func @sumrows(%a: memref<50x37xf32>, %c: memref<50xf32>) {
  linalg.generic {indexing_maps = [#id2, #col], iterator_types = ["parallel", "reduction"]} ins(%a : memref<50x37xf32>) outs(%c : memref<50xf32>) {
  ^bb0(%x: f32, %z: f32):
    %s = arith.addf %z, %x : f32
    linalg.yield %s : f32
  }
  return
}
func.func @sumrowsbig(%a: memref<50x1003xf32>, %c: memref<50xf32>) {
  linalg.generic {indexing_maps = [#id2, #col], iterator_types = ["parallel", "reduction"]} ins(%a : memref<50x1003xf32>) outs(%c : memref<50xf32>) {
  ^bb0(%x: f32, %z: f32):
    %y = arith.mulf %x, %x : f32
    %s = arith.addf %z, %y : f32
    linalg.yield %s : f32
  }
  return
}
func.func @maxrows(%a: memref<50x1003xf32>, %c: memref<50xf32>) {
  linalg.generic {indexing_maps = [#id2, #col], iterator_types = ["parallel", "reduction"]} ins(%a : memref<50x1003xf32>) outs(%c : memref<50xf32>) {
  ^bb0(%x: f32, %z: f32):
    %y = arith.cmpf ogt, %x, %z : f32
    %s = arith.select %y, %x, %z : f32
    linalg.yield %s : f32
  }
  return
}
func.func @sumcols(%a: memref<50x1003xf32>, %c: memref<1003xf32>) {
  linalg.generic {indexing_maps = [#id2, #row], iterator_types = ["reduction", "parallel"]} ins(%a : memref<50x1003xf32>) outs(%c : memref<1003xf32>) {
  ^bb0(%x: f32, %z: f32):
    %s = arith.addf %z, %x : f32
    linalg.yield %s : f32
  }
  return
}
func.func @sumall(%a: memref<50x1003xf32>, %c: memref<f32>) {
  linalg.generic {indexing_maps = [#id2, affine_map<(d0, d1) -> ()>], iterator_types = ["reduction", "reduction"]} ins(%a : memref<50x1003xf32>) outs(%c : memref<f32>) {
  ^bb0(%x: f32, %z: f32):
    %s = arith.addf %z, %x : f32
    linalg.yield %s : f32
  }
  return
}
func.func @summid(%a: memref<6x20x33xf32>, %c: memref<20xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d1)>], iterator_types = ["reduction", "parallel", "reduction"]} ins(%a : memref<6x20x33xf32>) outs(%c : memref<20xf32>) {
  ^bb0(%x: f32, %z: f32):
    %s = arith.addf %z, %x : f32
    linalg.yield %s : f32
  }
  return
}
func.func @matmul(%a: memref<17x33xf32>, %b: memref<33x45xf32>, %c: memref<17x45xf32>) {
  linalg.matmul ins(%a, %b : memref<17x33xf32>, memref<33x45xf32>) outs(%c : memref<17x45xf32>)
  return
}
func.func @argmax(%a: memref<50x103xf32>, %c: memref<50xf32>, %d: memref<50xi64>) {
  linalg.generic {indexing_maps = [#id2, #col, #col], iterator_types = ["parallel", "reduction"]} ins(%a : memref<50x103xf32>) outs(%c, %d : memref<50xf32>, memref<50xi64>) {
  ^bb0(%x: f32, %z: f32, %i: i64):
    %j = linalg.index 1 : index
    %k = arith.index_cast %j : index to i64
    %y = arith.cmpf ogt, %x, %z : f32
    %s = arith.select %y, %x, %z : f32
    %t = arith.select %y, %k, %i : i64
    linalg.yield %s, %t : f32, i64
  }
  return
}
func.func @compare(%a: memref<1003xf32>, %b: memref<1003xf32>, %c: memref<1003xi8>) {
  linalg.generic {indexing_maps = [#id1, #id1, #id1], iterator_types = ["parallel"]} ins(%a, %b : memref<1003xf32>, memref<1003xf32>) outs(%c : memref<1003xi8>) {
  ^bb0(%x: f32, %y: f32, %z: i8):
    %l = arith.cmpf olt, %x, %y : f32
    %s = arith.extui %l : i1 to i8
    linalg.yield %s : i8
  }
  return
}
func.func @where(%m: memref<1003xi8>, %a: memref<1003xf32>, %c: memref<1003xf32>) {
  linalg.generic {indexing_maps = [#id1, #id1, #id1], iterator_types = ["parallel"]} ins(%m, %a : memref<1003xi8>, memref<1003xf32>) outs(%c : memref<1003xf32>) {
  ^bb0(%k: i8, %x: f32, %z: f32):
    %o = arith.constant 0 : i8
    %i = arith.cmpi ne, %k, %o : i8
    %n = arith.negf %x : f32
    %s = arith.select %i, %x, %n : f32
    linalg.yield %s : f32
  }
  return
}
func.func @range(%c: memref<13x29xi64>, %e: memref<13x29xf32>) {
  linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]} outs(%c, %e : memref<13x29xi64>, memref<13x29xf32>) {
  ^bb0(%z: i64, %y: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %k = arith.addi %i, %j : index
    %l = arith.index_cast %k : index to i64
    %m = arith.sitofp %l : i64 to f32
    linalg.yield %l, %m : i64, f32
  }
  return
}
func.func @upsample(%a: memref<5x9xf32>, %c: memref<10x18xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0 floordiv 2, d1 floordiv 2)>, #id2], iterator_types = ["parallel", "parallel"]} ins(%a : memref<5x9xf32>) outs(%c : memref<10x18xf32>) {
  ^bb0(%x: f32, %z: f32):
    linalg.yield %x : f32
  }
  return
}
func.func @reverse(%a: memref<1003xf32>, %c: memref<1003xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (1002 - d0)>, #id1], iterator_types = ["parallel"]} ins(%a : memref<1003xf32>) outs(%c : memref<1003xf32>) {
  ^bb0(%x: f32, %z: f32):
    linalg.yield %x : f32
  }
  return
}
func.func @accumulate(%a: memref<1003xf32>, %c: memref<1003xf32>) {
  linalg.generic {indexing_maps = [#id1, #id1], iterator_types = ["parallel"]} ins(%a : memref<1003xf32>) outs(%c : memref<1003xf32>) {
  ^bb0(%x: f32, %z: f32):
    %s = arith.addf %x, %z : f32
    linalg.yield %s : f32
  }
  return
}
func.func @scalar0(%a: memref<f32>, %c: memref<f32>) {
  linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []} ins(%a : memref<f32>) outs(%c : memref<f32>) {
  ^bb0(%x: f32, %z: f32):
    %s = arith.mulf %x, %x : f32
    linalg.yield %s : f32
  }
  return
}
func.func @mixed(%a: memref<77xi8>, %b: memref<77xf64>, %c: memref<77xf32>) {
  linalg.generic {indexing_maps = [#id1, #id1, #id1], iterator_types = ["parallel"]} ins(%a, %b : memref<77xi8>, memref<77xf64>) outs(%c : memref<77xf32>) {
  ^bb0(%x: i8, %y: f64, %z: f32):
    %i = arith.sitofp %x : i8 to f64
    %s = arith.mulf %i, %y : f64
    %t = arith.truncf %s : f64 to f32
    linalg.yield %t : f32
  }
  return
}
func.func @sumbytes(%a: memref<5x1077xi8>, %c: memref<5xi32>) {
  linalg.generic {indexing_maps = [#id2, #col], iterator_types = ["parallel", "reduction"]} ins(%a : memref<5x1077xi8>) outs(%c : memref<5xi32>) {
  ^bb0(%x: i8, %z: i32):
    %i = arith.extsi %x : i8 to i32
    %s = arith.addi %i, %z : i32
    linalg.yield %s : i32
  }
  return
}

// The forms in which maxima come from formulas: NaN is passed on.
func.func @maxnan(%a: memref<50x103xf32>, %c: memref<50xf32>, %d: memref<103xf32>) {
  linalg.generic {indexing_maps = [#id2, #col], iterator_types = ["parallel", "reduction"]} ins(%a : memref<50x103xf32>) outs(%c : memref<50xf32>) {
  ^bb0(%x: f32, %z: f32):
    %e = math.absf %x : f32
    %y = arith.cmpf olt, %z, %e : f32
    %s = arith.select %y, %e, %z : f32
    %n = arith.cmpf uno, %e, %e : f32
    %t = arith.select %n, %e, %s : f32
    linalg.yield %t : f32
  }
  linalg.generic {indexing_maps = [#id2, #row], iterator_types = ["reduction", "parallel"]} ins(%a : memref<50x103xf32>) outs(%d : memref<103xf32>) {
  ^bb0(%x: f32, %z: f32):
    %y = arith.cmpf olt, %z, %x : f32
    %s = arith.select %y, %x, %z : f32
    %n = arith.cmpf uno, %x, %x : f32
    %t = arith.select %n, %x, %s : f32
    linalg.yield %t : f32
  }
  return
}
func.func @keepdims(%a: memref<5x7x103xf32>, %c: memref<5x7x1xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a : memref<5x7x103xf32>) outs(%c : memref<5x7x1xf32>) {
  ^bb0(%x: f32, %z: f32):
    %s = arith.addf %x, %z : f32
    linalg.yield %s : f32
  }
  return
}
func.func @upsample_channels_last(%a: memref<2x5x9x21xf32>, %c: memref<2x10x18x21xf32>) {
  linalg.generic {indexing_maps = [affine_map<(n, h, w, c) -> (n, h floordiv 2, w floordiv 2, c)>, affine_map<(n, h, w, c) -> (n, h, w, c)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%a : memref<2x5x9x21xf32>) outs(%c : memref<2x10x18x21xf32>) {
  ^bb0(%x: f32, %z: f32):
    linalg.yield %x : f32
  }
  return
}
func.func @modulo(%a: memref<7x9xf32>, %c: memref<21x18xf32>) {
  linalg.generic {indexing_maps = [affine_map<(h, w) -> (h mod 7, w mod 9)>, #id2], iterator_types = ["parallel", "parallel"]} ins(%a : memref<7x9xf32>) outs(%c : memref<21x18xf32>) {
  ^bb0(%x: f32, %z: f32):
    %t = arith.addf %x, %z : f32
    linalg.yield %t : f32
  }
  return
}
func.func @strided(%a: memref<20x200xf32>, %c: memref<20x100xf32>, %d: memref<20x50xf32, strided<[400, 3]>>) {
  linalg.generic {indexing_maps = [affine_map<(h, w) -> (h, w * 2 + 1)>, #id2], iterator_types = ["parallel", "parallel"]} ins(%a : memref<20x200xf32>) outs(%c : memref<20x100xf32>) {
  ^bb0(%x: f32, %z: f32):
    linalg.yield %x : f32
  }
  linalg.generic {indexing_maps = [affine_map<(h, w) -> (h, w * 4 + 1)>, #id2], iterator_types = ["parallel", "parallel"]} ins(%a : memref<20x200xf32>) outs(%d : memref<20x50xf32, strided<[400, 3]>>) {
  ^bb0(%x: f32, %z: f32):
    linalg.yield %x : f32
  }
  return
}
func.func @empty(%a: memref<0x200xf32>, %c: memref<0x200xf32>, %d: memref<200xf32>) {
  linalg.copy ins(%a : memref<0x200xf32>) outs(%c : memref<0x200xf32>)
  linalg.generic {indexing_maps = [#id2, #row], iterator_types = ["reduction", "parallel"]} ins(%a : memref<0x200xf32>) outs(%d : memref<200xf32>) {
  ^bb0(%x: f32, %z: f32):
    %s = arith.addf %x, %z : f32
    linalg.yield %s : f32
  }
  return
}
// A body that has no vector form: addresses that depend on data.
func.func @lookup(%a: memref<16xf32>, %i: memref<37xi32>, %c: memref<37xf32>) {
  linalg.generic {indexing_maps = [#id1, #id1], iterator_types = ["parallel"]} ins(%i : memref<37xi32>) outs(%c : memref<37xf32>) {
  ^bb0(%x: i32, %z: f32):
    %m = arith.constant 15 : i32
    %y = arith.andi %x, %m : i32
    %j = arith.index_cast %y : i32 to index
    %v = memref.load %a[%j] : memref<16xf32>
    linalg.yield %v : f32
  }
  return
}
func.func @doubles(%a: memref<37xf64>, %b: memref<37xf64>, %c: memref<37xf64>) {
  linalg.generic {indexing_maps = [#id1, #id1, #id1], iterator_types = ["parallel"]} ins(%a : memref<37xf64>) outs(%b, %c : memref<37xf64>, memref<37xf64>) {
  ^bb0(%x: f64, %y: f64, %z: f64):
    %f = math.floor %x : f64
    %g = math.ceil %x : f64
    %h = math.roundeven %x : f64
    %s = arith.addf %f, %g : f64
    %t = arith.addf %s, %h : f64
    %e = math.exp %x : f64
    %i = math.tanh %e : f64
    %p = math.powf %e, %x : f64
    %q = arith.addf %i, %p : f64
    linalg.yield %t, %q : f64, f64
  }
  return
}
// Few channels inside: softmax in place, and what numbers, reads across, picks or accumulates along such a loop.
func.func @softmax_of_two(%a: memref<5x67x2xf32>, %m: memref<5x67xf32>, %s: memref<5x67xf32>) {
  linalg.generic {indexing_maps = [#id3, #outer], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a : memref<5x67x2xf32>) outs(%m : memref<5x67xf32>) {
  ^bb0(%x: f32, %z: f32):
    %y = arith.cmpf olt, %z, %x : f32
    %t = arith.select %y, %x, %z : f32
    linalg.yield %t : f32
  }
  linalg.generic {indexing_maps = [#outer, #id3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%m : memref<5x67xf32>) outs(%a : memref<5x67x2xf32>) {
  ^bb0(%x: f32, %z: f32):
    %d = arith.subf %z, %x : f32
    %e = math.exp %d : f32
    linalg.yield %e : f32
  }
  linalg.generic {indexing_maps = [#id3, #outer], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a : memref<5x67x2xf32>) outs(%s : memref<5x67xf32>) {
  ^bb0(%x: f32, %z: f32):
    %t = arith.addf %z, %x : f32
    linalg.yield %t : f32
  }
  linalg.generic {indexing_maps = [#outer, #id3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%s : memref<5x67xf32>) outs(%a : memref<5x67x2xf32>) {
  ^bb0(%x: f32, %z: f32):
    %d = arith.divf %z, %x : f32
    linalg.yield %d : f32
  }
  return
}
func.func @numbers_of_three(%c: memref<37x3xi64>, %r: memref<37xf32>, %e: memref<37x3xf32>, %d: memref<3x37xi32>) {
  linalg.generic {indexing_maps = [#col, #id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%r : memref<37xf32>) outs(%c, %e : memref<37x3xi64>, memref<37x3xf32>) {
  ^bb0(%x: f32, %z: i64, %y: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %h = arith.constant 100 : index
    %t = arith.muli %j, %h : index
    %k = arith.addi %i, %t : index
    %l = arith.index_cast %k : index to i64
    %m = arith.sitofp %l : i64 to f32
    %n = arith.addf %m, %x : f32
    linalg.yield %l, %n : i64, f32
  }
  linalg.generic {indexing_maps = [#tr, #id2], iterator_types = ["parallel", "parallel"]} ins(%c : memref<37x3xi64>) outs(%d : memref<3x37xi32>) {
  ^bb0(%x: i64, %z: i32):
    %j = linalg.index 0 : index
    %l = arith.index_cast %j : index to i64
    %m = arith.muli %l, %x : i64
    %n = arith.trunci %m : i64 to i32
    linalg.yield %n : i32
  }
  return
}
func.func @argmax_of_five(%a: memref<50x5xf32>, %c: memref<50xf32>, %d: memref<50xi64>) {
  linalg.generic {indexing_maps = [#id2, #col, #col], iterator_types = ["parallel", "reduction"]} ins(%a : memref<50x5xf32>) outs(%c, %d : memref<50xf32>, memref<50xi64>) {
  ^bb0(%x: f32, %z: f32, %i: i64):
    %j = linalg.index 1 : index
    %k = arith.index_cast %j : index to i64
    %y = arith.cmpf ogt, %x, %z : f32
    %s = arith.select %y, %x, %z : f32
    %t = arith.select %y, %k, %i : i64
    linalg.yield %s, %t : f32, i64
  }
  return
}
func.func @prelu_of_six(%a: memref<53x6xf32>, %k: memref<53x6xi8>, %s: memref<6xf32>, %t: memref<6x53xf32>, %c: memref<53x6xf32>) {
  linalg.generic {indexing_maps = [#id2, #id2, #row, #tr, #id2], iterator_types = ["parallel", "parallel"]} ins(%a, %k, %s, %t : memref<53x6xf32>, memref<53x6xi8>, memref<6xf32>, memref<6x53xf32>) outs(%c : memref<53x6xf32>) {
  ^bb0(%x: f32, %b: i8, %y: f32, %w: f32, %z: f32):
    %o = arith.constant 0.0 : f32
    %n = arith.constant 3 : i8
    %m = arith.mulf %x, %y : f32
    %l = arith.cmpf olt, %x, %o : f32
    %r = arith.select %l, %m, %x : f32
    %h = arith.cmpi slt, %b, %n : i8
    %q = arith.select %h, %w, %r : f32
    linalg.yield %q : f32
  }
  return
}
func.func @moments_of_seven(%a: memref<3x41x7xf32>, %c: memref<3x41xf32>, %d: memref<41x3xf64>) {
  linalg.generic {indexing_maps = [#id3, #outer], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a : memref<3x41x7xf32>) outs(%c : memref<3x41xf32>) {
  ^bb0(%x: f32, %z: f32):
    %y = arith.mulf %x, %x : f32
    %s = arith.addf %z, %y : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#id3, affine_map<(d0, d1, d2) -> (d1, d0)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a : memref<3x41x7xf32>) outs(%d : memref<41x3xf64>) {
  ^bb0(%x: f32, %z: f64):
    %y = arith.extf %x : f32 to f64
    %s = arith.addf %z, %y : f64
    linalg.yield %s : f64
  }
  return
}
func.func @pixels_of_sixteen(%a: memref<40x16xf32>, %c: memref<40xf32>, %b: memref<40x12xi16>, %d: memref<12x40xi16>) {
  linalg.generic {indexing_maps = [#id2, #col], iterator_types = ["parallel", "reduction"]} ins(%a : memref<40x16xf32>) outs(%c : memref<40xf32>) {
  ^bb0(%x: f32, %z: f32):
    %y = arith.cmpf olt, %z, %x : f32
    %t = arith.select %y, %x, %z : f32
    linalg.yield %t : f32
  }
  linalg.transpose ins(%b : memref<40x12xi16>) outs(%d : memref<12x40xi16>) permutation = [1, 0]
  return
}
func.func @last(%a: memref<1xf32>) {
  return
}
