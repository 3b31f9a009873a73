// Reading a window's attributes; see Window.h.
#include "compiler/import/Window.h"
using namespace mlir;
using namespace nncc;

/// auto_pad's SAME_UPPER and SAME_LOWER: as many windows as strides fit into the input.
static void padToSame(Window &window, ArrayRef<int64_t> extents, bool upper) {
  size_t spatial = extents.size();
  for (size_t d = 0; d < spatial; ++d) {
    int64_t windows = llvm::divideCeil(extents[d], window.strides[d]);
    int64_t reach = (windows - 1) * window.strides[d] + (window.kernel[d] - 1) * window.dilations[d] + 1;
    int64_t total = std::max<int64_t>(reach - extents[d], 0);
    window.pads[d] = upper ? total / 2 : total - total / 2;
    window.pads[spatial + d] = total - window.pads[d];
  }
}

FailureOr<Window> nncc::readWindow(Node &node, ArrayRef<int64_t> extents, ArrayRef<int64_t> kernel) {
  size_t spatial = extents.size();
  Window window;
  SmallVector<int64_t> ones(spatial, 1);
  window.kernel = node.integers("kernel_shape", kernel);
  window.strides = node.integers("strides", ones);
  window.dilations = node.integers("dilations", ones);
  window.pads = node.integers("pads", SmallVector<int64_t>(2 * spatial, 0));
  if (!kernel.empty() && ArrayRef(window.kernel) != kernel)
    return node.error() << "expected a kernel_shape equal to the weights'";
  if (window.kernel.size() != spatial || window.strides.size() != spatial || window.dilations.size() != spatial ||
      window.pads.size() != 2 * spatial)
    return node.error() << "expected " << spatial << " kernel extents, strides and dilations and twice as many pads";
  for (ArrayRef<int64_t> list : {window.kernel, window.strides, window.dilations})
    for (int64_t value : list)
      if (value < 1 || value > windowLimit)
        return node.error() << "expected kernel, strides and dilations from 1 to 2^30, found " << value;
  for (int64_t value : window.pads)
    if (value < -windowLimit || value > windowLimit)
      return node.error() << "expected pads from -2^30 to 2^30, found " << value;
  StringRef automatic = node.string("auto_pad", "NOTSET");
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER")
    padToSame(window, extents, automatic == "SAME_UPPER");
  else if (automatic == "VALID")
    window.pads.assign(2 * spatial, 0);
  else if (automatic != "NOTSET" && !automatic.empty())
    return node.error() << "expected auto_pad NOTSET, SAME_UPPER, SAME_LOWER or VALID, found " << quoted(automatic);
  if (node.isBroken())
    return failure();
  return window;
}
