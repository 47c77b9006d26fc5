/** @file The step of Levenberg and Marquardt inside a trust region. Knows nothing of the function that is fitted. */
import { factorCholesky, solveCholesky, solveLower } from "./cholesky.js";

/** The local model |J p - f|^2 of a problem with n parameters; arrays are reused from step to step. */
export interface LocalModel {
  readonly n: number;
  /** [n, n], J'J; the lower triangle counts. */
  readonly normal: Float64Array;
  /** [n], J'f. */
  readonly gradient: Float64Array;
  /** [n], the scale of each parameter. */
  readonly scale: Float64Array;
}

export interface TrustRegionStep {
  /** [n]; to be subtracted from the parameters. */
  readonly step: Float64Array;
  /** Marquardt's parameter. */
  readonly damping: number;
  /** Norm of the scaled step. */
  readonly length: number;
}

const newtonSteps = 10;
const smallest = 2 ** -1022;

function scaledLength(values: Float64Array, scale: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value, i) => sum + (value * scale[i]) ** 2, 0));
}

/** @returns the factor of J'J + damping D^2, or null where it is not positive definite. */
function factorDamped({ n, normal, scale }: LocalModel, damping: number): Float64Array | null {
  const factor = normal.slice();
  for (let i = 0; i < n; i++) factor[i * n + i] += damping * scale[i] * scale[i];
  return factorCholesky(factor, n) ? factor : null;
}

/** Square of the norm of L^-1 D^2 p / |D p|: the slope of |D p| in the damping. */
function slope({ n, scale }: LocalModel, factor: Float64Array, step: Float64Array, length: number): number {
  const direction = step.map((value, i) => (value * scale[i] * scale[i]) / length);
  solveLower(factor, n, direction);
  return direction.reduce((sum, value) => sum + value * value, 0);
}

/**
 * The step p with (J'J + damping D^2) p = J'f whose scaled length is within a tenth of the radius, or the undamped one if it is shorter.
 * @param guess damping of the step before. @returns null where no damping makes the system solvable.
 * More, "The Levenberg-Marquardt algorithm" (1978): MINPACK's lmpar, on normal equations.
 */
export function trustRegionStep(model: LocalModel, radius: number, guess: number): TrustRegionStep | null {
  const { n, gradient, scale } = model;
  let low = 0;
  const undamped = factorDamped(model, 0);
  if (undamped !== null) {
    const step = gradient.slice();
    solveCholesky(undamped, n, step);
    const length = scaledLength(step, scale);
    const excess = length - radius;
    if (excess <= 0.1 * radius) return { step, damping: 0, length };
    low = excess / radius / slope(model, undamped, step, length);
  }
  const steepness = Math.sqrt(gradient.reduce((sum, value, i) => sum + (value / scale[i]) ** 2, 0));
  let high = Math.max(steepness / radius, smallest);
  let damping = Math.min(Math.max(guess, low), high);
  let best: TrustRegionStep | null = null;
  let excess = 0;
  for (let iteration = 0; iteration < newtonSteps; iteration++) {
    if (damping === 0) damping = Math.max(smallest, 0.001 * high);
    const factor = factorDamped(model, damping);
    if (factor === null) {
      // Too little damping for a singular J'J.
      low = damping;
      damping = Math.max(10 * damping, 0.001 * high);
      continue;
    }
    const step = gradient.slice();
    solveCholesky(factor, n, step);
    const length = scaledLength(step, scale);
    best = { step, damping, length };
    const before = excess;
    excess = length - radius;
    if (Math.abs(excess) <= 0.1 * radius || (low === 0 && excess <= before && before < 0)) break;
    if (excess > 0) low = Math.max(low, damping);
    else high = Math.min(high, damping);
    damping = Math.max(low, damping + excess / radius / slope(model, factor, step, length));
  }
  return best;
}
