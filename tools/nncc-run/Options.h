// The command line of nncc-run.
#pragma once
#include "llvm/Support/CommandLine.h"

namespace nncc::run {

/// LLVM's libraries register options of their own, some under the names of these. None of them is an option of this
/// program: the constructor removes them, and there is one object, made in main.
class Options {
  struct RemoveForeign {
    RemoveForeign();
  } removeForeign;
  llvm::cl::OptionCategory category{"nncc-run options"};

  template <class T> using opt = llvm::cl::opt<T>;
  using desc = llvm::cl::desc;
  using value = llvm::cl::value_desc;

public:
  opt<std::string> model{llvm::cl::Positional, desc("model.so | model.onnx"), llvm::cl::cat(category)};
  opt<std::string> data{"data", value("DIR"), desc("Take inputs from a test_data_set folder and compare the outputs"),
                        llvm::cl::cat(category)};
  llvm::cl::list<std::string> inputs{"input", value("NAME=FILE.npy|FILE.pb|random|zeros"),
                                     desc("Set an input; those not named are random with a fixed seed"),
                                     llvm::cl::cat(category)};
  opt<std::string> outputDir{"output-dir", value("DIR"), desc("Write each output to DIR/NAME.npy"),
                             llvm::cl::cat(category)};
  opt<double> rtol{"rtol", llvm::cl::init(1e-3), desc("Relative tolerance of floats (1e-3)"), llvm::cl::cat(category)};
  opt<double> atol{"atol", llvm::cl::init(1e-5), desc("Absolute tolerance of floats (1e-5)"), llvm::cl::cat(category)};
  opt<std::string> bench{"bench", llvm::cl::ValueOptional, value("SECONDS"),
                         desc("Time the model for some seconds (1)"), llvm::cl::cat(category)};
  opt<unsigned> threads{"threads", llvm::cl::init(1), desc("Threads that run the model (1)"), llvm::cl::cat(category)};
  opt<bool> profile{"profile", desc("Print the time of each ONNX node"), llvm::cl::cat(category)};
  opt<bool> json{"json", desc("Print the figures as one line of JSON, all else to standard error"),
                 llvm::cl::cat(category)};
  opt<std::string> weights{"weights", value("FILE"), desc("The weights of a model that does not hold them"),
                           llvm::cl::cat(category)};
  opt<bool> unaligned{"unaligned", desc("Give inputs and outputs no more than their element's alignment"),
                      llvm::cl::cat(category)};

  /// Reads the command line. Fails with what is wrong with it.
  llvm::Error parse(llvm::ArrayRef<const char *> arguments);

  /// nncc's command line, for a model that is no shared object: every argument that is not one of the above.
  llvm::SmallVector<const char *> nncc;
  double benchSeconds = 1;
};

} // namespace nncc::run
