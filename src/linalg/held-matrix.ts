/** @file A large matrix held as float32 in the kernels' memory, and its product with four vectors at a time. Knows no algorithm. */
import { ShapeError } from "../foundation/errors.js";
import { kernelMemory } from "./kernel-memory.js";

/** Vectors of one product. */
export const blockWidth = 4;

/** One at a time a thread: the kernels' memory holds it. */
export interface HeldMatrix {
  /** The smaller side: the length of the vectors. */
  readonly n: number;
  /** Puts whole rows in their place. @param values [count, cols], row-major. */
  putRows(values: Float32Array | Float64Array, firstRow: number): void;
  /** Y = G X, G = W'W or W W', whichever is n x n; products and sums are float32. @param x [n, 4], row-major. @returns [n, 4] */
  gramTimes(x: Float64Array): Float64Array;
}

/** @throws ShapeError where the memory does not suffice. */
export function holdMatrix(rows: number, cols: number): HeldMatrix {
  const memory = kernelMemory("held");
  const tall = rows >= cols;
  const n = Math.min(rows, cols);
  // Padded with zeros to whole vectors and to pairs of rows.
  const stride = (cols + 3) & ~3;
  const pairs = (rows + 1) & ~1;
  const pairBytes = 2 * blockWidth * 4;
  const [at, innerAt, outerAt, pairAt] = memory.layOut([
    pairs * stride * 4,
    stride * blockWidth * 4,
    Math.max(pairs, stride) * blockWidth * 4,
    pairBytes,
  ]);
  const w = memory.float32(at, pairs * stride);
  if (stride !== cols || pairs !== rows) w.fill(0);
  const { rowsTimesBlock, addRowsByBlock } = memory.kernels;
  const rowBytes = stride * 4;
  // As long as a row of W; as long as the vectors that come and go.
  const inner = memory.float32(innerAt, stride * blockWidth);
  const outer = memory.float32(outerAt, Math.max(pairs, stride) * blockWidth);

  return {
    n,
    putRows(values, firstRow) {
      const count = values.length / cols;
      if (!Number.isInteger(count) || firstRow + count > rows) {
        throw new ShapeError(
          `held matrix: ${values.length} values from row ${firstRow} on do not fit ${rows} x ${cols}.`,
        );
      }
      for (let row = 0; row < count; row++) {
        w.set(values.subarray(row * cols, (row + 1) * cols), (firstRow + row) * stride);
      }
    },
    gramTimes(x) {
      if (x.length !== n * blockWidth) throw new ShapeError(`held matrix: ${x.length} values are no ${n} x 4.`);
      outer.fill(0).set(x);
      inner.fill(0);
      if (tall) {
        // W'(W x), a pair of rows at a time while it is in the cache.
        for (let row = 0, begin = at; row < pairs; row += 2, begin += 2 * rowBytes) {
          rowsTimesBlock(begin, begin + rowBytes, outerAt, rowBytes, pairAt);
          addRowsByBlock(begin, begin + rowBytes, innerAt, rowBytes, pairAt);
        }
        return Float64Array.from(inner.subarray(0, n * blockWidth));
      }
      // W (W' x).
      for (let row = 0, begin = at; row < pairs; row += 2, begin += 2 * rowBytes) {
        addRowsByBlock(begin, begin + rowBytes, innerAt, rowBytes, outerAt + row * blockWidth * 4);
      }
      for (let row = 0, begin = at; row < pairs; row += 2, begin += 2 * rowBytes) {
        rowsTimesBlock(begin, begin + rowBytes, innerAt, rowBytes, outerAt + row * blockWidth * 4);
      }
      return Float64Array.from(outer.subarray(0, n * blockWidth));
    },
  };
}
