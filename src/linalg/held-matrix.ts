/** @file A large matrix held as float32 in the kernels' memory, and its product with four vectors at a time. Knows no algorithm. */
import { ShapeError } from "../foundation/errors.js";
import { blockWidth, type DenseKernels, heldMultiple } from "./dense-kernels.js";
import { kernelMemory } from "./kernel-memory.js";
import { wasmKernels } from "./wasm-kernels.js";

/** One at a time a thread: the kernels' memory holds it. */
export interface HeldMatrix {
  /** The smaller side: the length of the vectors. */
  readonly n: number;
  /** Puts whole rows in their place. @param values [given, cols], row-major. */
  putRows(values: Float32Array | Float64Array, firstRow: number): void;
  /** Y = G X, G = W'W or W W', whichever is n x n; products and sums are float32. @param x [n, 4], row-major. @returns [n, 4] */
  gramTimes(x: Float64Array): Float64Array;
}

/**
 * Held with the longer side down, turned where it comes the other way: a product with the Gram matrix then reads it once.
 * @throws ShapeError where the memory does not suffice.
 */
export function holdMatrix(rows: number, cols: number, kernels: DenseKernels = wasmKernels): HeldMatrix {
  const memory = kernelMemory("held");
  const tall = rows >= cols;
  const [n, m] = tall ? [cols, rows] : [rows, cols];
  const [stride, count] = [n, m].map((side) => Math.ceil(side / heldMultiple) * heldMultiple);
  const block = stride * blockWidth;
  const [at, xAt, yAt, scratchAt] = memory.layOut(
    [count * stride, block, block, 2 * block].map((length) => length * 4),
  );
  const w = memory.float32(at, count * stride);
  if (stride !== n || count !== m) w.fill(0);
  const [x, y, scratch] = [
    memory.float32(xAt, block),
    memory.float32(yAt, block),
    memory.float32(scratchAt, 2 * block),
  ];

  return {
    n,
    putRows(values, firstRow) {
      const given = values.length / cols;
      if (!Number.isInteger(given) || firstRow + given > rows) {
        throw new ShapeError(
          `held matrix: ${values.length} values from row ${firstRow} on do not fit ${rows} x ${cols}.`,
        );
      }
      if (tall) {
        for (let row = 0; row < given; row++)
          w.set(values.subarray(row * cols, (row + 1) * cols), (firstRow + row) * stride);
      } else {
        for (let column = 0, to = firstRow; column < cols; column++, to += stride)
          for (let row = 0; row < given; row++) w[to + row] = values[row * cols + column];
      }
    },
    gramTimes(vectors) {
      if (vectors.length !== n * blockWidth)
        throw new ShapeError(`held matrix: ${vectors.length} values are no ${n} x 4.`);
      x.fill(0).set(vectors);
      kernels.gramTimes({ w, rows: count, stride }, x, y, scratch);
      return Float64Array.from(y.subarray(0, n * blockWidth));
    },
  };
}
