// The kernel dialect's ops, by family.
#ifndef NNCC_KERNEL_OPS
#define NNCC_KERNEL_OPS
include "dialects/kernel/KernelAttention.td"
include "dialects/kernel/KernelContractions.td"
include "dialects/kernel/KernelIndexed.td"
include "dialects/kernel/KernelRecurrent.td"
include "dialects/kernel/KernelTasks.td"
include "dialects/kernel/KernelWindows.td"
#endif
