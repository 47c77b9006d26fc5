/** @file How deeply a matrix is measured. Knows nothing of how that is done. */

/** Which amplitude fits are made. `both` takes seconds a matrix; a large embedding, minutes. */
export type AmplitudeChoice = "none" | "projection" | "both";

/**
 * `full`: the whole spectrum, estimated where the smaller side exceeds `largestExactSide`. `norms`: what the Gram matrix and Lanczos'
 * iteration tell; estimated likewise. `exact`: by bidiagonalization, whatever the size.
 */
export type Depth = "full" | "norms" | "exact";

export interface Measuring {
  readonly depth: Depth;
  readonly amplitudes: AmplitudeChoice;
  readonly seed: number;
}

/** Up to here a spectrum is computed and not estimated: 2,048 x 2,048 take 0.9 s on one core. */
export const largestExactSide = 2048;
