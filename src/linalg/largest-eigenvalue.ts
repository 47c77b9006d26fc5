/** @file The largest eigenvalue of a symmetric operator by Lanczos' iteration. Knows nothing of how its product is computed. */
import { ShapeError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { tridiagonalEigenvalues } from "./tridiagonal-eigenvalues.js";

/** Noise of 4,096 columns, whose largest eigenvalues crowd, takes about 100. */
const mostSteps = 400;
/** Steps between two looks. */
const interval = 8;
/** A look that changes the value by less than this share ends the iteration; the error is then smaller still. */
const tolerance = 1e-9;

/**
 * @param product x [n] -> A x [n], A symmetric and not negative. @param n >= 1.
 * @returns within about 1e-8 of the true value, from below. Without reorthogonalization: copies of a converged value do no harm to it.
 * @throws ShapeError where the product is not finite. Golub & Van Loan, 10.1
 */
export function largestEigenvalue(product: (x: Float64Array) => Float64Array, n: number): number {
  let q: Float64Array = new Float64Array(n);
  const stream = randomStream(0, "Lanczos start");
  for (let i = 0; i < n; i++) q[i] = stream.normal();
  scale(q, 1 / norm(q));
  let previous: Float64Array = new Float64Array(n);
  const diagonal: number[] = [];
  const offDiagonal: number[] = [];
  let beta = 0;
  let value = 0;
  for (let step = 1; step <= mostSteps; step++) {
    const next = product(q);
    let alpha = 0;
    for (let i = 0; i < n; i++) alpha += q[i] * next[i];
    if (!Number.isFinite(alpha)) throw new ShapeError("largest eigenvalue: the matrix holds NaN or infinite entries.");
    for (let i = 0; i < n; i++) next[i] -= alpha * q[i] + beta * previous[i];
    beta = norm(next);
    diagonal.push(alpha);
    offDiagonal.push(beta);
    const exhausted = step >= n || beta <= 1e-14 * Math.max(value, Math.abs(alpha));
    if (exhausted || step % interval === 0) {
      const [largest] = tridiagonalEigenvalues(
        Float64Array.from(diagonal),
        Float64Array.from(offDiagonal).fill(0, step - 1),
      );
      const settled = Math.abs(largest - value) <= tolerance * Math.abs(largest);
      value = largest;
      if (exhausted || settled) break;
    }
    scale(next, 1 / beta);
    previous = q;
    q = next;
  }
  return Math.max(0, value);
}

function norm(x: Float64Array): number {
  let sum = 0;
  for (const value of x) sum += value * value;
  return Math.sqrt(sum);
}

function scale(x: Float64Array, factor: number): void {
  for (let i = 0; i < x.length; i++) x[i] *= factor;
}
