/** @file The dense kernels of the library that `native/spectral/spectral-library.h` declares. Knows no measures. */
import { openShared, type SharedLibrary } from "../engine/native/foreign-functions.js";
import { InputError, ShapeError } from "../foundation/errors.js";
import type { DenseKernels, Values } from "../linalg/dense-kernels.js";

const declare = (shared: SharedLibrary) => ({
  addProducts: shared.func(
    "void deadweightAddProducts(const void *data, int32_t isDouble, int32_t byColumns, int64_t n, int64_t count, double factor, int32_t single, void *gram, int64_t stride, void *panel, int64_t depth)",
  ),
  eigenvalues: shared.func(
    "int32_t deadweightEigenvalues(void *a, int64_t n, int64_t stride, void *values, void *offDiagonal, void *scratch)",
  ),
  moments: shared.func(
    "void deadweightMoments(const void *entries, int32_t isDouble, int64_t begin, int64_t count, void *moments)",
  ),
  gramTimes: shared.func(
    "void deadweightGramTimes(const void *w, int64_t rows, int64_t stride, const void *x, void *y, void *scratch)",
  ),
  largest: shared.func("double deadweightLargest(const void *entries, int32_t isDouble, int64_t count)"),
});

/** V8 keeps a small array on its own heap, where it moves, until its buffer is asked for. */
function settled<A extends Values>(values: A): A {
  void values.buffer;
  return values;
}

const isDouble = (values: Values) => (values instanceof Float64Array ? 1 : 0);

/** @param path of the compiled library. @throws InputError where it cannot be loaded. */
export async function openNativeKernels(path: string): Promise<DenseKernels> {
  const shared = await openShared(path);
  let functions: ReturnType<typeof declare>;
  try {
    functions = declare(shared);
  } catch (error) {
    throw new InputError(`${path}: is not the library of the spectral kernels (${(error as Error).message}).`);
  }
  const sums = settled(new Float64Array(4));
  return {
    // Of the widest tiles of float32 products.
    strideMultiple: 32,
    panelBytes: 1 << 20,
    addProducts({ values, n, count, byColumns, factor }, { gram, stride, panel, depth }) {
      const kinds = [isDouble(values), byColumns ? 1 : 0];
      const single = panel instanceof Float32Array ? 1 : 0;
      functions.addProducts(settled(values), ...kinds, n, count, factor, single, gram, stride, panel, depth);
    },
    eigenvalues(a, n, stride, scratch) {
      const [values, offDiagonal] = [new Float64Array(n), new Float64Array(n)].map(settled);
      if (functions.eigenvalues(a, n, stride, values, offDiagonal, scratch) === 0)
        throw new ShapeError(`eigenvalues: no convergence for ${n} x ${n}. Are all entries finite?`);
      return values.sort().reverse();
    },
    powerSums(values, begin, end) {
      functions.moments(settled(values), isDouble(values), begin, end - begin, sums);
      const [sum, m2, m3, m4] = sums;
      return { sum, m2, m3, m4 };
    },
    gramTimes: ({ w, rows, stride }, x, y, scratch) => functions.gramTimes(w, rows, stride, x, y, scratch),
    largest: (values, count) => functions.largest(settled(values), isDouble(values), count),
  };
}
