/** @file The float64 Gram matrix of a matrix that arrives in pieces, and its eigenvalues. Knows nothing of files. */
import { ShapeError } from "../foundation/errors.js";
import { kernelMemory } from "./kernel-memory.js";
import { tridiagonalEigenvalues } from "./tridiagonal-eigenvalues.js";
import { reduceInPlace, reductionBytes } from "./tridiagonal-form.js";

type Values = Float32Array | Float64Array;

/** What one panel may take, so that it stays in the second-level cache. */
const panelBytes = 1 << 19;

/** Sums of products of n-vectors. One at a time a thread: the kernels' memory holds it. */
export interface GramSum {
  readonly n: number;
  /** Each row is one vector: G += X'X. @param x [count, n], row-major. */
  addRows(x: Values, count: number): void;
  /** Each column is one vector: G += X X'. @param x [n, count], row-major. */
  addColumns(x: Values, count: number): void;
  /** Adds another sum's upper triangle. @param g as `upper` gives it. */
  addUpper(g: Float64Array): void;
  /** @returns [n (n + 1) / 2], the upper triangle row by row. */
  upper(): Float64Array;
  /** @returns [n, n], symmetric. */
  matrix(): Float64Array;
  /** Sum of the eigenvalues, and of their squares. */
  sums(): { readonly trace: number; readonly squares: number };
  /** y = G x. @param x [n]. @returns [n] */
  product(x: Float64Array): Float64Array;
  /** Consumes the sum. @returns [n], descending; each within about n * 1e-16 of the largest. @throws ShapeError where entries are not finite. */
  eigenvalues(): Float64Array;
}

export interface GramOptions {
  /**
   * `float32` is twice as fast: products and the sums of up to 256 of them are float32, what they are added to is float64. Entries are
   * within 1e-6 of the largest, which is enough for norms and not for small eigenvalues.
   */
  readonly precision?: "float64" | "float32";
}

/** @param n >= 1. @throws ShapeError where the memory does not suffice. */
export function gramSum(n: number, { precision = "float64" }: GramOptions = {}): GramSum {
  if (!Number.isInteger(n) || n < 1) throw new ShapeError(`Gram matrix: ${n} is no size.`);
  const memory = kernelMemory("dense");
  const single = precision === "float32";
  // Whole tiles, padded with zeros.
  const padded = single ? (n + 7) & ~7 : (n + 3) & ~3;
  const elementBytes = single ? 4 : 8;
  const depth = Math.max(32, Math.min(256, (panelBytes / (padded * elementBytes)) & ~15));
  const [gramAt, panelAt, scratchAt] = memory.layOut([
    padded * padded * 8,
    padded * depth * elementBytes,
    Math.max(reductionBytes(padded), padded * 8),
  ]);
  const gram = memory.float64(gramAt, padded * padded).fill(0);
  const panel = (single ? memory.float32(panelAt, padded * depth) : memory.float64(panelAt, padded * depth)).fill(0);
  const { addTile, addTileFloat32, dot, addScaled } = memory.kernels;

  /**
   * Float32 products of very small or large entries would under- or overflow: those are summed in a unit, a power of two, that the largest
   * entry so far sets.
   */
  let unit = 1;
  let largest = 0;
  const heed = (x: Values, length: number) => {
    if (!single) return;
    let most = 0;
    for (let i = 0; i < length; i++) most = Math.max(most, Math.abs(x[i]));
    if (!(most > 2 ** 20 * largest) || !Number.isFinite(most)) return;
    const next = 2 ** Math.floor(Math.log2(most));
    const factor = (unit / next) ** 2;
    for (let i = 0; i < gram.length; i++) gram[i] *= factor;
    [unit, largest] = [next, most];
  };

  /** Back to a unit of 1. */
  const settle = () => {
    if (unit !== 1) for (let i = 0; i < gram.length; i++) gram[i] *= unit * unit;
    [unit, largest] = [1, 0];
  };

  /** Adds P'P for the panel's first `count` vectors; P lies in strips of four columns, [count, 4] each. */
  const addPanel = (count: number) => {
    const stripBytes = count * 4 * elementBytes;
    const step = single ? 8 : 4;
    for (let i = 0, a = panelAt; i < padded; i += 4, a += stripBytes) {
      const first = i - (i % step);
      for (let j = first, b = panelAt + (first / 4) * stripBytes; j < padded; j += step, b += (step / 4) * stripBytes) {
        const out = gramAt + (i * padded + j) * 8;
        if (single) addTileFloat32(a, b, b + stripBytes, stripBytes, out, padded * 8);
        else addTile(a, b, stripBytes, out, padded * 8);
      }
    }
  };
  /** The upper triangle, mirrored into the lower one inside the tiles on the diagonal only: this does the rest. */
  const mirror = () => {
    for (let i = 0; i < padded; i++) for (let j = 0; j < i; j++) gram[i * padded + j] = gram[j * padded + i];
  };

  return {
    n,
    addRows(x, count) {
      if (x.length < count * n) throw new ShapeError(`Gram matrix: ${x.length} values are no ${count} rows of ${n}.`);
      heed(x, count * n);
      for (let begin = 0; begin < count; begin += depth) {
        const rows = Math.min(depth, count - begin);
        if (n < padded) panel.fill(0, (n & ~3) * rows, padded * rows);
        for (let k = 0; k < rows; k++) packRow(x, (begin + k) * n, n, panel, k * 4, rows * 4, 1 / unit);
        addPanel(rows);
      }
    },
    addColumns(x, count) {
      if (x.length < n * count) throw new ShapeError(`Gram matrix: ${x.length} values are no ${n} rows of ${count}.`);
      heed(x, n * count);
      for (let begin = 0; begin < count; begin += depth) {
        const columns = Math.min(depth, count - begin);
        const factor = 1 / unit;
        if (n < padded) panel.fill(0, (n & ~3) * columns, padded * columns);
        for (let i = 0; i < n; i++) {
          const from = i * count + begin;
          const to = (i >> 2) * columns * 4 + (i & 3);
          for (let k = 0; k < columns; k++) panel[to + k * 4] = x[from + k] * factor;
        }
        addPanel(columns);
      }
    },
    addUpper(g) {
      settle();
      if (g.length !== (n * (n + 1)) / 2)
        throw new ShapeError(`Gram matrix: ${g.length} values are no triangle of ${n}.`);
      for (let i = 0, at = 0; i < n; i++) for (let j = i; j < n; j++, at++) gram[i * padded + j] += g[at];
    },
    upper() {
      settle();
      const values = new Float64Array((n * (n + 1)) / 2);
      for (let i = 0, at = 0; i < n; at += n - i, i++) values.set(gram.subarray(i * padded + i, i * padded + n), at);
      return values;
    },
    matrix() {
      settle();
      mirror();
      const values = new Float64Array(n * n);
      for (let i = 0; i < n; i++) values.set(gram.subarray(i * padded, i * padded + n), i * n);
      return values;
    },
    sums() {
      settle();
      let trace = 0;
      let squares = 0;
      for (let i = 0; i < n; i++) {
        const diagonal = gram[i * padded + i];
        trace += diagonal;
        let row = 0;
        for (let j = i + 1; j < n; j++) row += gram[i * padded + j] ** 2;
        squares += diagonal * diagonal + 2 * row;
      }
      return { trace, squares };
    },
    product(x) {
      settle();
      const [xAt, yAt] = [scratchAt, scratchAt + padded * 8];
      const from = memory.float64(xAt, padded).fill(0);
      const into = memory.float64(yAt, padded).fill(0);
      from.set(x);
      for (let i = 0; i < n; i++) {
        const begin = i * padded;
        let sum = gram[begin + i] * x[i];
        let j = i + 1;
        // The kernels take pairs.
        if (j % 2 === 1 && j < n) {
          sum += gram[begin + j] * x[j];
          into[j] += gram[begin + j] * x[i];
          j++;
        }
        if (j < n) {
          const bytes = (padded - j) * 8;
          sum += dot(gramAt + (begin + j) * 8, xAt + j * 8, bytes);
          addScaled(yAt + j * 8, gramAt + (begin + j) * 8, bytes, x[i]);
        }
        into[i] += sum;
      }
      return into.slice(0, n);
    },
    eigenvalues() {
      settle();
      const { diagonal, offDiagonal, scale } = reduceInPlace(memory, gramAt, n, padded, scratchAt);
      return tridiagonalEigenvalues(diagonal, offDiagonal).map((value) => value * scale);
    },
  };
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
