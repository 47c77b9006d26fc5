/** @file The float64 Gram matrix of a matrix that arrives in pieces, and its eigenvalues. Knows nothing of files. */
import { ShapeError } from "../foundation/errors.js";
import { type DenseKernels, reductionVectors, type Values } from "./dense-kernels.js";
import { kernelMemory } from "./kernel-memory.js";
import { scaleUpper } from "./tridiagonal-form.js";
import { wasmKernels } from "./wasm-kernels.js";

/** So many times larger or smaller than the unit, the largest entries have squares that float32 holds with all their digits. */
const harmless = 2 ** 30;

/** Of the unit: the square of every quotient stays finite. Entries so far beyond it that float32 overflows have squares that no double holds. */
const largestExponent = 500;

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
  /** Who computes the products and the reduction; WebAssembly by default. */
  readonly kernels?: DenseKernels;
}

/** @param n >= 1. @throws ShapeError where the memory does not suffice. */
export function gramSum(n: number, { precision = "float64", kernels = wasmKernels }: GramOptions = {}): GramSum {
  if (!Number.isInteger(n) || n < 1) throw new ShapeError(`Gram matrix: ${n} is no size.`);
  const memory = kernelMemory("dense");
  const single = precision === "float32";
  // Whole tiles, padded with zeros.
  const stride = Math.ceil(n / kernels.strideMultiple) * kernels.strideMultiple;
  const elementBytes = single ? 4 : 8;
  const depth = Math.max(32, Math.min(256, (kernels.panelBytes / (stride * elementBytes)) & ~15));
  const [gramAt, panelAt, scratchAt] = memory.layOut([
    stride * stride * 8,
    stride * depth * elementBytes,
    (reductionVectors * stride + 8) * 8,
  ]);
  const gram = memory.float64(gramAt, stride * stride).fill(0);
  const panel = (single ? memory.float32(panelAt, stride * depth) : memory.float64(panelAt, stride * depth)).fill(0);
  const scratch = memory.float64(scratchAt, reductionVectors * stride + 8);
  const { dot, addScaled } = memory.kernels;

  /**
   * Float32 products of very small or large entries would under- or overflow: those are summed in a unit, a power of two, that the first
   * entries set and larger ones set anew.
   */
  let unit = 1;
  let empty = true;
  const heed = (x: Values, length: number) => {
    if (!single) return;
    const most = kernels.largest(x, length);
    if (!(most > 0) || !Number.isFinite(most)) return;
    const suits = most <= unit * harmless && (!empty || most >= unit / harmless);
    empty = false;
    if (suits) return;
    const exponent = Math.floor(Math.log2(most));
    const next = 2 ** Math.max(-largestExponent, Math.min(largestExponent, exponent));
    const factor = (unit / next) ** 2;
    for (let i = 0; i < gram.length; i++) gram[i] *= factor;
    unit = next;
  };

  /** Back to a unit of 1. */
  const settle = () => {
    if (unit !== 1) for (let i = 0; i < gram.length; i++) gram[i] *= unit * unit;
    unit = 1;
    empty = true;
  };

  const add = (values: Values, count: number, byColumns: boolean) => {
    if (values.length < count * n) {
      const wanted = byColumns ? `${n} rows of ${count}` : `${count} rows of ${n}`;
      throw new ShapeError(`Gram matrix: ${values.length} values are no ${wanted}.`);
    }
    heed(values, count * n);
    kernels.addProducts({ values, n, count, byColumns, factor: 1 / unit }, { gram, stride, panel, depth });
  };
  /** The upper triangle, mirrored into the lower one inside the tiles on the diagonal only: this does the rest. */
  const mirror = () => {
    for (let i = 0; i < stride; i++) for (let j = 0; j < i; j++) gram[i * stride + j] = gram[j * stride + i];
  };

  return {
    n,
    addRows: (x, count) => add(x, count, false),
    addColumns: (x, count) => add(x, count, true),
    addUpper(g) {
      settle();
      if (g.length !== (n * (n + 1)) / 2)
        throw new ShapeError(`Gram matrix: ${g.length} values are no triangle of ${n}.`);
      for (let i = 0, at = 0; i < n; i++) for (let j = i; j < n; j++, at++) gram[i * stride + j] += g[at];
    },
    upper() {
      settle();
      const values = new Float64Array((n * (n + 1)) / 2);
      for (let i = 0, at = 0; i < n; at += n - i, i++) values.set(gram.subarray(i * stride + i, i * stride + n), at);
      return values;
    },
    matrix() {
      settle();
      mirror();
      const values = new Float64Array(n * n);
      for (let i = 0; i < n; i++) values.set(gram.subarray(i * stride, i * stride + n), i * n);
      return values;
    },
    sums() {
      settle();
      let trace = 0;
      let squares = 0;
      for (let i = 0; i < n; i++) {
        const diagonal = gram[i * stride + i];
        trace += diagonal;
        let row = 0;
        for (let j = i + 1; j < n; j++) row += gram[i * stride + j] ** 2;
        squares += diagonal * diagonal + 2 * row;
      }
      return { trace, squares };
    },
    product(x) {
      settle();
      const [xAt, yAt] = [scratchAt, scratchAt + stride * 8];
      const from = memory.float64(xAt, stride).fill(0);
      const into = memory.float64(yAt, stride).fill(0);
      from.set(x);
      for (let i = 0; i < n; i++) {
        const begin = i * stride;
        let sum = gram[begin + i] * x[i];
        let j = i + 1;
        // The kernels take pairs.
        if (j % 2 === 1 && j < n) {
          sum += gram[begin + j] * x[j];
          into[j] += gram[begin + j] * x[i];
          j++;
        }
        if (j < n) {
          const bytes = (stride - j) * 8;
          sum += dot(gramAt + (begin + j) * 8, xAt + j * 8, bytes);
          addScaled(yAt + j * 8, gramAt + (begin + j) * 8, bytes, x[i]);
        }
        into[i] += sum;
      }
      return into.slice(0, n);
    },
    eigenvalues() {
      settle();
      const scale = scaleUpper(gram, n, stride);
      return kernels.eigenvalues(gram, n, stride, scratch).map((value) => value * scale);
    },
  };
}
