# lit's configuration. Tests call plain tools, found on PATH: nncc, nncc-opt and nncc-run of the build, FileCheck, not and
# split-file of LLVM. The build's paths come from build/test/lit.site.cfg.py, which loads this file.
import os
import sys

import lit.formats

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
import levels


def configure(here):
    root, build = os.path.dirname(here), config.nncc_build
    config.name = "nncc"
    config.test_format = lit.formats.ShTest()
    config.suffixes = [".mlir", ".onnxtxt", ".test", ".sh"]
    config.excludes = ["Inputs", "bin"]
    config.test_source_root = here
    config.test_exec_root = os.path.join(build, "test")
    config.environment["PATH"] = os.pathsep.join([
        os.path.join(build, "bin"), os.path.join(build, "test", "bin"), config.nncc_llvm_tools,
        config.environment["PATH"]
    ])
    config.environment["LC_ALL"] = "C"
    config.available_features |= {level for level, missing in levels.missing_features().items() if not missing}
    sanitize = f" -fsanitize={config.nncc_sanitize}" if config.nncc_sanitize else ""
    if sanitize:
        config.available_features.add("sanitizers")

    # A checkout may lie in a folder with a space in its name.
    if " " in root + build:
        config.substitutions += [(f"%{c}(?![a-z])", f'"%/{c}"') for c in "sSpt"]
    config.substitutions += [
        # C and, with -x c++, C++: warnings are errors, headers are found from the project's root.
        ("%cc", f'"{config.nncc_cc}" -Wall -Wextra -Werror -I"{root}"'),
        # What a program needs beside its own objects to use the runtime library.
        ("%libnncc", f'"{build}/lib/libnncc.a" -lpthread{sanitize}'),
        ("%root", f'"{root}"'),
        ("%lib", f'"{build}/lib"'),
        ("%python", f'"{sys.executable}"'),
    ]


if hasattr(config, "nncc_build"):
    configure(here)
else:  # lit was started on the sources: take the release build's paths
    lit_config.load_config(config, os.path.join(here, "..", "build", "test", "lit.site.cfg.py"))
