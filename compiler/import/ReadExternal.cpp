// Opening external data; see ReadExternal.h.
#include "compiler/import/ReadExternal.h"
#include "compiler/import/Diagnostics.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Errc.h"
#include "llvm/Support/Errno.h"
#include "llvm/Support/FileSystem.h"
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
using namespace llvm;
using namespace nncc;

/// Opens `path` beneath the open folder `root` component by component, following no link. What old kernels need.
static int openByComponents(int root, StringRef path) {
  int folder = dup(root);
  while (folder >= 0) {
    auto [component, rest] = path.split('/');
    bool last = rest.empty();
    int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | (last ? 0 : O_DIRECTORY);
    int next = component == ".." ? (errno = EXDEV, -1)
                                 : openat(folder, component.empty() ? "." : component.str().c_str(), flags);
    int error = errno;
    close(folder);
    errno = error;
    if (last)
      return next;
    folder = next;
    path = rest;
  }
  return -1;
}

static int openBeneath(int root, StringRef path) {
  open_how how = {};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  int descriptor = int(syscall(SYS_openat2, root, path.str().c_str(), &how, sizeof(how)));
  if (descriptor < 0 && (errno == ENOSYS || errno == EPERM))
    return openByComponents(root, path);
  return descriptor;
}

Expected<std::unique_ptr<MemoryBuffer>> nncc::mapExternal(StringRef root, StringRef location) {
  std::string name = quoted(location);
  auto refuse = [&](const Twine &why) { return createStringError(("external file " + name + " " + why).str()); };
  if (location.empty() || location.contains('\0'))
    return refuse("has no valid name");
  if (location.starts_with("/"))
    return refuse("is an absolute path; it must be relative to the model's folder or to --external-root=DIR");
  int folder = open(root.empty() ? "." : root.str().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return createStringError("cannot open the folder " + quoted(root) + ": " + sys::StrError());
  int descriptor = openBeneath(folder, location);
  int error = errno;
  close(folder);
  if (descriptor < 0 && (error == EXDEV || error == ELOOP))
    return refuse("leads out of the folder " + quoted(root.empty() ? "." : root) +
                  "; --external-root=DIR names another one");
  if (descriptor < 0)
    return refuse("cannot be opened: " + sys::StrError(error));
  auto closer = scope_exit([&] { close(descriptor); });
  struct stat status;
  if (fstat(descriptor, &status) || !S_ISREG(status.st_mode))
    return refuse("is not a regular file");
  if (status.st_nlink > 1)
    return refuse("has more than one hard link");
  auto buffer =
      MemoryBuffer::getOpenFile(sys::fs::convertFDToNativeFile(descriptor), location, uint64_t(status.st_size),
                                /*RequiresNullTerminator=*/false);
  if (!buffer)
    return refuse("cannot be mapped: " + buffer.getError().message());
  return std::move(*buffer);
}
