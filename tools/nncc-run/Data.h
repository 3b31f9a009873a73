// Where inputs come from and what outputs are compared with: test_data_set folders, single files, made-up numbers.
#pragma once
#include "Compare.h"
#include "Session.h"

namespace nncc::run {

/// The tensors of PREFIX_0.pb, PREFIX_1.pb ... in a folder.
llvm::Expected<std::vector<Tensor>> readDataSet(llvm::StringRef folder, llvm::StringRef prefix);

/// Sets every input: from `folder` unless it is empty, else at random, then as each `NAME=FILE|random|zeros` says.
llvm::Error setInputs(Session &session, llvm::StringRef folder, llvm::ArrayRef<std::string> specs);

/// One comparison per output, and a line of text to `os`. An output of another type or shape differs in every element,
/// by an infinite error.
llvm::Expected<std::vector<Comparison>> compareOutputs(const Session &session, llvm::ArrayRef<Tensor> expected,
                                                       const Tolerance &tolerance, llvm::raw_ostream &os);

/// FOLDER/NAME.npy for every output.
llvm::Error writeOutputs(const Session &session, llvm::StringRef folder);

} // namespace nncc::run
