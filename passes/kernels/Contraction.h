// What the contractions share: panels of columns with their tails, a tile of accumulators in registers, and its way
// through the epilogue into the result.
#pragma once
#include "dialects/kernel/Geometry.h"
#include "passes/kernels/Emitter.h"

namespace nncc {

/// Where one row of a tile begins in some operand, and how far the next row is.
struct RowBase {
  Address first;
  int64_t stride = 0;
  Address row(int64_t r) const { return {first.base, first.constant + r * stride}; }
};

/// One vector of columns of a tile.
struct Column {
  Address weights;  // of k = 0
  Address result;   // column in the result
  int64_t valid;    // how many lanes exist
  mlir::Value mask; // of these; null when all do
};

class ContractionEmitter : public Emitter {
public:
  /// `columns`: of the result within one group.
  ContractionEmitter(nn::EpilogueInterface op, mlir::Value init, kernel::TileAttr tile, mlir::Type element,
                     int64_t columns, int64_t groups);

  nn::EpilogueInterface op;
  mlir::Type element; // of operands and accumulators
  int64_t rows, vectors, lanes, panel;
  int64_t columns, groups, panels; // of one group
  Buffer out;
  llvm::SmallVector<Buffer> extras;
  std::optional<kernel::Slabs> slabs;
  Buffer partial; // sums of a band, where there are slabs

  /// To be called once before anything below.
  void cutSum(std::optional<kernel::Slabs> slabs, Value scratch);
  /// Calls `body` with the vectors of each panel among the units [from, to); up to `atOnce` panels together. `depth` is
  /// the length of the sum: packed weights are [groups][panels][depth][panel]. Without `packed`, the weights of a
  /// column are at the column.
  void forEachPanel(KernelSite::Range range, int64_t depth, bool packed, int64_t atOnce,
                    llvm::function_ref<void(Value group, llvm::ArrayRef<Column>)> body);

  /// The result's and each extra's rows, from indices of all result dimensions but the last.
  llvm::SmallVector<RowBase> rowBases(llvm::ArrayRef<Value> indices, unsigned rowDim);

  /// The accumulators' first values for `height` rows: zeros, or the bias where the epilogue begins by adding it.
  llvm::SmallVector<Value> start(llvm::ArrayRef<Column> columns, int64_t height, llvm::ArrayRef<RowBase> bases);
  /// Whether that is a bias.
  bool startsWithBias() const { return biasAdd; }
  /// Whether so many weights, read once, are worth a prefetch.
  bool comeFromMemory(int64_t weightBytes) const;
  /// From here on `step` asks for the lines of weights `distance` further, where weights come from memory: as many
  /// tiles as a row of the panel has lines share them, by the tile's number.
  void prefetchWeights(int64_t weightBytes, Address distance, Value tileNumber);
  /// Sums that wait in scratch memory between slabs, from `at` on.
  llvm::SmallVector<Value> loadPartial(Address at, size_t count);
  void storePartial(llvm::ArrayRef<Value> acc, Address at);
  /// Calls `body` for each slab with its channels and the distance to the weights of the slab that follows.
  void forEachSlab(int64_t depth, int64_t taps,
                   llvm::function_ref<void(KernelSite::Range channels, Address distance)> body);
  /// Asks for the lines of the result that the tile will write.
  void prefetch(llvm::ArrayRef<Column> columns, int64_t height, const RowBase &result);
  /// acc[r][v] += x[r] * w[v]; rows whose `x` is null are left alone.
  void step(llvm::MutableArrayRef<Value> acc, llvm::ArrayRef<Column> columns, const Buffer &weights,
            Address weightOffset, llvm::ArrayRef<std::optional<Address>> x, const Buffer &xs, bool masked = false);
  /// Runs the epilogue and stores.
  void finish(llvm::ArrayRef<Value> acc, llvm::ArrayRef<Column> columns, int64_t height, llvm::ArrayRef<RowBase> bases);

  /// How many panels a tile had better take together where there are no more than `extent` rows.
  int64_t panelsAtOnce(int64_t extent) const;
  /// How many units make a band whose share of `bytes` stays in cache while all panels pass over it; 0: no bands.
  int64_t bandOf(int64_t units, int64_t inputBytes, int64_t weightBytes) const;
  /// Calls `body` with the parts of `range`, one band each.
  void forEachBand(KernelSite::Range range, int64_t band, llvm::function_ref<void(KernelSite::Range)> body);

private:
  Value finished(Value acc, const Column &column, llvm::ArrayRef<Address> rows);

  mlir::Operation *biasAdd = nullptr; // the epilogue's first op where it adds a value that depends on the column alone
  unsigned biasIndex = 0;             // among the extras
  bool heavy = false;                 // too long to be inlined once per register
  std::optional<Address> ahead;       // from a weight in use to the line to ask for
};

} // namespace nncc
