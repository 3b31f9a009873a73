// Where inputs come from and what outputs are compared with: test_data_set folders, single files, made-up numbers.
#pragma once
#include "Compare.h"
#include "Session.h"

namespace nncc::run {

/// The tensors of PREFIX_0.pb, PREFIX_1.pb ... in a folder.
llvm::Expected<std::vector<Tensor>> readDataSet(llvm::StringRef folder, llvm::StringRef prefix);

/// Sets every input: from `folder` unless it is empty, else at random, then as each `NAME=FILE|random|zeros` says.
llvm::Error setInputs(Session &session, llvm::StringRef folder, llvm::ArrayRef<std::string> specs);

/// One line per output to `os`. False when one differs; `scaleError` becomes the largest error relative to its output's
/// scale.
llvm::Expected<bool> compareOutputs(const Session &session, llvm::ArrayRef<Tensor> expected, const Tolerance &tolerance,
                                    double &scaleError, llvm::raw_ostream &os);

/// FOLDER/NAME.npy for every output.
llvm::Error writeOutputs(const Session &session, llvm::StringRef folder);

} // namespace nncc::run
