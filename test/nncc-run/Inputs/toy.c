// A model written by hand, in the form that nncc gives one: c = 2 a (float32[2,3]), d = b + 1 (int64[4]), e = not n, f
// as a double. Macros make models that are wrong in one way.
#include "runtime/nncc.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef NAME
#define NAME toy
#endif
#ifndef ABI
#define ABI NNCC_ABI
#endif
#ifndef FEATURES
#define FEATURES 0
#endif
#ifndef WEIGHTS_BYTES
#define WEIGHTS_BYTES 0
#endif
#ifndef WEIGHTS_HASH
#define WEIGHTS_HASH 0
#endif
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

typedef struct context {
  const float *a;
  float *c;
  float *scratch;
} context;

static void twice(void *user, uint32_t task, uint32_t worker) {
  const context *x = user;
  float *scratch = x->scratch + worker * 16;
  for (int i = 0; i < 3; i++)
    scratch[i] = x->a[task * 3 + i] * 2;
  memcpy(x->c + task * 3, scratch, 12);
#ifdef ORDER
  x->c[0] = (float)task;
#endif
}

static void enter(const nncc_exec *exec, uint32_t node, int in) {
  if (exec && exec->node)
    exec->node(exec->user, node, in);
}

static int entry(const void *const *inputs, void *const *outputs, const void *weights, void *arena,
                 const nncc_exec *exec) {
  context x = {inputs[0], outputs[0], (float *)arena};
  const int64_t *b = inputs[1];
  int64_t *d = outputs[1];
  if (exec && exec->begin)
    exec->begin(exec->user);
  enter(exec, 0, 1);
  if (exec)
    exec->parallel_for(exec->user, 2, twice, &x);
  else
    for (uint32_t i = 0; i < 2; i++)
      twice(&x, i, 0);
  enter(exec, 0, 0);
  enter(exec, 1, 1);
  for (int i = 0; i < 4; i++)
    d[i] = b[i] + 1 + (weights ? *(const unsigned char *)weights : 0);
  enter(exec, 1, 0);
  enter(exec, 2, 1);
  *(unsigned char *)outputs[2] = *(const unsigned char *)inputs[2] ? 0 : 7;
  enter(exec, 2, 0);
#ifndef UNWRITTEN
  for (int i = 0; i < 2; i++)
    ((double *)outputs[3])[i] = x.c[i] / 3.0;
#endif
  if (exec && exec->end)
    exec->end(exec->user);
#ifdef STRAY
  d[4] = 0;
#endif
#ifdef DIRTY
  *(float *)inputs[0] += 1;
#endif
#ifdef MALLOC
  static void *(*volatile allocate)(size_t) = malloc;
  free(allocate(1));
#endif
#ifdef SYSCALL
  (void)getppid();
#endif
#ifdef SHARED
  static volatile double runs;
  ((double *)outputs[3])[0] = runs++;
#endif
#ifdef CRASH
  *(volatile int *)0 = 0;
#endif
#ifdef STATUS
  return STATUS;
#else
  return NNCC_OK;
#endif
}

static const int64_t a_shape[] = {2, 3}, b_shape[] = {4}, f_shape[] = {2};
static const nncc_tensor inputs[] = {{"a", NNCC_FLOAT, 2, a_shape, NULL, 24, -1},
                                     {"a=b", NNCC_INT64, 1, b_shape, NULL, 32, -1},
                                     {"n", NNCC_BOOL, 0, NULL, NULL, 1, -1}};
static const nncc_tensor outputs[] = {{"c", NNCC_FLOAT, 2, a_shape, NULL, 24, -1},
                                      {"d/x y", NNCC_INT64, 1, b_shape, NULL, 32, -1},
                                      {"e", NNCC_BOOL, 0, NULL, NULL, 1, -1},
                                      {"f", NNCC_DOUBLE, 1, f_shape, NULL, 16, -1}};
static const nncc_node nodes[] = {{"/double/Mul", 6, 48}, {"/add/Add", 4, 64}, {"/double/Mul", 0, 2}};

const nncc_model *JOIN(NAME, _model)(void);
const nncc_model *JOIN(NAME, _model)(void) {
  static const nncc_model model = {ABI, sizeof(nncc_model), "toy",        3, 4,        inputs, outputs,   64,   64,
                                   64,  WEIGHTS_BYTES,      WEIGHTS_HASH, 3, FEATURES, nodes,  "generic", entry};
  return &model;
}

#ifdef SECOND
const nncc_model *second_model(void);
const nncc_model *second_model(void) { return NULL; }
#endif
