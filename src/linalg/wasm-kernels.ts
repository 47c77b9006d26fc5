/** @file The dense kernels in WebAssembly and JavaScript, which run everywhere. Knows nothing of what is measured. */
import type { DenseKernels, GramStorage, Values, VectorBlock } from "./dense-kernels.js";
import { kernelMemory } from "./kernel-memory.js";
import { tridiagonalEigenvalues } from "./tridiagonal-eigenvalues.js";
import { reduceInPlace } from "./tridiagonal-form.js";

/** Columns of a strip of the panel. */
const stripColumns = 4;

export const wasmKernels: DenseKernels = {
  // Of the tiles of float32 products, which are wider than those of float64.
  strideMultiple: 8,
  // Stays in the second-level cache.
  panelBytes: 1 << 19,
  addProducts(block, storage) {
    const { values, n, count, byColumns, factor } = block;
    const { panel, stride, depth } = storage;
    const whole = n & ~(stripColumns - 1);
    for (let begin = 0; begin < count; begin += depth) {
      const vectors = Math.min(depth, count - begin);
      if (n < stride) panel.fill(0, whole * vectors, stride * vectors);
      if (byColumns) packColumns(block, begin, vectors, panel);
      else
        for (let k = 0; k < vectors; k++)
          packRow(values, (begin + k) * n, n, panel, k * stripColumns, vectors * stripColumns, factor);
      addPanel(storage, vectors);
    }
  },
  eigenvalues(a, n, stride, scratch) {
    const memory = kernelMemory("dense");
    const { diagonal, offDiagonal } = reduceInPlace(memory, a.byteOffset, n, stride, scratch.byteOffset);
    return tridiagonalEigenvalues(diagonal, offDiagonal);
  },
  powerSums(values, begin, end) {
    let sum = 0;
    for (let i = begin; i < end; i++) sum += values[i];
    const mean = sum / (end - begin);
    let m2 = 0;
    let m3 = 0;
    let m4 = 0;
    for (let i = begin; i < end; i++) {
      const deviation = values[i] - mean;
      const square = deviation * deviation;
      m2 += square;
      m3 += square * deviation;
      m4 += square * square;
    }
    return { sum, m2, m3, m4 };
  },
  gramTimes({ w, rows, stride }, x, y, scratch) {
    const { rowsTimesBlock, addRowsByBlock } = kernelMemory("held").kernels;
    const rowBytes = stride * 4;
    y.fill(0);
    // A pair of rows at a time while it is in the cache.
    for (let row = 0, begin = w.byteOffset; row < rows; row += 2, begin += 2 * rowBytes) {
      rowsTimesBlock(begin, begin + rowBytes, x.byteOffset, rowBytes, scratch.byteOffset);
      addRowsByBlock(begin, begin + rowBytes, y.byteOffset, rowBytes, scratch.byteOffset);
    }
  },
  largest(values, count) {
    let most = 0;
    for (let i = 0; i < count; i++) most = Math.max(most, Math.abs(values[i]));
    return most;
  },
};

/** Adds P'P for the panel's first `count` vectors; P lies in strips of four columns, [count, 4] each. */
function addPanel({ gram, stride, panel }: GramStorage, count: number): void {
  const { addTile, addTileFloat32 } = kernelMemory("dense").kernels;
  const single = panel instanceof Float32Array;
  const stripBytes = count * stripColumns * panel.BYTES_PER_ELEMENT;
  const step = single ? 2 * stripColumns : stripColumns;
  const rowBytes = stride * 8;
  for (let i = 0, a = panel.byteOffset; i < stride; i += stripColumns, a += stripBytes) {
    const first = i - (i % step);
    let b = panel.byteOffset + (first / stripColumns) * stripBytes;
    for (let j = first; j < stride; j += step, b += (step / stripColumns) * stripBytes) {
      const out = gram.byteOffset + (i * stride + j) * 8;
      if (single) addTileFloat32(a, b, b + stripBytes, stripBytes, out, rowBytes);
      else addTile(a, b, stripBytes, out, rowBytes);
    }
  }
}

function packColumns({ values, n, count, factor }: VectorBlock, begin: number, vectors: number, panel: Values): void {
  for (let i = 0; i < n; i++) {
    const from = i * count + begin;
    const to = (i >> 2) * vectors * stripColumns + (i & 3);
    for (let k = 0; k < vectors; k++) panel[to + k * stripColumns] = values[from + k] * factor;
  }
}

/** Spreads one row over the strips of four columns. @param stripLength elements of a strip. */
function packRow(
  x: Values,
  from: number,
  n: number,
  panel: Values,
  to: number,
  stripLength: number,
  factor: number,
): void {
  let at = to;
  let j = 0;
  for (; j + 4 <= n; j += 4, at += stripLength) {
    panel[at] = x[from + j] * factor;
    panel[at + 1] = x[from + j + 1] * factor;
    panel[at + 2] = x[from + j + 2] * factor;
    panel[at + 3] = x[from + j + 3] * factor;
  }
  for (let c = 0; j + c < n; c++) panel[at + c] = x[from + j + c] * factor;
}
