/** @file Whether kernels compute what WebAssembly computes, before they are relied upon. Knows nothing of where they come from. */
import { randomStream } from "../foundation/random.js";
import type { DenseKernels, Values } from "../linalg/dense-kernels.js";
import { gramSum } from "../linalg/gram-sum.js";
import { holdMatrix } from "../linalg/held-matrix.js";
import { wasmKernels } from "../linalg/wasm-kernels.js";

/** [n, count]: no multiples of any tile, several panels, one vector alone. */
const shapes = [
  [1, 3],
  [37, 300],
  [130, 61],
  [75, 1],
] as const;

/** Of the largest entry or eigenvalue. */
const allowed = { float64: 1e-12, float32: 1e-5 } as const;

/** Of the largest; NaN where there is one, which is below no limit. */
function largestDifference(found: Float64Array, expected: Float64Array): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const differences = found.map((value, i) => Math.abs(value - expected[i]) / largest);
  return differences.reduce((most, value) => Math.max(most, value), 0);
}

function gramFailure(kernels: DenseKernels, values: Values, n: number, count: number): string | null {
  for (const precision of ["float64", "float32"] as const)
    for (const way of ["addRows", "addColumns"] as const) {
      const [found, expected] = [kernels, wasmKernels].map((by) => {
        const gram = gramSum(n, { precision, kernels: by });
        gram[way](values, count);
        return { sums: gram.upper(), eigenvalues: gram.eigenvalues() };
      });
      for (const what of ["sums", "eigenvalues"] as const) {
        const difference = largestDifference(found[what], expected[what]);
        if (!(difference <= allowed[precision]))
          return `${what} of ${count} vectors of ${n} differ by ${difference.toPrecision(2)}, where ${allowed[precision]} is allowed (${precision}).`;
      }
    }
  return null;
}

function momentsFailure(kernels: DenseKernels, values: Values): string | null {
  const { length } = values;
  const [found, expected] = [kernels, wasmKernels].map((by) => by.powerSums(values, 1, length));
  for (const key of ["sum", "m2", "m3", "m4"] as const) {
    const difference = Math.abs(found[key] - expected[key]) / expected.m4;
    if (!(difference <= allowed.float64)) return `${key} of ${length - 1} entries differs by ${difference}.`;
  }
  return kernels.largest(values, length) === wasmKernels.largest(values, length)
    ? null
    : `the largest of ${length} entries is another.`;
}

function heldFailure(kernels: DenseKernels, values: Float32Array, n: number, count: number): string | null {
  for (const [rows, cols] of [
    [n, count],
    [count, n],
  ]) {
    const vectors = new Float64Array(4 * Math.min(n, count)).map((_, i) => values[i % values.length]);
    const [found, expected] = [kernels, wasmKernels].map((by) => {
      const matrix = holdMatrix(rows, cols, by);
      matrix.putRows(values, 0);
      return matrix.gramTimes(vectors);
    });
    const difference = largestDifference(found, expected);
    if (!(difference <= allowed.float32))
      return `products with ${rows} x ${cols} differ by ${difference.toPrecision(2)}, where ${allowed.float32} is allowed.`;
  }
  return null;
}

/** @returns a sentence where they differ from WebAssembly by more than rounding does. */
export function kernelsSelfTest(kernels: DenseKernels): string | null {
  const stream = randomStream(0, "kernels self-test");
  for (const [n, count] of shapes) {
    const values = new Float32Array(n * count);
    stream.fillNormal(values, 1);
    const doubles = Float64Array.from(values, (value) => value / 3);
    // So small that float32 products need a factor.
    const small = doubles.map((value) => value * 1e-18);
    const failure =
      gramFailure(kernels, values, n, count) ??
      gramFailure(kernels, small, n, count) ??
      heldFailure(kernels, values, n, count) ??
      momentsFailure(kernels, values) ??
      momentsFailure(kernels, doubles);
    if (failure !== null) return failure;
  }
  return null;
}
