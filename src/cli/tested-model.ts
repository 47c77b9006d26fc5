/** @file The model of a test: which of its matrices are tested, one by one or together. */
import { attentionOutputRole, attentionRole } from "../checkpoint/attention-roles.js";
import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import { matchMatrices } from "../checkpoint/match-matrices.js";
import { type Arm, armName } from "../crystal/arm.js";
import { InputError, UsageError } from "../foundation/errors.js";
import type { LanguageModel } from "../model/language-model.js";
import type { TestRecord } from "../records/test-record.js";
import { openTrainableModel } from "./trainable-model.js";

export interface TestedModel {
  readonly facts: TestRecord["model"];
  readonly model: LanguageModel;
  /** Canonical names of all attention matrices. */
  readonly attention: readonly string[];
  /** Canonical matrices by target. */
  readonly targets: readonly (readonly CheckpointMatrix[])[];
}

function selected(matrices: readonly CheckpointMatrix[], globs: readonly string[], source: string): CheckpointMatrix[] {
  if (globs.length > 0) {
    const names = new Set(globs.flatMap((glob) => matchMatrices(matrices, glob)).map(({ name }) => name));
    return matrices.filter(({ name }) => names.has(name));
  }
  const found = matrices.filter(({ role }) => attentionOutputRole.test(role));
  if (found.length === 0)
    throw new InputError(`${source}: no attention output projection is found. Name matrices by --matrix.`);
  return found;
}

function demandRanks(matrices: readonly CheckpointMatrix[], arms: readonly Arm[]): void {
  for (const arm of arms) {
    const tooSmall =
      arm.kind === "crystal" ? matrices.find(({ rows, cols }) => arm.rank > Math.min(rows, cols)) : undefined;
    if (tooSmall) {
      const { name, rows, cols } = tooSmall;
      throw new UsageError(
        `${armName(arm)}: ${name} is ${rows} x ${cols}; its rank is at most ${Math.min(rows, cols)}.`,
      );
    }
  }
}

export interface TestedModelOptions {
  /** Globs; none for all attention output projections. */
  readonly matrices: readonly string[];
  readonly together: boolean;
  readonly arms: readonly Arm[];
}

/**
 * @param source as asked for; @param path where it lies.
 * @throws InputError where it cannot be trained, or a glob matches nothing; UsageError where an arm's rank exceeds a matrix.
 */
export function openTestedModel(
  source: string,
  path: string,
  { matrices: globs, together, arms }: TestedModelOptions,
): TestedModel {
  const { facts, model, matrices, chosen } = openTrainableModel(source, path, (all) => {
    const found = selected(all, globs, source);
    demandRanks(found, arms);
    return found;
  });
  return {
    ...{ facts, model },
    attention: matrices.filter(({ role }) => attentionRole.test(role)).map(({ name }) => name),
    targets: together ? [chosen] : chosen.map((matrix) => [matrix]),
  };
}
