/** @file Nonlinear least squares by Levenberg-Marquardt. Knows nothing of the function that is fitted. */
import { addRowProducts } from "./row-products.js";
import { trustRegionStep } from "./trust-region-step.js";

export interface ResidualModel {
  /** Number of parameters. */
  readonly parameters: number;
  readonly residuals: number;
  /** @param residual [residuals], overwritten: model minus data. */
  evaluate(parameters: Float64Array, residual: Float64Array): void;
  /** @param jacobian its first [parameters, residuals] are overwritten: a row is the derivative by one parameter. */
  differentiate(parameters: Float64Array, jacobian: Float64Array): void;
}

export interface LeastSquaresFit {
  readonly parameters: Float64Array;
  /** Sum of squared residuals. */
  readonly squares: number;
  readonly iterations: number;
  /** False where the bound on iterations ended the fit. */
  readonly converged: boolean;
}

export interface LevenbergMarquardtOptions {
  /** Bound on evaluations of the derivatives. */
  readonly mostIterations: number;
  /** Relative change of the squares, and relative size of the trust region, at which the fit ends. */
  readonly tolerance?: number;
}

/** Radius of the first trust region, in scaled lengths of the start: MINPACK's `factor`. */
const firstRadius = 100;

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/** p' N p from the lower triangle. */
function quadraticForm(normal: Float64Array, n: number, p: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    let row = 0;
    for (let j = 0; j < i; j++) row += normal[i * n + j] * p[j];
    sum += p[i] * (2 * row + normal[i * n + i] * p[i]);
  }
  return sum;
}

/**
 * The rules of MINPACK's lmder (trust region, scales from the columns of the Jacobian, both tests of convergence), on normal equations:
 * the path is unchanged when data and linear parameters are multiplied by a constant. A step that does not lower the squares, or
 * makes them NaN, is never taken, so the result is finite and no worse than the start.
 * @param start [parameters], not changed. More, "The Levenberg-Marquardt algorithm: implementation and theory" (1978)
 */
export function levenbergMarquardt(
  model: ResidualModel,
  start: Float64Array,
  { mostIterations, tolerance = 1.49012e-8 }: LevenbergMarquardtOptions,
): LeastSquaresFit {
  const n = model.parameters;
  let parameters = start.slice();
  let residual = new Float64Array(model.residuals);
  let trialResidual = new Float64Array(model.residuals);
  // Padded as addRowProducts wants it.
  const jacobian = new Float64Array(((n + 3) & ~3) * model.residuals);
  const normal = new Float64Array(n * n);
  const gradient = new Float64Array(n);
  const scale = new Float64Array(n);
  const local = { n, normal, gradient, scale };
  model.evaluate(parameters, residual);
  let size = norm(residual);
  let radius = 0;
  let damping = 0;
  const result = (iterations: number, converged: boolean) => ({
    parameters,
    squares: size * size,
    iterations,
    converged,
  });
  for (let iteration = 1; iteration <= mostIterations; iteration++) {
    if (size === 0) return result(iteration - 1, true);
    model.differentiate(parameters, jacobian);
    normal.fill(0);
    addRowProducts(normal, n, jacobian, model.residuals);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < model.residuals; j++) sum += jacobian[i * model.residuals + j] * residual[j];
      gradient[i] = sum;
      scale[i] = Math.max(scale[i], Math.sqrt(normal[i * n + i])) || 1;
    }
    if (gradient.every((value) => value === 0)) return result(iteration, true);
    let scaledSize = norm(parameters.map((value, i) => value * scale[i]));
    if (iteration === 1) radius = firstRadius * (scaledSize || 1);
    for (let accepted = false; !accepted; ) {
      const trust = trustRegionStep(local, radius, damping);
      if (trust === null || !Number.isFinite(trust.length)) return result(iteration, false);
      damping = trust.damping;
      if (iteration === 1) radius = Math.min(radius, trust.length);
      const trial = parameters.map((value, i) => value - trust.step[i]);
      model.evaluate(trial, trialResidual);
      const trialSize = norm(trialResidual);
      const actual = 0.1 * trialSize < size ? 1 - (trialSize / size) ** 2 : -1;
      const linear = quadraticForm(normal, n, trust.step) / size ** 2;
      const damped = damping * (trust.length / size) ** 2;
      const predicted = linear + 2 * damped;
      const ratio = predicted === 0 ? 0 : actual / predicted;
      if (!(ratio > 0.25)) {
        const directional = -(linear + damped);
        let shrink = actual >= 0 ? 0.5 : (0.5 * directional) / (directional + 0.5 * actual);
        if (0.1 * trialSize >= size || !(shrink >= 0.1)) shrink = 0.1;
        radius = shrink * Math.min(radius, 10 * trust.length);
        damping /= shrink;
      } else if (damping === 0 || ratio >= 0.75) {
        radius = 2 * trust.length;
        damping *= 0.5;
      }
      if (ratio >= 1e-4) {
        accepted = true;
        parameters = trial;
        [residual, trialResidual] = [trialResidual, residual];
        size = trialSize;
        scaledSize = norm(parameters.map((value, i) => value * scale[i]));
      }
      const stalled = Math.abs(actual) <= tolerance && predicted <= tolerance && ratio <= 2;
      if (stalled || radius <= tolerance * scaledSize) return result(iteration, true);
    }
  }
  return result(mostIterations, false);
}
