/* The pool: every task once, whatever the number of threads, asleep or awake; scratch that grows; threads that end. */
#include "../pool.h"

#include <stdatomic.h>
#include <time.h>

#include "check.h"

enum { mostTasks = 1000 };

typedef struct {
  atomic_int runs[mostTasks];
  atomic_int strayThreads;
  int threads;
  long sum[64];
} Tally;

static void count(void *context, int64_t index, int thread) {
  Tally *tally = context;
  atomic_fetch_add(&tally->runs[index], 1);
  if (thread < 0 || thread >= tally->threads) atomic_fetch_add(&tally->strayThreads, 1);
  /* Not atomic: a thread's number must not be used by two at a time. */
  tally->sum[thread] += index;
}

static void expectEachOnce(Pool *pool, int64_t tasks) {
  static Tally tally;
  memset(&tally, 0, sizeof tally);
  tally.threads = poolThreads(pool);
  poolRun(pool, tasks, count, &tally);
  long sum = 0;
  for (int i = 0; i < tally.threads; i++) sum += tally.sum[i];
  if (sum != tasks * (tasks - 1) / 2 || atomic_load(&tally.strayThreads) > 0) {
    failures++;
    fprintf(stderr, "pool of %d: %ld tasks add up to %ld\n", tally.threads, (long)tasks, sum);
  }
  for (int64_t i = 0; i < mostTasks; i++) {
    if (atomic_load(&tally.runs[i]) == (i < tasks)) continue;
    failures++;
    fprintf(stderr, "pool of %d: task %ld of %ld ran %d times\n", tally.threads, (long)i, (long)tasks, atomic_load(&tally.runs[i]));
    return;
  }
}

static void pauseFor(long microseconds) {
  struct timespec time = {.tv_nsec = microseconds * 1000};
  nanosleep(&time, NULL);
}

static void useScratch(void *context, int64_t index, int thread) {
  Pool *pool = context;
  size_t bytes = 64 + 1000 * (size_t)index;
  char *scratch = poolScratch(pool, thread, bytes);
  memset(scratch, (int)index, bytes);
  for (size_t i = 0; i < bytes; i++)
    if (scratch[i] != (char)index) abort();
}

int main(void) {
  static const int threads[] = {1, 2, 3, 8};
  static const int64_t tasks[] = {0, 1, 2, 7, 64, mostTasks};
  for (int t = 0; t < 4; t++) {
    Pool *pool = poolOpen(threads[t]);
    for (int round = 0; round < 60; round++) {
      expectEachOnce(pool, tasks[round % 6]);
      /* Long enough for every thread to fall asleep, now and then. */
      if (round % 5 == 0) pauseFor(2000);
    }
    poolRun(pool, 40, useScratch, pool);
    char *shared = poolShared(pool, 100000);
    memset(shared, 1, 100000);
    if (poolShared(pool, 10) != shared || ((uintptr_t)shared & 63) != 0 || poolBytes(pool) < 100000) failures++;
    if (poolScratch(pool, 0, SIZE_MAX) != NULL || poolShared(pool, SIZE_MAX / 2) != NULL) failures++;
    poolClose(pool);
  }
  for (int i = 0; i < 50; i++) poolClose(poolOpen(4));
  if (poolOpen(0) != NULL || poolOpen(1 << 20) != NULL) failures++;
  return outcome("pool");
}
