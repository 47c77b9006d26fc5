/* G += X'X in tiles, for doubles and for floats. */
#include "gram.h"

#include "../unroll.h"
#include "double-vector.h"

/* As many rows as leave registers for two vectors and a factor; a strip may hold fewer. */
#if defined(__AVX512F__) || defined(__aarch64__)
enum { mostTileRows = 8 };
#else
enum { mostTileRows = 4 };
#endif

#define Element double
#define ElementVector DoubleVector
#define named(name) name##Double
#include "gram-panel.h"
#undef Element
#undef ElementVector
#undef named

#define Element float
#define ElementVector Vector
#define named(name) name##Single
#include "gram-panel.h"

void addProducts(Vectors x, double *gram, int64_t stride, void *panel, int64_t depth) { addPanelsDouble(x, gram, stride, panel, depth); }

void addProductsSingle(Vectors x, double *gram, int64_t stride, void *panel, int64_t depth) {
  addPanelsSingle(x, gram, stride, panel, depth);
}
