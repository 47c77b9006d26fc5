/** @file Held-out loss of several arms of the same matrices before any fine-tuning, in one pass. Runs no trial. */
import { evaluationBatches } from "../data/packing.js";
import type { SftDataset } from "../data/sft-dataset.js";
import { DivergedError } from "../foundation/errors.js";
import type { BaseModel } from "../training/base-model.js";
import type { BackendChoice } from "../training/open-backend.js";
import { lossesOfVariants, type WeightVariant } from "../training/weight-variants.js";
import { type Arm, parseArm } from "./arm.js";
import { type TreatedMatrix, treat } from "./treatment.js";
import { heldOutShape, type TrialSetting, type TrialSpec } from "./trial-spec.js";

export interface Bench {
  readonly setting: TrialSetting;
  readonly base: BaseModel;
  readonly data: SftDataset;
  readonly engine: BackendChoice;
}

/** Trials of equal names start from equal weights. */
function startOf(arm: Arm, seed: number): string {
  switch (arm.kind) {
    case "full":
    case "frozen":
      return "trained";
    case "crystal":
      return `crystal ${arm.rank}`;
    case "random":
      return `random ${arm.scale}, seed ${seed}`;
    case "shuffled":
      return `shuffled, seed ${seed}`;
    case "zero":
      return "zero";
    default:
      return arm satisfies never;
  }
}

/** The arm whose replacement is dense, so that all variants run through one graph. */
const dense = (arm: Arm): Arm => (arm.kind === "crystal" ? { ...arm, trainable: true } : arm);

/**
 * @param specs trials that treat the same matrices (or none).
 * @returns nats per token by the trial's key; a loss that is not finite is left out: the trial finds it.
 * @throws InterruptedError
 */
export async function lossesBefore(
  { setting, base, data, engine }: Bench,
  specs: readonly TrialSpec[],
  matrices: readonly TreatedMatrix[],
  signal?: AbortSignal,
): Promise<Map<string, number>> {
  const starts = new Map(specs.map((spec) => [startOf(parseArm(spec.arm), spec.seed), spec]));
  const changing = new Set(matrices.map(({ parameter }) => parameter));
  const trained = new Map(matrices.map(({ parameter, trained }) => [parameter, trained]));
  const variants = [...starts].map(([key, { arm, seed }]): WeightVariant => {
    const options = { seed, initializerRange: base.initializerRange };
    return { key, replaced: () => new Map([...trained, ...treat(matrices, dense(parseArm(arm)), options).replaced]) };
  });
  const shape = heldOutShape(setting);
  const losses = await lossesOfVariants(engine.backend, variants, {
    ...{ model: base.build(), weights: base.weights, changing, signal },
    ...{ batches: evaluationBatches(data.heldOut, shape), shape: { ...shape, packed: true } },
  }).catch((error: unknown) => {
    // Weights that are not finite: every trial of them says so.
    if (error instanceof DivergedError) return new Map<string, number>();
    throw error;
  });
  return new Map(
    specs.flatMap(({ key, arm, seed }) => {
      const loss = losses.get(startOf(parseArm(arm), seed));
      return loss !== undefined && Number.isFinite(loss) ? [[key, loss] as const] : [];
    }),
  );
}
