/* A fixed set of threads that share out numbered tasks, and scratch memory that outlives a kernel. Knows nothing of kernels. */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Pool Pool;

/* @param threads in all, the caller's among them. @returns null where they cannot be had. */
Pool *poolOpen(int threads);
void poolClose(Pool *);
int poolThreads(const Pool *);

/*
 * Runs task(context, i, thread) for every i in [0, count), each once, on any thread and in any order; returns when all are done.
 * `thread` lies in [0, poolThreads). What a task writes must not depend on which thread ran it.
 */
void poolRun(Pool *, int64_t count, void (*task)(void *context, int64_t index, int thread), void *context);

/* Memory of one thread, aligned to 64 bytes, kept between kernels and of undefined content. @returns null where it cannot be had. */
void *poolScratch(Pool *, int thread, size_t bytes);
/* The same for all threads together; call it outside of poolRun. */
void *poolShared(Pool *, size_t bytes);
/* Bytes held by all scratch. */
size_t poolBytes(const Pool *);

#endif
