// Buffers, threads and calls of a model: see Session.h.
#include "Session.h"
#include "Error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/xxhash.h"
#include <cstring>

using namespace nncc::run;

static llvm::Error statusError(int status) {
  static const char *const names[] = {"NNCC_OK",         "NNCC_E_INDEX", "NNCC_E_SHAPE",   "NNCC_E_BRANCH",
                                      "NNCC_E_ARGUMENT", "NNCC_E_CPU",   "NNCC_E_RESOURCE"};
  if (status == NNCC_OK)
    return llvm::Error::success();
  bool known = status > 0 && status < int(std::size(names));
  std::string name = known ? names[status] : "status " + llvm::itostr(status);
  return fail(ExitCode::RunStatus, "run returned " + name + ": " + nncc_strerror(status));
}

llvm::Expected<std::unique_ptr<Session>> Session::create(const nncc_model &model, const SessionOptions &options) {
  std::unique_ptr<Session> session(new Session(model));
  if (!nncc_supported(&model))
    return fail(ExitCode::RunStatus, llvm::Twine("NNCC_E_CPU: ") + nncc_strerror(NNCC_E_CPU) + " (" +
                                         (model.cpu ? model.cpu : "unnamed") + ")");
  if (options.threads > 1) {
    session->pool.reset(nncc_pool_create(options.threads));
    if (!session->pool)
      return fail(ExitCode::Resource, "cannot create " + llvm::Twine(options.threads) + " threads");
  }
  if (llvm::Error error = session->allocate(options))
    return error;
  if (llvm::Error error = session->readWeights(options.weights))
    return error;
  return session;
}

llvm::Error Session::allocate(const SessionOptions &options) {
  auto add = [&](const nncc_tensor &tensor, std::vector<Buffer> &buffers) -> llvm::Error {
    if (!hasBytes(tensor.type, {tensor.shape, tensor.rank}, tensor.bytes))
      return fail(ExitCode::Usage, llvm::Twine("'") + tensor.name + "': " + describe(tensor) +
                                       ": free dimensions are not supported yet");
    auto buffer = Buffer::create(tensor.bytes, 64, options.unaligned ? elementBytes(tensor.type) : 0);
    if (!buffer)
      return buffer.takeError();
    buffers.push_back(std::move(*buffer));
    return llvm::Error::success();
  };
  for (uint32_t i = 0; i < model.inputs; i++)
    if (llvm::Error error = add(model.input[i], inputs))
      return error;
  for (uint32_t i = 0; i < model.outputs; i++)
    if (llvm::Error error = add(model.output[i], outputs))
      return error;
  for (const Buffer &buffer : inputs)
    inputPointers.push_back(buffer.data());
  for (const Buffer &buffer : outputs)
    outputPointers.push_back(buffer.data());
  if (!llvm::isPowerOf2_64(model.arena_align))
    return fail(ExitCode::Usage, "the descriptor's arena alignment is no power of two");
  auto buffer = Buffer::create(nncc_arena_bytes(&model, options.threads), model.arena_align);
  if (!buffer)
    return buffer.takeError();
  arena = std::move(*buffer);
  return llvm::Error::success();
}

llvm::Error Session::readWeights(llvm::StringRef path) {
  if (path.empty() != (model.weights_bytes == 0))
    return fail(ExitCode::Usage, path.empty() ? "the model's weights are in a file: give --weights=FILE"
                                              : "--weights: the model holds its weights itself");
  if (path.empty())
    return llvm::Error::success();
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return fail(ExitCode::Usage, path + ": " + file.getError().message());
  llvm::StringRef contents = (*file)->getBuffer();
  if (contents.size() != model.weights_bytes)
    return fail(ExitCode::Usage, path + ": expected " + llvm::Twine(model.weights_bytes) + " bytes of weights, got " +
                                     llvm::Twine(contents.size()));
  if (llvm::xxh3_64bits(contents) != model.weights_hash)
    return fail(ExitCode::Usage, path + ": these are not the weights that the model was compiled with");
  auto buffer = Buffer::create(contents.size(), 4096);
  if (!buffer)
    return buffer.takeError();
  weights = std::move(*buffer);
  std::memcpy(weights.data(), contents.data(), contents.size());
  return llvm::Error::success();
}

llvm::Error Session::setInput(unsigned index, const Tensor &tensor) {
  const nncc_tensor &input = model.input[index];
  if (tensor.type != input.type || llvm::ArrayRef(tensor.shape) != llvm::ArrayRef(input.shape, input.rank))
    return fail(ExitCode::Usage, llvm::Twine("input '") + input.name + "': expected " + describe(input) + ", got " +
                                     describe(tensor.type, tensor.shape));
  std::copy(tensor.data.begin(), tensor.data.end(), inputs[index].data());
  return llvm::Error::success();
}

void Session::setZeros(unsigned index) { std::memset(inputs[index].data(), 0, inputs[index].size()); }

void Session::setRandom(unsigned index) {
  uint32_t type = model.input[index].type;
  unsigned bytes = elementBytes(type);
  uint64_t state = 0x9E3779B97F4A7C15u * (index + 1);
  for (uint8_t *at = inputs[index].data(), *end = at + inputs[index].size(); at != end; at += bytes) {
    state += 0x9E3779B97F4A7C15u; // splitmix64
    uint64_t x = (state ^ state >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    double real = double(int64_t(x ^ x >> 31) >> 40) * 0x1p-23;
    float single = float(real);
    uint32_t pattern;
    std::memcpy(&pattern, &single, 4);
    uint64_t integer = x >> 63;
    uint16_t half = uint16_t(0x3000 | (x & 0x83FF)); // +-[0.125, 0.25)
    uint16_t brain = uint16_t(pattern >> 16);
    const void *from = type == NNCC_FLOAT      ? static_cast<const void *>(&single)
                       : type == NNCC_DOUBLE   ? static_cast<const void *>(&real)
                       : type == NNCC_FLOAT16  ? static_cast<const void *>(&half)
                       : type == NNCC_BFLOAT16 ? static_cast<const void *>(&brain)
                                               : static_cast<const void *>(&integer);
    std::memcpy(at, from, bytes);
  }
}

llvm::Error Session::runChecked() {
  auto describeBuffers = [](const nncc_tensor *tensors, const std::vector<Buffer> &buffers) {
    std::vector<nncc_buffer> result;
    for (size_t i = 0; i < buffers.size(); i++)
      result.push_back({buffers[i].data(), buffers[i].size(), tensors[i].type, tensors[i].rank, tensors[i].shape});
    return result;
  };
  auto in = describeBuffers(model.input, inputs), out = describeBuffers(model.output, outputs);
  inputHashes.clear();
  for (const Buffer &buffer : inputs)
    inputHashes.push_back(llvm::xxh3_64bits(buffer.contents()));
  nncc_buffer packed{weights.data(), weights.size(), 0, 0, nullptr};
  if (llvm::Error error =
          statusError(nncc_run(&model, in.data(), in.size(), out.data(), out.size(),
                               model.weights_bytes ? &packed : nullptr, arena.data(), arena.size(), exec())))
    return error;
  return checkMemory();
}

llvm::Error Session::run(const nncc_exec *exec) {
  return statusError(model.entry(inputPointers.data(), outputPointers.data(), weights.data(), arena.data(), exec));
}

llvm::Error Session::checkMemory() const {
  auto bad = [](const llvm::Twine &what) {
    return fail(ExitCode::Internal, "internal error: the model wrote " + what);
  };
  for (uint32_t i = 0; i < model.inputs; i++)
    if (!inputs[i].guardsIntact() || llvm::xxh3_64bits(inputs[i].contents()) != inputHashes[i])
      return bad(llvm::Twine("to or beside its input '") + model.input[i].name + "'");
  for (uint32_t i = 0; i < model.outputs; i++)
    if (!outputs[i].guardsIntact())
      return bad(llvm::Twine("outside its output '") + model.output[i].name + "'");
  if (!arena.guardsIntact())
    return bad("outside its arena");
  if (model.weights_bytes && (!weights.guardsIntact() || llvm::xxh3_64bits(weights.contents()) != model.weights_hash))
    return bad("to its weights");
  return llvm::Error::success();
}
