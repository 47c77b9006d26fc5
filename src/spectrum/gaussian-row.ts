/** @file A row of a matrix as a sum of Gaussians over the column index. Knows nothing of how it is fitted. */
import type { ResidualModel } from "../linalg/levenberg-marquardt.js";

/** K, the number of Gaussians a row. */
export const components = 8;

/** Below this a Gaussian counts as zero: 1e-30 of its amplitude is beyond any sum of doubles. */
const negligible = 1e-30;

/** Centres linspace(0, d - 1, K) and width d / K, in columns: the projection's basis and the start of the nonlinear fit. */
export function startingGrid(cols: number): { centres: Float64Array; width: number } {
  const centres = new Float64Array(components).map((_, k) => (k * (cols - 1)) / (components - 1));
  return { centres, width: cols / components };
}

/**
 * target[begin + j] = exp(-(j - centre)^2 / (2 width^2)) for j in [0, cols), outwards from the centre:
 * neighbours differ by a factor that itself changes by a constant factor, so that two products replace an exponential.
 */
export function fillGaussian(
  target: Float64Array,
  begin: number,
  cols: number,
  { centre, width }: { centre: number; width: number },
): void {
  const top = Math.min(cols - 1, Math.max(0, Math.round(centre)));
  const offset = top - centre;
  const precision = 1 / (width * width);
  const peak = Math.exp(-0.5 * offset * offset * precision);
  const change = Math.exp(-precision);
  target.fill(0, begin, begin + cols);
  let value = peak;
  let factor = Math.exp(-(offset + 0.5) * precision);
  for (let j = top; j < cols && value >= negligible; j++) {
    target[begin + j] = value;
    value *= factor;
    factor *= change;
  }
  factor = Math.exp((offset - 0.5) * precision);
  value = peak * factor;
  for (let j = top - 1; j >= 0 && value >= negligible; j--) {
    factor *= change;
    target[begin + j] = value;
    value *= factor;
  }
  // A width of zero or NaN has no Gaussian: the fit must see it.
  if (Number.isNaN(peak)) target.fill(Number.NaN, begin, begin + cols);
}

/**
 * The residuals of one row; parameters are (amplitude, centre, width) of each Gaussian in turn, centre and width in columns.
 * @param row [cols]; read at every evaluation, so that one model serves row after row.
 */
export function gaussianRowModel(row: Float64Array): ResidualModel {
  const cols = row.length;
  const gaussian = new Float64Array(cols);
  return {
    parameters: 3 * components,
    residuals: cols,
    evaluate(parameters, residual) {
      for (let j = 0; j < cols; j++) residual[j] = -row[j];
      for (let k = 0; k < components; k++) {
        const amplitude = parameters[3 * k];
        fillGaussian(gaussian, 0, cols, { centre: parameters[3 * k + 1], width: parameters[3 * k + 2] });
        for (let j = 0; j < cols; j++) residual[j] += amplitude * gaussian[j];
      }
    },
    differentiate(parameters, jacobian) {
      for (let k = 0; k < components; k++) {
        const amplitude = parameters[3 * k];
        const centre = parameters[3 * k + 1];
        const width = parameters[3 * k + 2];
        const byAmplitude = 3 * k * cols;
        const byCentre = byAmplitude + cols;
        const byWidth = byCentre + cols;
        fillGaussian(jacobian, byAmplitude, cols, { centre, width });
        const factor = amplitude / (width * width);
        for (let j = 0; j < cols; j++) {
          // g = exp(-u^2 / 2 s^2)  =>  d(A g) = g dA + A g u / s^2 dmu + A g u^2 / s^3 ds
          const slope = factor * jacobian[byAmplitude + j] * (j - centre);
          jacobian[byCentre + j] = slope;
          jacobian[byWidth + j] = (slope * (j - centre)) / width;
        }
      }
    },
  };
}
