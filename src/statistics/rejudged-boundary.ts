/** @file A boundary search judged at another margin or confidence, from the deltas on record. Trains nothing and chooses no new set. */
import { version } from "../foundation/version.js";
import type { ActionAtMargin, AttemptAtMargin, BoundaryAtMargin } from "../records/boundary-margin-record.js";
import type {
  ActionBoundary,
  BoundaryRecord,
  ConfirmationRecord,
  SeedDeltaRecord,
} from "../records/boundary-record.js";
import { deltaInterval, type SeedDeltas } from "./joint-delta.js";
import { demandMeaning } from "./verdict.js";

export interface MarginQuestion {
  /** Percent of full's held-out loss. */
  readonly margin: number;
  /** 0..1 */
  readonly confidence: number;
}

/** Percent, of the table that shows several margins at once. */
export const shownMargins = [0.25, 0.5, 1, 2, 5] as const;

const judged = (deltas: SeedDeltaRecord): SeedDeltas =>
  deltas.map(([seed, delta]) => [seed, delta ?? Number.POSITIVE_INFINITY]);
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
const sizeOf = ({ size, parameters, share }: Pick<ConfirmationRecord, "size" | "parameters" | "share">) => ({
  ...{ size, parameters, share },
});

/** By the number of matrices, then of parameters. @returns index, null of an empty list. */
function largest(sets: readonly Pick<ConfirmationRecord, "size" | "parameters">[]): number | null {
  return sets.reduce<number | null>((best, { size, parameters }, index) => {
    if (best === null) return index;
    return size > sets[best].size || (size === sets[best].size && parameters > sets[best].parameters) ? index : best;
  }, null);
}

function heldAt({ tried }: ActionBoundary, question: MarginQuestion): ActionAtMargin["held"] {
  const holding = tried.flatMap((set) => {
    const { mean, low, high, holds } = deltaInterval(judged(set.deltas), question);
    return holds ? [{ set, deltaPercent: { mean, low, high, n: set.deltas.length } }] : [];
  });
  const index = largest(holding.map(({ set }) => set));
  if (index === null) return null;
  const { set, deltaPercent } = holding[index];
  return { ...sizeOf(set), matrices: [...set.matrices], deltaPercent };
}

/** The looks stay those that were planned: seeds that were added until another margin was decided must not count as planned. */
function attemptAt(attempt: ConfirmationRecord, { margin, confidence }: MarginQuestion, record: BoundaryRecord) {
  const share = (1 - attempt.confidence) / (1 - record.confidence);
  const own = confidence === record.confidence ? attempt.confidence : 1 - (1 - confidence) * share;
  const looks = { first: record.seeds.firstLook, last: record.seeds.lastLook };
  const { mean, low, high, holds, shownWorse, decidedAt } = deltaInterval(judged(attempt.deltas), {
    ...{ margin, confidence: own, looks },
  });
  const result: AttemptAtMargin["result"] = holds ? "confirmed" : shownWorse ? "failed" : "undecided";
  return {
    ...{ ...sizeOf(attempt), part: attempt.part, seeds: decidedAt ?? attempt.deltas.length },
    ...{ mean: finite(mean), low: finite(low), high: finite(high), confidence: own, result },
  };
}

function actionAt(action: ActionBoundary, question: MarginQuestion, record: BoundaryRecord): ActionAtMargin {
  const attempts = action.attempts.map((attempt) => attemptAt(attempt, question, record));
  const confirmed = attempts.flatMap((attempt, index) =>
    attempt.result === "confirmed" ? [{ ...attempt, index }] : [],
  );
  const best = largest(confirmed);
  return {
    ...{ action: action.action, held: heldAt(action, question), attempts },
    confirmed: best === null ? null : confirmed[best].index,
  };
}

/**
 * Every attempt keeps its share of the error, so at any margin all attempts together err with 1 - confidence. They do so over all margins at
 * once: to claim a margin falsely is to claim the true cost as one. @param confidence of all attempts together, and of the exploratory
 * intervals of the tried sets. @throws UsageError
 */
export function rejudgeBoundary(record: BoundaryRecord, question: MarginQuestion): BoundaryAtMargin {
  const { margin, confidence } = question;
  demandMeaning(margin, confidence, undefined);
  const actions = record.actions.map((action) => actionAt(action, question, record));
  return { schema: "deadweight/boundary-margin@1", version, margin, confidence, actions };
}

/** At the margins of the table and at the record's own, ascending. @throws UsageError */
export function rejudgeAtMargins(record: BoundaryRecord, confidence = record.confidence): BoundaryAtMargin[] {
  const margins = [...new Set([...shownMargins, record.margin])].sort((a, b) => a - b);
  return margins.map((margin) => rejudgeBoundary(record, { margin, confidence }));
}
