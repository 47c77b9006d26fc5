/** @file The plan that describes a fine-tuned checkpoint: what of it was given and held, what was frozen along the way. Writes nothing. */
import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import { version } from "../foundation/version.js";
import { effectiveParameters } from "../records/effective-parameters.js";
import type { PlanEvidence, PlannedMatrix, PlanRecord } from "../records/plan-record.js";

/**
 * @param planned the matrices of the start. @param parameters names of all that were frozen at the end.
 * @returns what was planned, then what the rule froze, in the order of the model.
 */
export function frozenMatrices(
  planned: readonly PlannedMatrix[],
  parameters: readonly string[],
  matrices: readonly CheckpointMatrix[],
): PlannedMatrix[] {
  const there = new Set(planned.map(({ name }) => name));
  const frozen = new Set(parameters);
  const further = matrices.filter(({ name }) => frozen.has(`${name}.weight`) && !there.has(name));
  return [...planned, ...further.map(({ name }): PlannedMatrix => ({ name, action: "freeze" }))];
}

export interface BoundPlanFacts {
  /** As in `frozenMatrices`; at least one. */
  readonly matrices: readonly PlannedMatrix[];
  /** The plan that was given. */
  readonly given: PlanRecord | null;
  /** SHA-256 of the checkpoint that was fine-tuned, and its parameters. */
  readonly base: { readonly sha256: string; readonly parameters: number };
  /** The fine-tuned one: its folder and SHA-256. */
  readonly result: { readonly path: string; readonly sha256: string };
  /** All of the model. */
  readonly all: readonly CheckpointMatrix[];
}

/** What was shown of a plan says nothing of what was frozen besides. */
function evidenceOf({ given, matrices }: BoundPlanFacts): PlanEvidence | null {
  if (given?.evidence == null) return null;
  const further = matrices.length - given.matrices.length;
  if (further === 0) return given.evidence;
  const note = `Of the first ${given.matrices.length} matrices; progressive freezing added ${further}.`;
  return { ...given.evidence, note: [given.evidence.note, note].filter((text) => text !== undefined).join(" ") };
}

export function boundPlan(facts: BoundPlanFacts): PlanRecord {
  const { matrices, base, result, all } = facts;
  const sizes = new Map(all.map((matrix) => [matrix.name, matrix]));
  const sized = matrices.map(({ name, action, rank }) => {
    const { rows, cols } = sizes.get(name)!;
    return { action, rank, rows, cols };
  });
  return {
    ...{ schema: "deadweight/plan@1", version, model: result.sha256, source: result.path },
    ...{ applied: true, base: base.sha256, matrices: [...matrices], evidence: evidenceOf(facts) },
    ...{ parameters: base.parameters, effectiveParameters: effectiveParameters(base.parameters, sized) },
  };
}
