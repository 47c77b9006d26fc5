/** @file What a freeze list of any trainer is made from, and what comes out. Knows no trainer. */
import { InputError } from "../foundation/errors.js";
import type { PlanRecord } from "../records/plan-record.js";
import type { CheckedPlan } from "./checked-plan.js";
import type { ModelParameter } from "./model-parameters.js";

export interface HandoverRequest {
  readonly plan: CheckedPlan;
  readonly parameters: readonly ModelParameter[];
  /** The model as it was asked for. */
  readonly source: string;
  /** What is to be trained: the source, or the folder of the replaced checkpoint. */
  readonly trained: string;
}

export interface Handover {
  readonly fileName: string;
  readonly content: string;
  /** Elements that the trainer will update. */
  readonly trainableParameters: number;
  /** Sentences on where the trainer differs from the plan; often none. */
  readonly notes: readonly string[];
  /** The options as data, for who reads the result by machine. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export type HandoverWriter = (request: HandoverRequest) => Handover;

/** Matrices whose values the plan replaces: a trainer has to start from a checkpoint that holds the new ones. */
export function replacesValues({ applied, matrices }: PlanRecord): boolean {
  return applied !== true && matrices.some(({ action }) => action !== "freeze");
}

export function cannotExpress(format: string, { source }: HandoverRequest, reason: string): InputError {
  return new InputError(`${source}: ${format} cannot express this plan: ${reason}`);
}
