/* The sizes of one attention, how its work is cut into tasks, and where its operands and its scratch memory lie. Knows no arithmetic. */
#ifndef ATTENTION_SHAPE_H
#define ATTENTION_SHAPE_H

#include "deadweight.h"
#include "tile-rows.h"

/* Queries, and keys, of a tile. Measured on AVX-512 with 48 KB of L1: sides of 32 and 128 are no faster. */
enum { tileSide = 64 };

typedef struct {
  int64_t rows, length, heads, keyValueHeads, headWidth;
  int64_t group;        /* query heads that share a key head */
  int64_t padded;       /* headWidth in whole vectors */
  int64_t paddedLength; /* length in whole register tiles */
  int64_t blocks;       /* of tileSide positions in a row */
  float scale;
} AttentionShape;

static inline AttentionShape attentionShape(const Instruction *instruction) {
  const int64_t *size = instruction->size;
  return (AttentionShape){.rows = size[0],
                          .length = size[1],
                          .heads = size[2],
                          .keyValueHeads = size[3],
                          .headWidth = size[4],
                          .group = size[2] / size[3],
                          .padded = roundUp(size[4], lanes),
                          .paddedLength = roundUp(size[1], tileRows),
                          .blocks = (size[1] + tileSide - 1) / tileSide,
                          .scale = (float)instruction->scalar[0]};
}

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* How many positions block `block` has. */
static inline int64_t blockLength(const AttentionShape *shape, int64_t block) { return least(tileSide, shape->length - block * tileSide); }

/*
 * The blocks of `heads` heads, one head after the other, are dealt out in parts of about equal work: a block of queries sees as many
 * blocks of keys as there are up to it. @returns the first block of a part; that of part `parts` is the end.
 */
static inline int64_t partBegin(const AttentionShape *shape, int64_t heads, int64_t part, int64_t parts) {
  int64_t ofHead = shape->blocks * (shape->blocks + 1) / 2;
  for (int64_t block = 0;; block++) {
    int64_t within = block % shape->blocks;
    int64_t before = block / shape->blocks * ofHead + within * (within + 1) / 2;
    if (before * parts >= heads * ofHead * part) return block;
  }
}

/* So many parts of each of `wholes` that there are about `wantedTasks` in all, but at least `leastBlocks` of its `blocks` to a part. */
static inline int64_t partsFor(int64_t wantedTasks, int64_t wholes, int64_t blocks, int64_t leastBlocks) {
  int64_t parts = least((wantedTasks + wholes - 1) / wholes, blocks / leastBlocks);
  return parts < 1 ? 1 : parts;
}

/* One position of one head of an operand. */
static inline float *placeOf(const Instruction *instruction, int operand, int64_t row, int64_t position, int64_t head) {
  return floats(instruction, operand) + (row * instruction->size[1] + position) * strideOf(instruction, operand) +
         head * instruction->size[4];
}

/* Scratch memory taken piece by piece; without memory, only counted. */
typedef struct {
  float *memory;
  int64_t used;
} Arena;

static inline float *take(Arena *arena, int64_t count) {
  float *piece = arena->memory == NULL ? NULL : arena->memory + arena->used;
  arena->used += roundUp(count, 16);
  return piece;
}

#endif
