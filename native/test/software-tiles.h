/*
 * The tile registers' operations in plain C, so that code written for them can be tested on a machine without them. Knows nothing of
 * kernels.
 */
#ifndef SOFTWARE_TILES_H
#define SOFTWARE_TILES_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { softwareTiles = 8, softwareTileRows = 16, softwareTileBytes = 64 };

static _Thread_local uint8_t softwareTile[softwareTiles][softwareTileRows][softwareTileBytes];
static _Thread_local int softwareTilesConfigured;

/* Without a configuration the instructions trap. */
static inline void demandTiles(void) {
  if (!softwareTilesConfigured) abort();
}

/* Whoever finds them configured meets a thread that has not released them. */
static inline void tileConfigure(const void *configuration) {
  const uint8_t *bytes = configuration;
  if (softwareTilesConfigured || bytes[0] != 1) abort();
  for (int tile = 0; tile < softwareTiles; tile++)
    if (bytes[16 + 2 * tile] != softwareTileBytes || bytes[48 + tile] != softwareTileRows) abort();
  softwareTilesConfigured = 1;
}

static inline void tileRelease(void) { softwareTilesConfigured = 0; }

static inline void tileZero(int tile) {
  demandTiles();
  memset(softwareTile[tile], 0, sizeof softwareTile[tile]);
}

static inline void tileLoad(int tile, const void *from, int64_t stride) {
  demandTiles();
  for (int row = 0; row < softwareTileRows; row++)
    memcpy(softwareTile[tile][row], (const uint8_t *)from + row * stride, softwareTileBytes);
}

static inline void tileStore(int tile, void *to, int64_t stride) {
  demandTiles();
  for (int row = 0; row < softwareTileRows; row++)
    memcpy((uint8_t *)to + row * stride, softwareTile[tile][row], softwareTileBytes);
}

static inline float softwareBfloat16(const uint8_t *from) {
  uint16_t half;
  memcpy(&half, from, sizeof half);
  uint32_t bits = (uint32_t)half << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* sum [row][column] += sum over words w of both halves of a [row][w] times those of b [w][column]. */
static inline void tileMultiplyAdd(int sum, int a, int b) {
  demandTiles();
  for (int row = 0; row < softwareTileRows; row++)
    for (int column = 0; column < softwareTileBytes / 4; column++) {
      float value;
      memcpy(&value, &softwareTile[sum][row][4 * column], sizeof value);
      for (int word = 0; word < softwareTileRows; word++)
        for (int half = 0; half < 4; half += 2)
          value += softwareBfloat16(&softwareTile[a][row][4 * word + half]) * softwareBfloat16(&softwareTile[b][word][4 * column + half]);
      memcpy(&softwareTile[sum][row][4 * column], &value, sizeof value);
    }
}

#endif
