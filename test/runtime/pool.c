// The pool: every task runs once, on a worker that runs nothing else meanwhile, whatever the number of workers, and
// also when they outnumber the CPUs, have fallen asleep, or two threads use one pool.
// RUN: %cc -std=c11 -O1 %s %libnncc -o %t
// RUN: %t
// RUN: %cc -std=c11 -O1 -fsanitize=thread %s %root/runtime/pool.c -lpthread -o %t.tsan
// RUN: %t.tsan 10
#define _DEFAULT_SOURCE
#include "runtime/nncc.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CHECK(c) ((c) ? (void)0 : (printf("%s:%d: %s is false\n", __FILE__, __LINE__, #c), exit(1)))

enum { MAX_TASKS = 1000, MAX_WORKERS = 64 };

typedef struct region {
  uint32_t tasks, workers;
  _Atomic int ran[MAX_TASKS];
  _Atomic int in_use[MAX_WORKERS];
  long scratch[MAX_WORKERS], sum[MAX_TASKS]; // plain memory: TSan sees a missing hand-over
} region;

static void busy(uint32_t task) {
  for (volatile uint32_t i = 0; i < task % 7 * 50; i++)
    ;
}

static void count(void *ctx, uint32_t task, uint32_t worker) {
  region *r = ctx;
  CHECK(task < r->tasks && worker < r->workers);
  CHECK(atomic_exchange(&r->in_use[worker], 1) == 0);
  atomic_fetch_add(&r->ran[task], 1);
  r->scratch[worker] = task;
  busy(task);
  r->sum[task] += r->scratch[worker] + 1;
  atomic_store(&r->in_use[worker], 0);
}

static void run(const nncc_exec *exec, region *r, uint32_t tasks) {
  r->tasks = tasks;
  r->workers = exec->workers;
  exec->parallel_for(exec->user, tasks, count, r);
  for (uint32_t i = 0; i < tasks; i++) {
    CHECK(r->ran[i] == 1 && r->sum[i] == (long)i + 1);
    r->ran[i] = 0;
    r->sum[i] = 0;
  }
}

static void pause_ms(long ms) {
  struct timespec t = {0, ms * 1000000};
  nanosleep(&t, NULL);
}

static void every_count(uint32_t workers, int rounds) {
  static const uint32_t counts[] = {0, 1, 2, 3, 5, 6, 7, 8, 13, 64, 100, MAX_TASKS};
  static region r;
  nncc_pool *pool = nncc_pool_create(workers);
  CHECK(pool);
  const nncc_exec *exec = nncc_pool_exec(pool);
  CHECK(exec->size == sizeof *exec && exec->workers == workers && !exec->node);
  for (int round = 0; round < rounds; round++) {
    exec->begin(exec->user);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
      run(exec, &r, counts[i]);
    exec->end(exec->user);
    for (uint32_t i = 0; i < 20; i++) // outside of begin and end
      run(exec, &r, i);
    if (round % 32 == 3) // the workers fall asleep
      pause_ms(8);
  }
  nncc_pool_destroy(pool);
}

static void *share(void *arg) {
  const nncc_exec *exec = arg;
  region *r = calloc(1, sizeof *r);
  for (int i = 0; i < 300; i++) {
    exec->begin(exec->user);
    run(exec, r, (uint32_t)i % 40);
    run(exec, r, 40);
    exec->end(exec->user);
  }
  free(r);
  return NULL;
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 100;
  every_count(1, rounds);
  every_count(2, rounds);
  every_count(7, rounds);
  every_count(MAX_WORKERS, rounds / 10);

  nncc_pool *pool = nncc_pool_create(3);
  pthread_t threads[3];
  for (int i = 0; i < 3; i++)
    CHECK(pthread_create(&threads[i], NULL, share, (void *)nncc_pool_exec(pool)) == 0);
  for (int i = 0; i < 3; i++)
    CHECK(pthread_join(threads[i], NULL) == 0);
  nncc_pool_destroy(pool);

  for (int i = 0; i < 50; i++) {
    CHECK(pool = nncc_pool_create((uint32_t)i % 4));
    CHECK(nncc_pool_exec(pool)->workers >= 1);
    nncc_pool_destroy(pool);
  }
  CHECK(nncc_pool_create(100000) == NULL);
  nncc_pool_destroy(NULL);
  return 0;
}
