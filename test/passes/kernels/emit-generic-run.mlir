#id2 = affine_map<(d0, d1) -> (d0, d1)>
#id1 = affine_map<(d0) -> (d0)>
#row = affine_map<(d0, d1) -> (d1)>
#col = affine_map<(d0, d1) -> (d0)>
#tr = affine_map<(d0, d1) -> (d1, d0)>
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
