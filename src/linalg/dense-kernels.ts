/** @file The computations that take a scan's time, as whoever makes them fast offers them. Computes nothing. */

export type Values = Float32Array | Float64Array;

/** Vectors whose products are summed. */
export interface VectorBlock {
  /** [count, n], a row for each vector; [n, count], a column for each, where `byColumns`. Row-major; may be longer. */
  readonly values: Values;
  readonly n: number;
  readonly count: number;
  readonly byColumns: boolean;
  /** They are multiplied by it first; a power of two. */
  readonly factor: number;
}

/** Where products are summed. */
export interface GramStorage {
  /** [stride, stride]; what matters is the upper triangle of its first n rows. */
  readonly gram: Float64Array;
  readonly stride: number;
  /** Scratch for `depth` vectors of `stride` elements. Its kind is that of the products and of the sums of up to `depth` of them. */
  readonly panel: Values;
  readonly depth: number;
}

/** Vectors of `stride` doubles that a reduction needs as scratch, and eight doubles more. */
export const reductionVectors = 4;

/** Sums over entries. */
export interface PowerSums {
  readonly sum: number;
  /** Of the 2nd, 3rd and 4th powers of the deviations from the mean. */
  readonly m2: number;
  readonly m3: number;
  readonly m4: number;
}

/** A matrix that stays in memory, padded with zeros. */
export interface HeldRows {
  /** [rows, stride] */
  readonly w: Float32Array;
  /** Multiples of `heldMultiple`. */
  readonly rows: number;
  readonly stride: number;
}

/** Vectors of one product with it. */
export const blockWidth = 4;
export const heldMultiple = 16;

/** What they work in (`gram`, `panel`, `a`, `w`, `x`, `y`, scratch) lies in the thread's kernel memory, which WebAssembly alone can reach. */
export interface DenseKernels {
  readonly strideMultiple: number;
  /** What a panel may take so that it stays in the cache. */
  readonly panelBytes: number;
  /** Adds the products; entries of `gram` beyond the first n rows and columns are zero and stay it. */
  addProducts(block: VectorBlock, storage: GramStorage): void;
  /**
   * @param a [stride, stride], symmetric and consumed; the upper triangle of its first n rows is finite and its largest entry about 1.
   * @returns [n], descending.
   */
  eigenvalues(a: Float64Array, n: number, stride: number, scratch: Float64Array): Float64Array;
  /** Of `values` from `begin` to before `end`. */
  powerSums(values: Values, begin: number, end: number): PowerSums;
  /**
   * y = W'W x, products and sums are float32. @param x [stride, 4]. @param y [stride, 4], overwritten. @param scratch eight vectors.
   */
  gramTimes(held: HeldRows, x: Float32Array, y: Float32Array, scratch: Float32Array): void;
  /** The largest magnitude of the first values; anything where one is NaN. */
  largest(values: Values, count: number): number;
}
