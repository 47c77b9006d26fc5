/** @file The figures that papers 62, 63 and 69 print, to stand beside ours. Nothing here is measured by this project. */

/** The matrix that paper 63 tests. */
export const target = "h.4.attn.c_proj";

export interface PrintedArm {
  readonly label: string;
  /** Loss after 50 steps of fine-tuning. */
  readonly finalLoss: number | null;
  /** Against full SFT, percent. */
  readonly deltaPercent: number | null;
  /** Before fine-tuning, against the unchanged model, percent. */
  readonly deltaBeforePercent: number | null;
}

/** Paper 63, "Key Results" and "The Redundancy Discovery". */
export const printedArms: Readonly<Record<string, PrintedArm>> = {
  full: { label: "Full SFT (all parameters)", finalLoss: 2.2266, deltaPercent: null, deltaBeforePercent: null },
  frozen: { label: "Frozen-L4 (trained values)", finalLoss: 2.2211, deltaPercent: -0.2, deltaBeforePercent: null },
  crystal: { label: "Crystal-L4 (rank 1, frozen)", finalLoss: 2.2261, deltaPercent: 0, deltaBeforePercent: -0.44 },
  random: { label: "Random-L4 (random, frozen)", finalLoss: 2.1907, deltaPercent: -1.6, deltaBeforePercent: null },
  zero: { label: "Zero-L4 (zero, frozen)", finalLoss: null, deltaPercent: null, deltaBeforePercent: null },
};

/** Paper 63, "Layer-by-Layer Scan". */
export const printedLayers: readonly {
  readonly layer: number;
  readonly cAttnPr: number;
  readonly cProjPr: number;
  readonly cProjPc1Percent: number;
}[] = [
  { layer: 0, cAttnPr: 202.7, cProjPr: 145.3, cProjPc1Percent: 12.0 },
  { layer: 3, cAttnPr: 198.6, cProjPr: 75.8, cProjPc1Percent: 21.7 },
  { layer: 4, cAttnPr: 196.8, cProjPr: 84.5, cProjPc1Percent: 22.4 },
  { layer: 6, cAttnPr: 205.4, cProjPr: 86.6, cProjPc1Percent: 29.6 },
  { layer: 7, cAttnPr: 205.9, cProjPr: 94.9, cProjPc1Percent: 36.6 },
];

/** Of the target: amplitude PR and kurtosis (paper 62), weight PR (paper 63), R^2 of the same fit (paper 69). */
export const printedTarget = {
  amplitudePr: 1.03,
  amplitudeKurtosis: 246.4,
  weightPr: 84.52,
  nonlinearRSquared: -3.12,
} as const;
