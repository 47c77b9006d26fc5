/** @file The quadrature of a large matrix as a spectrum to measure. Knows nothing of how it was found. */
import type { Quadrature, SpectralEstimate } from "../linalg/spectral-quadrature.js";
import type { Findings } from "./measures-with-nulls.js";
import type { Spectrum } from "./spectral-measures.js";

/** Products are float32: below this share of the largest singular value everything is rounding. */
const resolution = 1e-3;

/**
 * The sum of the eigenvalues is known from the entries: the estimated ones are scaled to it, which takes most of the variance of the norm out.
 * @param sumOfSquares of the entries.
 */
export function estimatedFindings(
  { leading, probes }: SpectralEstimate,
  rows: number,
  cols: number,
  sumOfSquares: number,
): Findings {
  const rest = Math.max(0, sumOfSquares - leading.reduce((sum, value) => sum + value, 0));
  const scaled = probes.map(({ nodes, weights }) => {
    const sum = nodes.reduce((total, value, i) => total + weights[i] * value, 0);
    return { nodes: nodes.map((value) => (sum > 0 ? (value * rest) / sum : value)), weights };
  });
  const spectrumOf = (chosen: readonly Quadrature[]): Spectrum => {
    const pairs = [
      ...Array.from(leading, (value) => [value, 1] as const),
      ...chosen.flatMap(({ nodes, weights }) =>
        Array.from(nodes, (value, i) => [value, weights[i] / chosen.length] as const),
      ),
    ].sort((a, b) => b[0] - a[0]);
    return {
      rows,
      cols,
      singular: Float64Array.from(pairs, ([value]) => Math.sqrt(value)),
      weights: Float64Array.from(pairs, ([, weight]) => weight),
      resolution,
    };
  };
  return { kind: "estimate", spectrum: spectrumOf(scaled), byProbe: scaled.map((probe) => spectrumOf([probe])) };
}
