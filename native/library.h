/* The exported functions. src/engine/native/library.ts declares the same. */
#ifndef LIBRARY_H
#define LIBRARY_H

#include "deadweight.h"

enum { statusDone, statusNoMemory, statusUnknownKernel };

/* Lets the caller see that it writes instructions as this library reads them. */
int32_t deadweightInstructionBytes(void);
/* Where an array lies; its owner must keep it there. */
uint64_t deadweightAddress(const void *data);

/* Memory aligned to a page, of undefined content. @returns null where it cannot be had. */
void *deadweightAllocate(int64_t bytes);
void deadweightFree(void *, int64_t bytes);

/* @param threads in all. @returns null where they cannot be had. */
Pool *deadweightOpen(int32_t threads);
void deadweightClose(Pool *);
/* What kernels hold beside the memory that instructions name. */
int64_t deadweightScratchBytes(const Pool *);

/* Runs the instructions in order. One pool serves one caller at a time. @returns a status; after any but `statusDone` outputs are undefined. */
int32_t deadweightRun(Pool *, const Instruction *, int64_t count);

double deadweightSumOfSquares(Pool *, const float *values, int64_t count);
/* `scalars` as optimizer.h tells. */
void deadweightAdamw(Pool *, float *weights, const float *gradients, float *firstMoments, float *secondMoments,
                     int64_t count, const double *scalars);

#endif
