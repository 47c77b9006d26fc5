/* The ways in which a tile of C is summed, and which of them is this variant's. Knows nothing of how a product is cut. */
#ifndef PRODUCT_METHOD_H
#define PRODUCT_METHOD_H

#include <stdbool.h>

#include "micro-kernel.h"
#if defined(__AMX_BF16__) || defined(DEADWEIGHT_SOFTWARE_TILES)
#define hasAmx 1
#include "amx-kernel.h"
#endif

/* `tileRows`: rows of the largest tile. `registers`: the matrix extension's. */
typedef struct {
  Word word;
  int64_t tileRows;
  bool registers;
} Method;

#if defined(hasAmx)
enum { largestTile = amxRows * tileColumns };
#else
enum { largestTile = kernelRows * tileColumns };
#endif

static inline Method methodFor(bool bfloat16) {
  if (!bfloat16) return (Method){wordFloat, kernelRows, false};
#if defined(hasAmx)
  return (Method){wordPair, amxRows, true};
#elif defined(__AVX512BF16__)
  return (Method){wordPair, kernelRows, false};
#else
  return (Method){wordRounded, kernelRows, false};
#endif
}

/* Before and after tiles are summed on a thread. */
static inline void beginTiles(Method method) {
#if defined(hasAmx)
  if (method.registers) configureTiles();
#endif
  (void)method;
}

static inline void endTiles(Method method) {
#if defined(hasAmx)
  if (method.registers) releaseTiles();
#endif
  (void)method;
}

/*
 * sums [rows, tileColumns] = A [rows, depth] B [depth, tileColumns], 1 <= rows <= tileRows, depth in words. Beyond `depth`, A and B hold
 * zeros up to a multiple of 16; beyond `rows`, A holds anything up to tileRows, and sums become anything.
 */
static inline void sumTile(Method method, int64_t rows, int64_t depth, const float *a, const float *b, float *sums) {
#if defined(hasAmx)
  if (method.registers) {
    amxTileProduct(rows, (depth + 15) / 16 * 16, a, b, sums);
    return;
  }
#endif
  tileProduct(method.word, rows, depth, a, b, sums);
}

#endif
