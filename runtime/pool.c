/* pool.c: the thread pool that implements nncc_exec. A region's tasks are dealt to the workers in contiguous blocks, so
 * that a worker finds in its cache what it wrote in the region before. A block is claimed task by task: the caller
 * takes over what a worker has not begun, and workers help the caller, so that a thread which the system holds back
 * delays a region by one task at most. Between begin and end workers spin, which makes a hand-over one cache line each
 * way; some time after a run they sleep. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "runtime/nncc.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
  POLLS = 64,              /* looks at the line between two looks at the clock */
  RUN_SPIN_NS = 4000000,   /* a worker without a task gives up after this time during a run */
  IDLE_SPIN_NS = 200000,   /* and after this time outside, so that runs in close succession find it awake */
  CROWDED_SPIN_NS = 50000, /* and after this time when workers outnumber CPUs */
  MAX_WORKERS = 1024
};

/* One cache line (two, because hardware fetches them in pairs) for each worker. `job` is generation << 32 | tasks of
 * the block not yet claimed; a claim is one compare-and-swap on it. The other fields are written while no task is left,
 * and read before a claim: when it succeeds the region was not over, so that they belonged to it. */
typedef struct worker {
  _Alignas(128) _Atomic uint64_t job;
  _Atomic(nncc_task *) task;
  _Atomic(void *) ctx;
  _Atomic uint32_t block_end;
  _Atomic uint32_t finished; /* tasks of the block that have returned */
  struct nncc_pool *pool;
  pthread_t thread;
} worker;

struct nncc_pool {
  nncc_exec exec;
  uint32_t generation; /* the caller's */
  int crowded;         /* more workers than CPUs */
  _Alignas(128) _Atomic int busy;
  _Alignas(128) _Atomic int active; /* runs between begin and end */
  _Atomic int stop;
  _Atomic uint32_t sleepers; /* written under `lock` */
  uint32_t wakes;            /* under `lock` */
  pthread_mutex_t lock;
  pthread_cond_t wake;
  worker workers[];
};

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int has_job(worker *w) { return (uint32_t)atomic_load_explicit(&w->job, memory_order_acquire) != 0; }

/* Claims and runs tasks of w's block as worker `id` until none is left. */
static void work(worker *w, uint32_t id) {
  uint32_t ran = 0;
  for (;;) {
    uint64_t job = atomic_load_explicit(&w->job, memory_order_acquire);
    uint32_t left = (uint32_t)job;
    if (left == 0)
      break;
    nncc_task *task = atomic_load_explicit(&w->task, memory_order_relaxed);
    void *ctx = atomic_load_explicit(&w->ctx, memory_order_relaxed);
    uint32_t block_end = atomic_load_explicit(&w->block_end, memory_order_relaxed);
    if (!atomic_compare_exchange_strong_explicit(&w->job, &job, job - 1, memory_order_acq_rel, memory_order_relaxed))
      continue;
    task(ctx, block_end - left, id);
    ran++;
  }
  if (ran)
    atomic_fetch_add_explicit(&w->finished, ran, memory_order_release);
}

/* Sleeps until a region or the pool's end wakes it. */
static void sleep_until_woken(worker *self) {
  nncc_pool *pool = self->pool;
  pthread_mutex_lock(&pool->lock);
  uint32_t seen = pool->wakes;
  atomic_fetch_add(&pool->sleepers, 1);
  atomic_thread_fence(memory_order_seq_cst); /* with the one in parallel_for: one of the two sees the other */
  if (has_job(self))
    atomic_fetch_sub(&pool->sleepers, 1);
  else
    while (pool->wakes == seen && !atomic_load(&pool->stop))
      pthread_cond_wait(&pool->wake, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}

static void wake_all(nncc_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  pool->wakes++;
  atomic_store(&pool->sleepers, 0);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->lock);
}

/* Spins for a bounded time. 0: no job came. */
static int spin_for_job(worker *self) {
  nncc_pool *pool = self->pool;
  int64_t begin = now_ns();
  for (;;) {
    for (int i = 0; i < POLLS; i++) {
      if (has_job(self))
        return 1;
      relax();
    }
    int64_t limit = pool->crowded                                                   ? CROWDED_SPIN_NS
                    : atomic_load_explicit(&pool->active, memory_order_relaxed) > 0 ? RUN_SPIN_NS
                                                                                    : IDLE_SPIN_NS;
    if (atomic_load_explicit(&pool->stop, memory_order_relaxed) || now_ns() - begin > limit)
      return 0;
    if (pool->crowded)
      sched_yield();
  }
}

static void *worker_main(void *arg) {
  worker *self = arg;
  nncc_pool *pool = self->pool;
  uint32_t id = (uint32_t)(self - pool->workers);
  while (!atomic_load_explicit(&pool->stop, memory_order_relaxed)) {
    if (!spin_for_job(self)) {
      sleep_until_woken(self);
      continue;
    }
    work(self, id);
    work(&pool->workers[0], id);
  }
  return NULL;
}

static void deal(nncc_pool *pool, uint32_t workers, uint32_t tasks, nncc_task *task, void *ctx) {
  uint64_t generation = (uint64_t)++pool->generation << 32;
  for (uint32_t i = workers; i-- > 0;) { /* the caller's own block last: nobody helps with it before */
    worker *w = &pool->workers[i];
    uint32_t first = (uint32_t)((uint64_t)tasks * i / workers);
    uint32_t end = (uint32_t)((uint64_t)tasks * (i + 1) / workers);
    atomic_store_explicit(&w->task, task, memory_order_relaxed);
    atomic_store_explicit(&w->ctx, ctx, memory_order_relaxed);
    atomic_store_explicit(&w->block_end, end, memory_order_relaxed);
    atomic_store_explicit(&w->finished, 0, memory_order_relaxed);
    atomic_store_explicit(&w->job, generation | (end - first), memory_order_release);
  }
}

static void parallel_for(void *user, uint32_t tasks, nncc_task *task, void *ctx) {
  nncc_pool *pool = user;
  uint32_t workers = tasks < pool->exec.workers ? tasks : pool->exec.workers;
  if (workers <= 1 || atomic_exchange_explicit(&pool->busy, 1, memory_order_acquire)) {
    for (uint32_t i = 0; i < tasks; i++)
      task(ctx, i, 0);
    return;
  }
  deal(pool, workers, tasks, task, ctx);
  atomic_thread_fence(memory_order_seq_cst);
  if (atomic_load_explicit(&pool->sleepers, memory_order_relaxed))
    wake_all(pool);
  for (uint32_t i = 0; i < workers; i++)
    work(&pool->workers[i], 0);
  for (uint32_t i = 0; i < workers; i++) {
    uint32_t all = (uint32_t)((uint64_t)tasks * (i + 1) / workers) - (uint32_t)((uint64_t)tasks * i / workers);
    for (uint32_t spins = 0; atomic_load_explicit(&pool->workers[i].finished, memory_order_acquire) != all; spins++)
      if (pool->crowded || spins > 1024)
        sched_yield();
      else
        relax();
  }
  atomic_store_explicit(&pool->busy, 0, memory_order_release);
}

static void begin_run(void *user) { atomic_fetch_add_explicit(&((nncc_pool *)user)->active, 1, memory_order_relaxed); }
static void end_run(void *user) { atomic_fetch_sub_explicit(&((nncc_pool *)user)->active, 1, memory_order_relaxed); }

static uint32_t usable_cpus(void) {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return (uint32_t)CPU_COUNT(&set);
#endif
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (uint32_t)n : 1;
}

static void stop_workers(nncc_pool *pool, uint32_t started) {
  atomic_store(&pool->stop, 1);
  wake_all(pool);
  for (uint32_t i = 1; i < started; i++)
    pthread_join(pool->workers[i].thread, NULL);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->lock);
  free(pool);
}

nncc_pool *nncc_pool_create(uint32_t workers) {
  uint32_t cpus = usable_cpus();
  if (workers == 0)
    workers = cpus < MAX_WORKERS ? cpus : MAX_WORKERS;
  if (workers > MAX_WORKERS)
    return NULL;
  nncc_pool *pool = aligned_alloc(_Alignof(nncc_pool), sizeof *pool + workers * sizeof(worker));
  if (!pool)
    return NULL;
  pool->exec = (nncc_exec){sizeof(nncc_exec), pool, workers, parallel_for, begin_run, end_run, NULL};
  pool->generation = 0;
  pool->crowded = workers > cpus;
  pool->wakes = 0;
  atomic_init(&pool->busy, 0);
  atomic_init(&pool->active, 0);
  atomic_init(&pool->stop, 0);
  atomic_init(&pool->sleepers, 0);
  if (pthread_mutex_init(&pool->lock, NULL)) {
    free(pool);
    return NULL;
  }
  if (pthread_cond_init(&pool->wake, NULL)) {
    pthread_mutex_destroy(&pool->lock);
    free(pool);
    return NULL;
  }
  sigset_t all, old; /* the program's signals are handled by its own threads */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  uint32_t started = 0;
  for (; started < workers; started++) {
    worker *w = &pool->workers[started];
    atomic_init(&w->job, 0);
    atomic_init(&w->finished, 0);
    w->pool = pool;
    if (started > 0 && pthread_create(&w->thread, NULL, worker_main, w))
      break;
  }
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  if (started < workers) {
    stop_workers(pool, started);
    return NULL;
  }
  return pool;
}

const nncc_exec *nncc_pool_exec(nncc_pool *pool) { return &pool->exec; }

void nncc_pool_destroy(nncc_pool *pool) {
  if (pool)
    stop_workers(pool, pool->exec.workers);
}
