/** @file A plan held against the checkpoint it is to be used on, before any work. Changes nothing. */
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import { nearNames } from "../checkpoint/near-names.js";
import { listMatrices } from "../checkpoint/weight-names.js";
import { InputError } from "../foundation/errors.js";
import type { PlannedMatrix, PlanRecord } from "../records/plan-record.js";

/** What is done to one matrix, with where and how large it is. */
export interface CheckedMatrix {
  readonly matrix: CheckpointMatrix;
  readonly planned: PlannedMatrix;
}

export interface CheckedPlan {
  readonly record: PlanRecord;
  /** In the plan's order. */
  readonly matrices: readonly CheckedMatrix[];
  /** The matrices of the checkpoint that the plan leaves alone. */
  readonly free: readonly CheckpointMatrix[];
}

function demandOption(path: string, { name, action, rank, seed }: PlannedMatrix, { rows, cols }: CheckpointMatrix) {
  if (action === "crystal" && rank === undefined)
    throw new InputError(`${path}: ${name} has the action crystal without a rank. Give it one.`);
  if (action === "crystal" && rank !== undefined && rank > Math.min(rows, cols))
    throw new InputError(`${path}: ${name} is ${rows} x ${cols}; the plan gives it rank ${rank}.`);
  if (action === "random" && seed === undefined)
    throw new InputError(`${path}: ${name} has the action random without a seed. Give it one.`);
}

/**
 * @param path of the plan, for messages. @param sha256 of the checkpoint; null to leave the plan's hash unchecked.
 * @throws InputError for a plan of another checkpoint, an empty one, one that leaves no matrix free, and matrices that do not exist,
 * come twice, or lack their rank or seed.
 */
export function checkedPlan(
  record: PlanRecord,
  path: string,
  checkpoint: Checkpoint,
  sha256: string | null,
): CheckedPlan {
  if (record.matrices.length === 0) throw new InputError(`${path}: names no matrix. There is nothing to do.`);
  if (sha256 !== null && record.model !== sha256)
    throw new InputError(
      `${path}: was made for another checkpoint (SHA-256 ${record.model.slice(0, 12)}..., ${checkpoint.source} has ${sha256.slice(0, 12)}...). Give the model that it was made for.`,
    );
  const existing = listMatrices(checkpoint);
  const byName = new Map(existing.map((matrix) => [matrix.name, matrix]));
  const seen = new Set<string>();
  const matrices = record.matrices.map((planned) => {
    const matrix = byName.get(planned.name);
    if (matrix === undefined) {
      const near = nearNames(planned.name, [...byName.keys()]);
      const hint = near.length > 0 ? ` Did you mean ${near.join(", ")}?` : "";
      throw new InputError(`${path}: ${checkpoint.source} has no matrix '${planned.name}'.${hint}`);
    }
    if (seen.has(planned.name)) throw new InputError(`${path}: names '${planned.name}' twice. Keep one of them.`);
    seen.add(planned.name);
    demandOption(path, planned, matrix);
    return { matrix, planned };
  });
  const free = existing.filter(({ name }) => !seen.has(name));
  if (free.length === 0)
    throw new InputError(`${path}: freezes every matrix of ${checkpoint.source}; nothing would be left to train.`);
  return { record, matrices, free };
}
