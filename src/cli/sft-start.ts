/** @file The plan that a fine-tuning starts from, held against its model. Changes nothing. */
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import { checkedPlan } from "../export/checked-plan.js";
import { InputError } from "../foundation/errors.js";
import { sha256OfFiles } from "../foundation/sha256.js";
import { type PlanRecord, planRecord } from "../records/plan-record.js";
import { readRecord } from "../records/record-file.js";
import type { TrainableModel } from "./trainable-model.js";

/** All matrices that the model trains. */
export type SftModel = TrainableModel<readonly CheckpointMatrix[]>;

export interface PlanFile {
  readonly path: string;
  /** Of the file. */
  readonly sha256: string;
  readonly record: PlanRecord;
}

/** Before the model is read: a plan that is none should not cost a minute first. @throws InputError */
export function readPlan(path: string): PlanFile {
  const record = readRecord(path, planRecord);
  if (record.matrices.length === 0) throw new InputError(`${path}: names no matrix. There is nothing to do.`);
  return { path, sha256: sha256OfFiles([path]), record };
}

/** @param folder of the model. @throws InputError for a plan of another model or of matrices that it does not train; see `checkedPlan`. */
export function demandPlanFits({ path, record }: PlanFile, folder: string, { facts, matrices }: SftModel): void {
  const checkpoint = openCheckpoint(folder);
  try {
    const { matrices: planned } = checkedPlan(record, path, checkpoint, facts.sha256);
    const trained = new Set(matrices.map(({ name }) => name));
    const other = planned.find(({ matrix }) => !trained.has(matrix.name));
    if (other !== undefined)
      throw new InputError(
        `${path}: '${other.matrix.name}' is no weight that fine-tuning ${facts.source} trains. Take it out of the plan.`,
      );
    if (planned.length === trained.size)
      throw new InputError(`${path}: freezes every matrix that fine-tuning ${facts.source} trains. Leave some free.`);
  } finally {
    checkpoint.close();
  }
}
