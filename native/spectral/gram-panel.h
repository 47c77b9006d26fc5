/*
 * The product of a panel with itself, for one kind of element: included once for each, with `Element`, `ElementVector` and `named(name)`
 * defined. A panel holds `depth` vectors in strips of `stripColumns` of their entries, [strips, depth, stripColumns].
 */
enum {
  named(lanes) = vectorBytes / (int)sizeof(Element),
  named(stripColumns) = 2 * named(lanes),
};

__attribute__((always_inline)) static inline Element named(entry)(Vectors x, int64_t vector, int64_t i) {
  int64_t at = x.byColumns ? i * x.count + vector : vector * x.n + i;
  return (Element)((x.isDouble ? ((const double *)x.data)[at] : ((const float *)x.data)[at]) * (Element)x.factor);
}

/* Of `depth` vectors from `begin` on, the strip that starts with entry `first`; entries beyond the last are zero. */
__attribute__((always_inline)) static inline void named(packAs)(Vectors x, int64_t begin, int64_t depth, int64_t first, Element *strip) {
  const int64_t columns = named(stripColumns);
  int64_t filled = x.n - first < columns ? x.n - first : columns;
  if (filled < columns) memset(strip, 0, (size_t)(depth * columns) * sizeof(Element));
  if (x.byColumns) {
    for (int64_t c = 0; c < filled; c++)
      for (int64_t k = 0; k < depth; k++) strip[k * columns + c] = named(entry)(x, begin + k, first + c);
  } else if (filled == columns) {
    for (int64_t k = 0; k < depth; k++)
      for (int64_t c = 0; c < columns; c++) strip[k * columns + c] = named(entry)(x, begin + k, first + c);
  } else {
    for (int64_t k = 0; k < depth; k++)
      for (int64_t c = 0; c < filled; c++) strip[k * columns + c] = named(entry)(x, begin + k, first + c);
  }
}

/* A loop of its own for each way the entries lie. */
static void named(pack)(Vectors x, int64_t begin, int64_t depth, int64_t first, Element *strip) {
  Vectors fixed = x;
  for (int32_t isDouble = 0; isDouble < 2; isDouble++)
    for (int32_t byColumns = 0; byColumns < 2; byColumns++) {
      if (x.isDouble != isDouble || x.byColumns != byColumns) continue;
      fixed.isDouble = isDouble;
      fixed.byColumns = byColumns;
      named(packAs)(fixed, begin, depth, first, strip);
    }
}

/* out [tileRows, stripColumns] += sum over k of a[k, r] b[k, c]. */
static void named(addTile)(const Element *a, const Element *b, int64_t depth, double *out, int64_t stride) {
  const int64_t columns = named(stripColumns);
  ElementVector sum[tileRows][2] = {0};
  for (int64_t k = 0; k < depth; k++) {
    ElementVector left, right;
    memcpy(&left, b + k * columns, sizeof left);
    memcpy(&right, b + k * columns + named(lanes), sizeof right);
    unrollFully for (int r = 0; r < tileRows; r++) {
      ElementVector factor = a[k * columns + r] - (ElementVector){0};
      sum[r][0] += factor * left;
      sum[r][1] += factor * right;
    }
  }
  unrollFully for (int r = 0; r < tileRows; r++) {
    Element sums[named(stripColumns)];
    memcpy(sums, sum[r], sizeof sums);
    for (int64_t c = 0; c < columns; c++) out[r * stride + c] += sums[c];
  }
}

static void named(addPanels)(Vectors x, double *gram, int64_t stride, Element *panel, int64_t depth) {
  const int64_t columns = named(stripColumns);
  int64_t strips = (x.n + columns - 1) / columns;
  for (int64_t begin = 0; begin < x.count; begin += depth) {
    int64_t vectors = x.count - begin < depth ? x.count - begin : depth;
    for (int64_t s = 0; s < strips; s++) named(pack)(x, begin, vectors, s * columns, panel + s * vectors * columns);
    for (int64_t s = 0; s < strips; s++)
      for (int64_t i = 0; i < (s + 1) * columns && i < x.n; i += tileRows)
        named(addTile)(panel + i / columns * vectors * columns + i % columns, panel + s * vectors * columns, vectors,
                       gram + i * stride + s * columns, stride);
  }
}
