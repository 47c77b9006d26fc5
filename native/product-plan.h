/*
 * How a matrix product is cut, by its sizes alone. Knows nothing of memory, threads, or what lies in the matrices.
 *
 * The sum is cut into phases. Within a phase, the factor with fewer rows (of A) or columns (of B) is cut into blocks that fit a core's
 * second-level cache, where each thread keeps one packed; the other is cut into pieces, each packed anew by whoever takes it. A block
 * times a group of pieces is a task. Threads share nothing that is packed: cache lines that one core writes and another reads cost more
 * than to pack a block twice.
 *
 * The constants are measured on two cores of a Xeon (Emerald Rapids: 48 KB and 2 MB of cache each) with the products of small language
 * models; others within a factor of two were slower or no faster.
 */
#ifndef PRODUCT_PLAN_H
#define PRODUCT_PLAN_H

#include <stdbool.h>

#include "cut.h"
#include "micro-kernel.h"

static inline int64_t lengthOf(Range r) { return r.end - r.begin; }
static inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* Part i of a range that is cut as evenly as can be. */
static inline Range partOf(Range whole, int64_t i, int64_t parts) {
  int64_t length = lengthOf(whole);
  return (Range){whole.begin + i * length / parts, whole.begin + (i + 1) * length / parts};
}

/* A block takes half of the second-level cache. */
enum { blockWords = 1 << 18 };
/*
 * Pieces are wide where there are many: what is read and written in columns should fill cache lines, and the processor's prefetching wants
 * more than one line. Columns of a transposed A fill two at least.
 */
enum { widestPiece = 1 << 16, manyPieces = 64, turnedRows = 32 };
/* Phases begin at multiples of this many words, and packed factors are filled up with zeros to one. */
enum { wordUnit = 16 };

/* Rows are of A, panels are `tileColumns` columns of B. Lengths along the sum are in units of `wordUnit` words. */
typedef struct {
  Word word;
  bool keepsA;
  int64_t rows, panels, words, tileRows;
  int64_t units, phases, blocks, pieces, groups;
} ProductPlan;

static inline Range keptRange(const ProductPlan *p, int64_t block) {
  return partOf((Range){0, p->keepsA ? p->rows : p->panels}, block, p->blocks);
}
static inline Range pieceRange(const ProductPlan *p, int64_t piece) {
  return partOf((Range){0, p->keepsA ? p->panels : p->rows}, piece, p->pieces);
}
static inline Range phaseUnits(const ProductPlan *p, int64_t phase) { return partOf((Range){0, p->units}, phase, p->phases); }

/* Rows or panels of a piece, of `extent` in all. `width`: rows or columns in each. */
static inline int64_t extentOfPiece(int64_t extent, int64_t width, int64_t depth, int64_t least) {
  return smaller(larger(least, extent / manyPieces), larger(least, widestPiece / (width * depth)));
}

/* Tasks are to outlast their handing out, and yet be many. In multiply-adds; packing a word costs about as much as 16. */
static inline int64_t piecesOfGroup(double pieces, double pieceWords, double keptExtent) {
  const double fewest = 5e5, most = 4e6, tasks = 64;
  double work = pieceWords * (keptExtent + 16), wanted = pieces * work / tasks;
  wanted = wanted < fewest ? fewest : wanted > most ? most : wanted;
  return larger(1, (int64_t)(wanted / work));
}

static inline ProductPlan planProduct(int64_t m, int64_t n, int64_t k, Word word, int64_t tileRows, bool aTransposed) {
  ProductPlan p = {.word = word, .rows = m, .tileRows = tileRows, .keepsA = m < n};
  p.panels = partCount(n, tileColumns);
  p.words = partCount(k, elementsPerWord(word));
  p.units = larger(1, partCount(p.words, wordUnit));
  /* Tiles of all kernels take the same room in the first-level cache. */
  p.phases = partCount(p.units * wordUnit, maximumDepth * kernelRows / tileRows);
  int64_t depth = partCount(p.units, p.phases) * wordUnit;
  int64_t kept = p.keepsA ? m : p.panels * tileColumns;
  p.blocks = larger(1, partCount(kept * depth, blockWords));
  int64_t extent = p.keepsA ? p.panels : m, width = p.keepsA ? tileColumns : 1;
  int64_t ofPiece = p.keepsA     ? extentOfPiece(extent, width, depth, 1)
                    : aTransposed ? extentOfPiece(extent, width, depth, larger(turnedRows, tileRows))
                                  : tileRows;
  p.pieces = partCount(extent, ofPiece);
  p.groups = partCount(p.pieces, piecesOfGroup((double)p.pieces, (double)(ofPiece * width * depth), (double)kept / (double)p.blocks));
  return p;
}

/* Words that packed rows or panels take; rows with room for whole squares or tiles beyond them. */
static inline int64_t packedWords(const ProductPlan *p, bool ofA, int64_t extent, int64_t parts) {
  int64_t longest = partCount(extent, parts);
  if (ofA) return (longest + larger(lanes, p->tileRows)) * rowStride;
  return longest * tileColumns * partCount(p->units, p->phases) * wordUnit;
}
static inline int64_t keptWords(const ProductPlan *p) { return packedWords(p, p->keepsA, p->keepsA ? p->rows : p->panels, p->blocks); }
static inline int64_t pieceWords(const ProductPlan *p) { return packedWords(p, !p->keepsA, p->keepsA ? p->panels : p->rows, p->pieces); }

#endif
