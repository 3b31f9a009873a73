/* Runs the model of scale.mlir alone and through hooks that run tasks backwards. */
#include "scale.h"
#include <stdio.h>
#include <string.h>

static char trace[256];
static void note(const char *what, uint32_t number) {
  size_t used = strlen(trace);
  snprintf(trace + used, sizeof trace - used, "%s%u ", what, (unsigned)number);
}
static void backwards(void *user, uint32_t tasks, nncc_task *task, void *ctx) {
  (void)user;
  note("tasks", tasks);
  while (tasks-- > 0)
    task(ctx, tasks, tasks & 1u);
}
static void begin(void *user) { (void)user, note("begin", 0); }
static void end(void *user) { (void)user, note("end", 0); }
static void node(void *user, uint32_t number, int enter) { (void)user, note(enter ? "enter" : "leave", number); }

static _Alignas(SCALE_ARENA_ALIGN) unsigned char arena[SCALE_ARENA_BYTES_FOR(2)];
static float x[SCALE_INPUT_0_SIZE], y[SCALE_OUTPUT_0_SIZE];

static int check(int status) {
  for (int i = 0; i < 32; i++)
    status |= y[i] != x[i] * (float)(11 + i % 8) * 100;
  memset(y, 0, sizeof y);
  return status;
}

int main(void) {
  nncc_exec exec = {sizeof exec, NULL, 2, backwards, begin, end, node};
  const nncc_model *model = scale_model();
  const void *inputs[] = {x};
  void *outputs[] = {y};
  for (int i = 0; i < 32; i++)
    x[i] = (float)i;
  if (check(scale_run(x, y, arena, NULL)) || check(scale_run(x, y, arena, &exec)))
    return 1;
  if (strcmp(trace, "begin0 enter0 leave0 enter1 tasks4 leave1 end0 "))
    return 2;
  if (check(model->entry(inputs, outputs, NULL, arena, NULL)))
    return 3;
  exec.parallel_for = NULL, exec.begin = exec.end = NULL, exec.node = NULL;
  if (check(model->entry(inputs, outputs, NULL, arena, &exec)))
    return 4;
  printf("abi %u, size %s, %s(%s %u [%d, %d] %d) -> %s, arena %d + %d, %s %s %.0f\n", (unsigned)model->abi,
         model->size == sizeof *model ? "fits" : "differs", model->name, model->input[0].name,
         (unsigned)model->input[0].type, (int)model->input[0].shape[0], (int)model->input[0].shape[1],
         (int)model->input[0].bytes, model->output[0].name, (int)model->arena_bytes, (int)model->worker_bytes,
         model->node[0].name, model->node[1].name, model->node[1].flops);
  return 0;
}
