/*
 * A tile of C by the matrix extension's tile registers, from factors packed as pairs of bfloat16. Knows nothing of strides, edges, or of
 * what follows.
 */
#ifndef AMX_KERNEL_H
#define AMX_KERNEL_H

#include <stdbool.h>

#include "micro-kernel.h"

#if defined(DEADWEIGHT_SOFTWARE_TILES)
#include "test/software-tiles.h"
#else
#define tileConfigure(configuration) _tile_loadconfig(configuration)
#define tileRelease() _tile_release()
#define tileZero(tile) _tile_zero(tile)
#define tileLoad(tile, from, stride) _tile_loadd(tile, from, stride)
#define tileStore(tile, to, stride) _tile_stored(tile, to, stride)
#define tileMultiplyAdd(sum, a, b) _tile_dpbf16ps(sum, a, b)
#endif

/* Two by two registers of 16 x 16 sums. */
enum { registerRows = 16, registerWords = 16, amxRows = 2 * registerRows };

/* Not every compiler knows what these instructions read: whatever was written must be in memory before them. */
static inline void settleMemory(const void *read) { __asm__ volatile("" : : "r"(read) : "memory"); }

/* Of this thread, until releaseTiles. The process has been granted the registers already: cpu.c asks for them. */
static inline void configureTiles(void) {
  struct {
    uint8_t palette, startRow, reserved[14];
    uint16_t bytesPerRow[16];
    uint8_t rows[16];
  } configuration = {.palette = 1};
  for (int tile = 0; tile < 8; tile++) {
    configuration.bytesPerRow[tile] = 64;
    configuration.rows[tile] = registerRows;
  }
  settleMemory(&configuration);
  tileConfigure(&configuration);
}

static inline void releaseTiles(void) { tileRelease(); }

/* As tileProduct; `depth` is a multiple of 16, and 16 or 32 rows are read and written. */
static inline void amxTileProduct(int64_t rows, int64_t depth, const float *a, const float *b, float *sums) {
  enum { aBytes = rowStride * 4, bBytes = tileColumns * 4 };
  bool both = rows > registerRows;
  settleMemory(a);
  tileZero(0);
  tileZero(1);
  tileZero(2);
  tileZero(3);
  for (int64_t k = 0; k < depth; k += registerWords) {
    tileLoad(4, a + k, aBytes);
    tileLoad(6, b + k * tileColumns, bBytes);
    tileMultiplyAdd(0, 4, 6);
    tileLoad(7, b + k * tileColumns + lanes, bBytes);
    tileMultiplyAdd(1, 4, 7);
    if (!both) continue;
    tileLoad(5, a + registerRows * rowStride + k, aBytes);
    tileMultiplyAdd(2, 5, 6);
    tileMultiplyAdd(3, 5, 7);
  }
  tileStore(0, sums, bBytes);
  tileStore(1, sums + lanes, bBytes);
  if (!both) return;
  tileStore(2, sums + registerRows * tileColumns, bBytes);
  tileStore(3, sums + registerRows * tileColumns + lanes, bBytes);
}

#endif
