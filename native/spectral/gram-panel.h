/*
 * The product of a panel with itself, for one kind of element: included once for each, with `Element`, `ElementVector` and `named(name)`
 * defined. A panel holds `depth` vectors in strips of `stripColumns` of their entries, [strips, depth, stripColumns].
 */
enum {
  named(lanes) = vectorBytes / (int)sizeof(Element),
  named(stripColumns) = 2 * named(lanes),
  named(tileRows) = mostTileRows < named(stripColumns) ? mostTileRows : named(stripColumns),
};
_Static_assert(named(stripColumns) % named(tileRows) == 0, "the rows of a tile lie in one strip");
_Static_assert(gramStride % named(stripColumns) == 0, "a row holds whole strips");

/* Multiplied as doubles: the factor may lie beyond the range of floats where what it makes of the entries does not. */
__attribute__((always_inline)) static inline Element named(entry)(Vectors x, int64_t vector, int64_t i) {
  int64_t at = x.byColumns ? i * x.count + vector : vector * x.n + i;
  return (Element)((x.isDouble ? ((const double *)x.data)[at] : ((const float *)x.data)[at]) * x.factor);
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

/* Loops of their own for each way the entries lie, and for those that are taken as they are. */
static void named(pack)(Vectors x, int64_t begin, int64_t depth, int64_t first, Element *strip) {
#define packed(isDouble, byColumns, factor) \
  named(packAs)((Vectors){x.data, isDouble, byColumns, x.n, x.count, factor}, begin, depth, first, strip)
#define packedBy(factor) \
  x.isDouble ? (x.byColumns ? packed(1, 1, factor) : packed(1, 0, factor)) : x.byColumns ? packed(0, 1, factor) : packed(0, 0, factor)
  if (x.factor == 1) packedBy(1);
  else packedBy(x.factor);
#undef packedBy
#undef packed
}

/* out [tileRows, stripColumns] += sum over k of a[k, r] b[k, c]. */
static void named(addTile)(const Element *a, const Element *b, int64_t depth, double *out, int64_t stride) {
  const int64_t columns = named(stripColumns);
  ElementVector sum[named(tileRows)][2] = {0};
  for (int64_t k = 0; k < depth; k++) {
    ElementVector left, right;
    memcpy(&left, b + k * columns, sizeof left);
    memcpy(&right, b + k * columns + named(lanes), sizeof right);
    unrollFully for (int r = 0; r < named(tileRows); r++) {
      ElementVector factor = a[k * columns + r] - (ElementVector){0};
      sum[r][0] += factor * left;
      sum[r][1] += factor * right;
    }
  }
  unrollFully for (int r = 0; r < named(tileRows); r++) {
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
      for (int64_t i = 0; i < (s + 1) * columns && i < x.n; i += named(tileRows))
        named(addTile)(panel + i / columns * vectors * columns + i % columns, panel + s * vectors * columns, vectors,
                       gram + i * stride + s * columns, stride);
  }
}
