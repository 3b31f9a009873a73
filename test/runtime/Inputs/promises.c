// check-promises MODEL.so PREFIX: what every compiled model promises about a run, whatever it computes. The same bits
// from any executor and any number of workers, whatever its arena and outputs held before; no allocation; no system
// call; two runs at once do not meet. Prints what is broken and exits with 1.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "runtime/nncc.h"
#include <dlfcn.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const nncc_model *model;
static const void **inputs;
static unsigned char **reference; // the outputs of the first run

static void broken(const char *promise) {
  printf("%s: broken: %s\n", model->name, promise);
  exit(1);
}

// Memory at its element's alignment, or at any; the last byte is the last of a page.
static void *allocate(uint64_t bytes, uint64_t align) {
  uint64_t room = (bytes + align + 8191) / 4096 * 4096;
  unsigned char *p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED)
    exit(3);
  mprotect(p + room - 4096, 4096, PROT_NONE);
  uintptr_t end = (uintptr_t)p + room - 4096;
  return (void *)((end - bytes) / align * align);
}

static uint64_t element_bytes(const nncc_tensor *t) {
  uint64_t elements = 1;
  for (uint32_t i = 0; i < t->rank; i++)
    elements *= (uint64_t)t->shape[i];
  return elements ? t->bytes / elements : 1;
}

// Floats in [0, 1), integers and bools 0 or 1.
static void *make_input(const nncc_tensor *t) {
  static uint32_t state = 1;
  uint64_t size = element_bytes(t);
  unsigned char *data = allocate(t->bytes, size);
  for (uint64_t i = 0; i < t->bytes; i += size) {
    state = state * 1664525u + 1013904223u;
    float single = (float)(state >> 8) * 0x1p-24f;
    double real = single;
    uint64_t integer = state >> 31;
    uint32_t pattern;
    memcpy(&pattern, &single, 4);
    uint16_t half = (uint16_t)(0x3000 | (state >> 22)), brain = (uint16_t)(pattern >> 16);
    const void *from = t->type == NNCC_FLOAT      ? (const void *)&single
                       : t->type == NNCC_DOUBLE   ? (const void *)&real
                       : t->type == NNCC_FLOAT16  ? (const void *)&half
                       : t->type == NNCC_BFLOAT16 ? (const void *)&brain
                                                  : (const void *)&integer;
    memcpy(data + i, from, size);
  }
  return data;
}

typedef struct buffers {
  void **outputs;
  void *arena;
} buffers;

static buffers make_buffers(uint32_t workers, int garbage) {
  buffers b = {malloc((model->outputs + 1) * sizeof(void *)), NULL};
  for (uint32_t i = 0; i < model->outputs; i++) {
    b.outputs[i] = allocate(model->output[i].bytes, element_bytes(&model->output[i]));
    memset(b.outputs[i], garbage, model->output[i].bytes);
  }
  uint64_t bytes = nncc_arena_bytes(model, workers);
  b.arena = allocate(bytes, model->arena_align);
  memset(b.arena, garbage, bytes);
  return b;
}

// ---- No allocation: the program's malloc comes before the C library's. ----
#ifndef SANITIZED
static _Thread_local volatile int trapped;
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);

static void trap(void) {
  if (trapped) {
    static const char message[] = "broken: run allocates no memory\n";
    (void)!write(1, message, sizeof message - 1);
    _exit(1);
  }
}
void *malloc(size_t size) { return trap(), __libc_malloc(size); }
void *calloc(size_t n, size_t size) { return trap(), __libc_calloc(n, size); }
void *realloc(void *p, size_t size) { return trap(), __libc_realloc(p, size); }
#else
static _Thread_local int trapped;
#endif

static void run(const nncc_exec *exec, const buffers *b) {
  trapped = 1;
  int status = model->entry(inputs, b->outputs, NULL, b->arena, exec);
  trapped = 0;
  if (status != NNCC_OK) {
    printf("%s: run returned %d: %s\n", model->name, status, nncc_strerror(status));
    exit(1);
  }
}

static void compare(const buffers *b, const char *promise) {
  for (uint32_t i = 0; i < model->outputs; i++)
    if (memcmp(b->outputs[i], reference[i], model->output[i].bytes))
      broken(promise);
}

// ---- Executors. ----
static void backwards(void *user, uint32_t tasks, nncc_task *task, void *ctx) {
  (void)user;
  while (tasks-- > 0)
    task(ctx, tasks, 0);
}

static void scattered(void *user, uint32_t tasks, nncc_task *task, void *ctx) {
  (void)user;
  for (uint32_t i = 0; i < tasks; i += 2)
    task(ctx, i, i / 2 % 5);
  for (uint32_t i = 1; i < tasks; i += 2)
    task(ctx, i, 4 - i / 2 % 5);
}

static void executors(void) {
  nncc_exec hooks[] = {{sizeof(nncc_exec), NULL, 1, backwards, NULL, NULL, NULL},
                       {sizeof(nncc_exec), NULL, 5, scattered, NULL, NULL, NULL}};
  for (int i = 0; i < 2; i++) {
    buffers b = make_buffers(hooks[i].workers, 0xFF);
    run(&hooks[i], &b);
    compare(&b, i ? "the same bits when tasks are scattered over workers" : "the same bits when tasks run backwards");
  }
  static const uint32_t workers[] = {1, 2, 7};
  for (int i = 0; i < 3; i++) {
    nncc_pool *pool = nncc_pool_create(workers[i]);
    buffers b = make_buffers(workers[i], 0x55);
    for (int repeat = 0; repeat < 3; repeat++) {
      run(nncc_pool_exec(pool), &b);
      compare(&b, "the same bits from 1, 2 and 7 workers");
    }
    nncc_pool_destroy(pool);
  }
}

// ---- No system call: in strict mode the kernel kills the process at any but read, write and exit. ----
static void system_calls(void) {
  buffers b = make_buffers(1, 0);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
      _exit(2);
    int status = model->entry(inputs, b.outputs, NULL, b.arena, NULL);
    syscall(SYS_exit, status != NNCC_OK);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    broken("run makes no system call");
}

// ---- Two runs at once. ----
static void *repeat(void *arg) {
  for (int i = 0; i < 20; i++) {
    run(NULL, arg);
    compare(arg, "two runs at once do not meet");
  }
  return NULL;
}

static void together(void) {
  buffers a = make_buffers(1, 0x77), b = make_buffers(1, 0x99);
  pthread_t thread;
  if (pthread_create(&thread, NULL, repeat, &a))
    exit(3);
  repeat(&b);
  pthread_join(thread, NULL);
}

int main(int argc, char **argv) {
  char name[512];
  void *handle = argc == 3 ? dlopen(argv[1], RTLD_NOW) : NULL;
  snprintf(name, sizeof name, "%s_model", argc == 3 ? argv[2] : "");
  void *symbol = handle ? dlsym(handle, name) : NULL;
  const nncc_model *(*get)(void);
  memcpy(&get, &symbol, sizeof get);
  if (!get) {
    printf("usage: check-promises ./MODEL.so PREFIX: %s\n", dlerror());
    return 2;
  }
  model = get();
  inputs = malloc((model->inputs + 1) * sizeof *inputs);
  for (uint32_t i = 0; i < model->inputs; i++)
    inputs[i] = make_input(&model->input[i]);
  buffers first = make_buffers(1, 0);
  reference = (unsigned char **)first.outputs;
  run(NULL, &first);
  buffers second = make_buffers(1, 0xFF);
  run(NULL, &second);
  compare(&second, "the same bits whatever arena and outputs held before");
  executors();
  system_calls();
  together();
  return 0;
}
