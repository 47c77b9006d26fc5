/* How work is cut into tasks: by sizes alone, so that results do not hang on the number of threads. Knows nothing of kernels. */
#ifndef CUT_H
#define CUT_H

#include <stdint.h>

/* 64 KB of floats: some microseconds of memory traffic, well above what a task costs to hand out. */
enum { taskElements = 16384 };

/* Half-open. */
typedef struct {
  int64_t begin, end;
} Range;

static inline int64_t partCount(int64_t total, int64_t part) { return (total + part - 1) / part; }

static inline Range partAt(int64_t total, int64_t part, int64_t index) {
  int64_t begin = index * part;
  return (Range){begin, total - begin < part ? total : begin + part};
}

static inline int64_t rowsPerTask(int64_t n) { return n < taskElements ? taskElements / (n > 0 ? n : 1) : 1; }

static inline int64_t columnsPerTask(int64_t n) { return n < taskElements ? (n > 0 ? n : 1) : taskElements; }

#endif
