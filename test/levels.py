"""The CPU levels that nncc compiles for, with the flags of /proc/cpuinfo that each needs beyond the one below."""
LEVELS = {
    "x86-64": "",
    "x86-64-v2": "cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3",
    "x86-64-v3": "avx avx2 bmi1 bmi2 f16c fma abm movbe xsave",
    "x86-64-v4": "avx512f avx512bw avx512cd avx512dq avx512vl",
}


def missing_features():
    """Of each level, in their order, the flags that this CPU lacks."""
    with open("/proc/cpuinfo") as file:
        flags = next((set(line.split(":")[1].split()) for line in file if line.startswith("flags")), set())
    missing, lacks = {}, []
    for level, needed in LEVELS.items():
        lacks = lacks + [flag for flag in needed.split() if flag not in flags]
        missing[level] = lacks
    return missing
