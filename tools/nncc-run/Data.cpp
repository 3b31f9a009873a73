// Inputs and outputs of a session: see Data.h.
#include "Data.h"
#include "Error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"

using namespace nncc::run;

llvm::Expected<std::vector<Tensor>> nncc::run::readDataSet(llvm::StringRef folder, llvm::StringRef prefix) {
  std::vector<Tensor> tensors;
  if (!llvm::sys::fs::is_directory(folder))
    return fail(ExitCode::Usage, folder + ": expected a folder of input_N.pb and output_N.pb");
  for (;;) {
    llvm::SmallString<256> path(folder);
    llvm::sys::path::append(path, prefix + "_" + llvm::Twine(tensors.size()) + ".pb");
    if (!llvm::sys::fs::exists(path))
      return tensors;
    auto tensor = readTensor(path);
    if (!tensor)
      return tensor.takeError();
    tensors.push_back(std::move(*tensor));
  }
}

/// Sets inputs by position. A data set that has more tensors than the model has inputs goes by name: it was made for
/// the model before some of its inputs were fixed to a value.
static llvm::Error setFromDataSet(Session &session, llvm::StringRef folder) {
  auto tensors = readDataSet(folder, "input");
  if (!tensors)
    return tensors.takeError();
  uint32_t count = session.model.inputs;
  auto mismatch = [&] {
    return fail(ExitCode::Usage,
                folder + ": expected " + llvm::Twine(count) + " inputs, got " + llvm::Twine(tensors->size()));
  };
  if (tensors->size() < count)
    return mismatch();
  for (uint32_t i = 0; i < count; i++) {
    auto tensor = tensors->begin() + i;
    if (tensors->size() > count)
      tensor = llvm::find_if(*tensors, [&](const Tensor &t) { return t.name == session.model.input[i].name; });
    if (tensor == tensors->end())
      return mismatch();
    if (llvm::Error error = session.setInput(i, *tensor))
      return error;
  }
  return llvm::Error::success();
}

/// NAME=WHAT, where NAME is the longest name of an input that fits: names may hold '='.
static llvm::Error setFromSpec(Session &session, llvm::StringRef spec) {
  const nncc_model &model = session.model;
  int64_t found = -1;
  size_t length = 0;
  std::string known;
  for (uint32_t i = 0; i < model.inputs; i++) {
    llvm::StringRef name = model.input[i].name;
    known += (i ? ", '" : "'") + name.str() + "'";
    if (spec.starts_with(name) && spec.substr(name.size()).starts_with("=") && (found < 0 || name.size() > length)) {
      found = i;
      length = name.size();
    }
  }
  if (found < 0)
    return fail(ExitCode::Usage, "--input " + spec + ": expected NAME=FILE with one of the inputs " + known);
  llvm::StringRef what = spec.substr(length + 1);
  if (what == "random")
    session.setRandom(found);
  else if (what == "zeros")
    session.setZeros(found);
  else {
    auto tensor = readTensor(what);
    if (!tensor)
      return tensor.takeError();
    return session.setInput(found, *tensor);
  }
  return llvm::Error::success();
}

llvm::Error nncc::run::setInputs(Session &session, llvm::StringRef folder, llvm::ArrayRef<std::string> specs) {
  if (folder.empty())
    for (uint32_t i = 0; i < session.model.inputs; i++)
      session.setRandom(i);
  else if (llvm::Error error = setFromDataSet(session, folder))
    return error;
  for (llvm::StringRef spec : specs)
    if (llvm::Error error = setFromSpec(session, spec))
      return error;
  return llvm::Error::success();
}

/// "[0,3,1]" for a linear index.
static std::string position(const nncc_tensor &tensor, uint64_t index) {
  llvm::SmallVector<std::string> parts(tensor.rank);
  for (uint32_t i = tensor.rank; i-- > 0; index /= tensor.shape[i])
    parts[i] = llvm::utostr(index % tensor.shape[i]);
  return "[" + llvm::join(parts, ",") + "]";
}

static void printComparison(const nncc_tensor &tensor, const uint8_t *got, const Tensor &expected,
                            const Comparison &result, llvm::raw_ostream &os) {
  os << llvm::format("max abs error %.3g, relative %.3g, of the scale %.3g: ", result.absoluteError,
                     result.relativeError, result.scaleError);
  if (!result.mismatches) {
    os << "ok\n";
    return;
  }
  uint64_t at = result.firstMismatch;
  os << "MISMATCH at " << position(tensor, at) << ": got " << elementText(tensor.type, got, at) << ", expected "
     << elementText(tensor.type, expected.data.data(), at) << " (" << result.mismatches << " of " << result.elements
     << " differ)\n";
}

llvm::Expected<std::vector<Comparison>> nncc::run::compareOutputs(const Session &session,
                                                                  llvm::ArrayRef<Tensor> expected,
                                                                  const Tolerance &tolerance, llvm::raw_ostream &os) {
  const nncc_model &model = session.model;
  if (expected.size() != model.outputs)
    return fail(ExitCode::Usage, "expected as many output_N.pb as the model has outputs, " +
                                     llvm::Twine(model.outputs) + ", got " + llvm::Twine(expected.size()));
  std::vector<Comparison> results(model.outputs);
  for (uint32_t i = 0; i < model.outputs; i++) {
    const nncc_tensor &tensor = model.output[i];
    const Tensor &wanted = expected[i];
    uint64_t elements = tensor.bytes / elementBytes(tensor.type);
    os << "output '";
    os.write_escaped(tensor.name) << "' " << describe(tensor) << ": ";
    if (wanted.type != tensor.type || llvm::ArrayRef(wanted.shape) != llvm::ArrayRef(tensor.shape, tensor.rank)) {
      os << "MISMATCH: expected " << describe(wanted.type, wanted.shape) << "\n";
      results[i] = {INFINITY, INFINITY, INFINITY, elements, std::max<uint64_t>(elements, 1)};
      continue;
    }
    results[i] = compare(tensor.type, session.output(i), wanted.data.data(), elements, tolerance);
    printComparison(tensor, session.output(i), wanted, results[i], os);
  }
  return results;
}

llvm::Error nncc::run::writeOutputs(const Session &session, llvm::StringRef folder) {
  if (std::error_code error = llvm::sys::fs::create_directories(folder))
    return fail(ExitCode::Usage, folder + ": " + error.message());
  llvm::StringSet<> used;
  for (uint32_t i = 0; i < session.model.outputs; i++) {
    const nncc_tensor &tensor = session.model.output[i];
    std::string name = llvm::StringRef(tensor.name).take_front(200).str();
    for (char &c : name)
      if (c == '/' || llvm::isSpace(c) || !llvm::isPrint(c))
        c = '_';
    if (name.empty() || name.front() == '.' || !used.insert(llvm::StringRef(name).lower()).second)
      name += "_" + llvm::utostr(i);
    llvm::SmallString<256> path(folder);
    llvm::sys::path::append(path, name + ".npy");
    if (llvm::Error error = writeNpy(path, tensor, session.output(i)))
      return error;
  }
  return llvm::Error::success();
}
