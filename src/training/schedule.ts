/** @file Learning-rate schedules: pure functions of the step. */

export interface CosineSchedule {
  readonly peak: number;
  readonly steps: number;
  /** Steps of linear warm-up. */
  readonly warmup: number;
  /** Share of the peak at the end. */
  readonly floor?: number;
}

/** Learning rate of update `step` (0-based): linear warm-up to the peak, then half a cosine towards `floor * peak`. */
export function cosineLearningRate({ peak, steps, warmup, floor = 0 }: CosineSchedule, step: number): number {
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const progress = (step - warmup) / Math.max(1, steps - warmup);
  return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}

/** Linear warm-up to the peak, then as the kind says towards `finalShare` of it; a constant schedule stays at the peak. */
export interface LearningRateSchedule {
  readonly kind: "cosine" | "linear" | "constant";
  readonly peak: number;
  readonly warmupSteps: number;
  /** Share of the peak at the end. */
  readonly finalShare: number;
}

/** Learning rate of update `step` (0-based) of `steps`. */
export function learningRateAt(
  { kind, peak, warmupSteps, finalShare }: LearningRateSchedule,
  steps: number,
  step: number,
): number {
  if (kind === "cosine") return cosineLearningRate({ peak, steps, warmup: warmupSteps, floor: finalShare }, step);
  if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
  if (kind === "constant") return peak;
  const progress = (step - warmupSteps) / Math.max(1, steps - warmupSteps);
  return peak * (1 - (1 - finalShare) * progress);
}
