#define _GNU_SOURCE
#include "denormals.h"
#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { alignment = 64, maximumThreads = 1024 };

/* How often a waiting thread looks before it sleeps: some tens of microseconds, the time between two kernels. */
enum { spins = 4000 };

typedef struct {
  void *data;
  size_t bytes;
} Scratch;

typedef struct {
  Pool *pool;
  int index;
  pthread_t thread;
} Worker;

struct Pool {
  int threads;
  Worker *workers; /* all but the caller */
  Scratch *scratch;
  Scratch shared;

  /* The job at hand; written before `generation` moves on, read after. */
  void (*task)(void *, int64_t, int);
  void *context;
  int64_t count;
  atomic_llong next;
  atomic_int running; /* workers that have not left the job */

  atomic_uint generation;
  atomic_bool closing;
  atomic_int sleepers;
  pthread_mutex_t mutex;
  pthread_cond_t start;
  atomic_bool callerSleeps;
  pthread_cond_t finish;
};

static inline void pauseBriefly(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void drain(Pool *pool, int thread) {
  for (;;) {
    int64_t index = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
    if (index >= pool->count) return;
    pool->task(pool->context, index, thread);
  }
}

static unsigned awaitJob(Pool *pool, unsigned seen) {
  for (int spin = 0; spin < spins; spin++) {
    unsigned now = atomic_load_explicit(&pool->generation, memory_order_acquire);
    if (now != seen) return now;
    pauseBriefly();
  }
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->sleepers, 1);
  while (atomic_load(&pool->generation) == seen) pthread_cond_wait(&pool->start, &pool->mutex);
  atomic_fetch_sub(&pool->sleepers, 1);
  pthread_mutex_unlock(&pool->mutex);
  return atomic_load_explicit(&pool->generation, memory_order_acquire);
}

static void *work(void *argument) {
  Worker *worker = argument;
  Pool *pool = worker->pool;
  flushDenormals();
  unsigned seen = 0;
  for (;;) {
    seen = awaitJob(pool, seen);
    if (atomic_load(&pool->closing)) return NULL;
    drain(pool, worker->index);
    if (atomic_fetch_sub(&pool->running, 1) == 1 && atomic_load(&pool->callerSleeps)) {
      pthread_mutex_lock(&pool->mutex);
      pthread_cond_signal(&pool->finish);
      pthread_mutex_unlock(&pool->mutex);
    }
  }
}

static void announce(Pool *pool) {
  atomic_fetch_add(&pool->generation, 1);
  if (atomic_load(&pool->sleepers) == 0) return;
  pthread_mutex_lock(&pool->mutex);
  pthread_cond_broadcast(&pool->start);
  pthread_mutex_unlock(&pool->mutex);
}

static void awaitWorkers(Pool *pool) {
  for (int spin = 0; spin < spins; spin++) {
    if (atomic_load_explicit(&pool->running, memory_order_acquire) == 0) return;
    pauseBriefly();
  }
  pthread_mutex_lock(&pool->mutex);
  atomic_store(&pool->callerSleeps, true);
  while (atomic_load(&pool->running) > 0) pthread_cond_wait(&pool->finish, &pool->mutex);
  atomic_store(&pool->callerSleeps, false);
  pthread_mutex_unlock(&pool->mutex);
}

void poolRun(Pool *pool, int64_t count, void (*task)(void *, int64_t, int), void *context) {
  if (pool->threads == 1 || count <= 1) {
    for (int64_t index = 0; index < count; index++) task(context, index, 0);
    return;
  }
  pool->task = task;
  pool->context = context;
  pool->count = count;
  atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
  atomic_store(&pool->running, pool->threads - 1);
  announce(pool);
  drain(pool, 0);
  awaitWorkers(pool);
}

Pool *poolOpen(int threads) {
  if (threads < 1 || threads > maximumThreads) return NULL;
  Pool *pool = calloc(1, sizeof *pool);
  if (pool == NULL) return NULL;
  pool->threads = 1;
  pool->workers = calloc((size_t)threads, sizeof *pool->workers);
  pool->scratch = calloc((size_t)threads, sizeof *pool->scratch);
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->start, NULL);
  pthread_cond_init(&pool->finish, NULL);
  if (pool->workers == NULL || pool->scratch == NULL) {
    poolClose(pool);
    return NULL;
  }
  for (; pool->threads < threads; pool->threads++) {
    Worker *worker = &pool->workers[pool->threads - 1];
    worker->pool = pool;
    worker->index = pool->threads;
    if (pthread_create(&worker->thread, NULL, work, worker) == 0) continue;
    poolClose(pool);
    return NULL;
  }
  return pool;
}

void poolClose(Pool *pool) {
  if (pool == NULL) return;
  atomic_store(&pool->closing, true);
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->generation, 1);
  pthread_cond_broadcast(&pool->start);
  pthread_mutex_unlock(&pool->mutex);
  for (int i = 0; i < pool->threads - 1; i++) pthread_join(pool->workers[i].thread, NULL);
  if (pool->scratch != NULL)
    for (int i = 0; i < pool->threads; i++) free(pool->scratch[i].data);
  free(pool->shared.data);
  free(pool->scratch);
  free(pool->workers);
  pthread_cond_destroy(&pool->start);
  pthread_cond_destroy(&pool->finish);
  pthread_mutex_destroy(&pool->mutex);
  free(pool);
}

int poolThreads(const Pool *pool) { return pool->threads; }

static void *grow(Scratch *scratch, size_t bytes) {
  if (scratch->bytes >= bytes) return scratch->data;
  free(scratch->data);
  size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  scratch->data = rounded < bytes ? NULL : aligned_alloc(alignment, rounded);
  scratch->bytes = scratch->data == NULL ? 0 : rounded;
  return scratch->data;
}

void *poolScratch(Pool *pool, int thread, size_t bytes) { return grow(&pool->scratch[thread], bytes); }

void *poolShared(Pool *pool, size_t bytes) { return grow(&pool->shared, bytes); }

size_t poolBytes(const Pool *pool) {
  size_t bytes = pool->shared.bytes;
  for (int i = 0; i < pool->threads; i++) bytes += pool->scratch[i].bytes;
  return bytes;
}
