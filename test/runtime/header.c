// nncc.h is clean C99 and C++17 and needs no other header before it.
// RUN: %cc -std=c99 -pedantic -fsyntax-only %s
// RUN: %cc -x c++ -std=c++17 -pedantic -fsyntax-only %s
// RUN: %cc -x c++ -std=c++20 -Weverything -Wno-c++98-compat-pedantic -Wno-padded -fsyntax-only %s
#include "runtime/nncc.h"
extern int supported(const nncc_model *model, nncc_task *task, void *ctx);
int supported(const nncc_model *model, nncc_task *task, void *ctx) {
  task(ctx, 0, 0);
  return nncc_supported(model) ? NNCC_OK : NNCC_E_CPU;
}
