/* How many float32 operations the processor can do at all: independent chains of fused multiply-adds of the widest vectors, on every
   thread, without memory. Knows nothing of matrices.

   usage: raw-rate THREADS. Prints {"gigaflopsPerSecond": x, "vectorBits": n}: the best of some short runs. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

typedef float Vector __attribute__((vector_size(VECTOR_BYTES)));

/* Two units times a latency of four or five cycles; with both constants they still fit 16 registers. */
enum { chains = 12, lanes = VECTOR_BYTES / 4, runs = 3, mostThreads = 1024 };
static const double runSeconds = 0.1;

typedef struct {
  pthread_t thread;
  int64_t iterations;
  double begin, end;
  float sum;
} Worker;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void *work(void *argument) {
  Worker *worker = argument;
  Vector sums[chains];
  Vector factor, addend;
  for (int lane = 0; lane < lanes; lane++) {
    factor[lane] = 0.75f;
    addend[lane] = 0.25f;
  }
  for (int chain = 0; chain < chains; chain++) sums[chain] = addend * (float)chain;
  worker->begin = now();
  for (int64_t i = 0; i < worker->iterations; i++) {
#pragma GCC unroll 12
    for (int chain = 0; chain < chains; chain++) sums[chain] = sums[chain] * factor + addend;
  }
  worker->end = now();
  /* Used, so that nothing of it is left out. */
  worker->sum = 0;
  for (int chain = 0; chain < chains; chain++) worker->sum += sums[chain][0];
  return NULL;
}

/* @returns seconds from the first begin to the last end. */
static double runAll(Worker *workers, int threads, int64_t iterations) {
  for (int index = 0; index < threads; index++) {
    workers[index].iterations = iterations;
    if (pthread_create(&workers[index].thread, NULL, work, &workers[index]) != 0) exit(1);
  }
  for (int index = 0; index < threads; index++) pthread_join(workers[index].thread, NULL);
  double begin = workers[0].begin, end = workers[0].end;
  for (int index = 1; index < threads; index++) {
    if (workers[index].begin < begin) begin = workers[index].begin;
    if (workers[index].end > end) end = workers[index].end;
  }
  return end - begin;
}

int main(int count, char **arguments) {
  int threads = count > 1 ? atoi(arguments[1]) : 1;
  if (threads < 1 || threads > mostThreads) return 2;
  static Worker workers[mostThreads];
  int64_t iterations = 1 << 20;
  iterations = (int64_t)(runSeconds / runAll(workers, threads, iterations) * (double)iterations) + 1;
  double best = 0;
  float sum = 0;
  for (int run = 0; run < runs; run++) {
    double seconds = runAll(workers, threads, iterations);
    double rate = 2.0 * chains * lanes * (double)iterations * threads / seconds * 1e-9;
    if (rate > best) best = rate;
    for (int index = 0; index < threads; index++) sum += workers[index].sum;
  }
  printf("{\"gigaflopsPerSecond\": %.1f, \"vectorBits\": %d}\n", best, 8 * VECTOR_BYTES);
  return sum > 0 ? 0 : 1;
}
