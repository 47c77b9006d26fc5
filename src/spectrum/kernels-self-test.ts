/** @file Whether kernels compute what WebAssembly computes, before they are relied upon. Knows nothing of where they come from. */
import { randomStream } from "../foundation/random.js";
import type { DenseKernels } from "../linalg/dense-kernels.js";
import { gramSum } from "../linalg/gram-sum.js";

/** [n, count]: no multiples of any tile, several panels, one vector alone. */
const shapes = [
  [1, 3],
  [37, 300],
  [130, 61],
  [75, 1],
] as const;

/** Of the largest entry or eigenvalue. */
const allowed = { float64: 1e-12, float32: 1e-5 } as const;

function largestDifference(found: Float64Array, expected: Float64Array): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const differences = found.map((value, i) => Math.abs(value - expected[i]) / largest);
  // NaN is more than anything.
  return differences.reduce((most, value) => Math.max(most, value), 0);
}

/** @returns a sentence where they differ from WebAssembly by more than rounding does. */
export function kernelsSelfTest(kernels: DenseKernels): string | null {
  const stream = randomStream(0, "Gram self-test");
  for (const [n, count] of shapes) {
    const values = new Float32Array(n * count);
    stream.fillNormal(values, 1);
    for (const precision of ["float64", "float32"] as const)
      for (const way of ["addRows", "addColumns"] as const) {
        const answers = [{ precision, kernels }, { precision }].map((options) => {
          const gram = gramSum(n, options);
          gram[way](values, count);
          return { upper: gram.upper(), eigenvalues: gram.eigenvalues() };
        });
        for (const what of ["upper", "eigenvalues"] as const) {
          const difference = largestDifference(answers[0][what], answers[1][what]);
          if (!(difference <= allowed[precision]))
            return `${what} of ${count} vectors of ${n} differ by ${difference.toPrecision(2)}, where ${allowed[precision]} is allowed (${precision}).`;
        }
      }
  }
  return null;
}
