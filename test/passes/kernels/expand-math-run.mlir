// The error of every function in units of the last place, over every 99991st float, and special values.
// RUN: nncc-kernel-check --ulp=all --stride=99991 -cpu=x86-64 | FileCheck %s
// RUN: %if x86-64-v3 %{ nncc-kernel-check --ulp=all --stride=99991 -cpu=x86-64-v3 | FileCheck %s %}
// RUN: %if x86-64-v4 %{ nncc-kernel-check --ulp=all --stride=99991 -cpu=x86-64-v4 | FileCheck %s %}
// CHECK-NOT: TOO LARGE
// CHECK: pow: {{[0-9.]+}} ulp
