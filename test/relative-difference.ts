/** @file The distance between two tensors that the project's tolerances are stated in. */
import { ShapeError } from "../src/foundation/errors.js";

/**
 * |a - b| / max(|b|, 1e-6 sqrt(elements)) in the 2-norm: the floor is for tensors whose true value is zero.
 * @returns NaN where either holds one. @throws ShapeError where the lengths differ.
 */
export function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new ShapeError(`relativeDifference: ${a.length} and ${b.length} elements.`);
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    norm += b[i] ** 2;
  }
  return Math.sqrt(difference) / Math.max(Math.sqrt(norm), 1e-6 * Math.sqrt(b.length));
}

/** Largest |a - b|; NaN where either holds one. @throws ShapeError where the lengths differ. */
export function maximumDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new ShapeError(`maximumDifference: ${a.length} and ${b.length} elements.`);
  let maximum = 0;
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= maximum)) maximum = difference;
  }
  return maximum;
}
