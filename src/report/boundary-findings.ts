/** @file What a boundary search comes to, in sentences. Knows neither terminal nor page. */
import type { ActionBoundary, BoundaryRecord, ConfirmationRecord } from "../records/boundary-record.js";
import { actionDone } from "./boundary-action.js";
import { attemptDeltaText } from "./boundary-delta.js";
import { count, counted, percent } from "./figure-text.js";

/** Of the matrices, 0..1, that paper 63 hopes may go. */
const hoped = { low: 0.25, high: 0.5 };

export function confirmedAttempt({ attempts, confirmed }: ActionBoundary): ConfirmationRecord | null {
  return confirmed === null ? null : attempts[confirmed];
}

const inMatrices = (number: number) => counted(number, "matrix", "matrices");

function candidatesText({ candidates, model }: BoundaryRecord): string {
  const elements = candidates.reduce((sum, { rows, cols }) => sum + rows * cols, 0);
  return `${inMatrices(candidates.length)} (${percent(elements / model.parameters)}% of the parameters)`;
}

/** Of figures in percent: the sign of percent behind the mean. */
const withPercent = (text: string) => (/^[+-]?\d/.test(text) ? `delta ${text.replace(/^(\S+)/, "$1%")}` : text);

/** Ended before its last look although nothing was shown, since its mean lay beyond the margin. */
function givenUp({ result, seeds, mean }: ConfirmationRecord, { margin, seeds: planned }: BoundaryRecord): boolean {
  return result === "undecided" && seeds.length < planned.lastLook && (mean === null || mean >= margin);
}

function attemptText(attempt: ConfirmationRecord, record: BoundaryRecord): string {
  const { margin } = record;
  const delta = withPercent(attemptDeltaText(attempt, margin));
  const set = inMatrices(attempt.size);
  switch (attempt.result) {
    case "confirmed":
      return `${set} are confirmed (${delta})`;
    case "failed":
      return `${set} together are shown to cost more (${delta})`;
    case "undecided":
      return `whether ${set} hold together is undecided after ${counted(attempt.seeds.length, "seed")} (${delta})${givenUp(attempt, record) ? ", where it was given up, for the mean lies beyond the margin" : ""}`;
    case "budget":
      return `the budget ended after ${counted(attempt.deltas.length, "seed")} of confirming ${set}`;
    default:
      return attempt.result satisfies never;
  }
}

/** That the next set had no held-out part left, since earlier searches took some; null where it did not come to that. */
function noPartText({ earlierParts = [], withoutPart = [] }: ActionBoundary, { data }: BoundaryRecord): string | null {
  if (withoutPart.length === 0 || earlierParts.length === 0) return null;
  return `no held-out part is left to confirm ${inMatrices(withoutPart.length)} on: earlier searches of this folder took ${earlierParts.length} of ${data.confirmation.length} (a new --out with another --seed draws others)`;
}

function whyNone(action: ActionBoundary, record: BoundaryRecord): string {
  const { attempts, held, tried, stopped } = action;
  const noPart = noPartText(action, record);
  const last = attempts.at(-1);
  if (last) {
    const which = attempts.length === 1 ? "in the only attempt" : `in the last of ${attempts.length} attempts`;
    return `${which} ${attemptText(last, record)}${noPart === null ? "" : `, and ${noPart}`}`;
  }
  if (noPart !== null) return noPart;
  if (tried.length === 0)
    return stopped === "budget" ? "the budget ended before any set was tried" : "no set was tried";
  if (held.length > 0) return "none was put to the test of fresh seeds and examples";
  return stopped === "budget"
    ? "the budget ended before a set held in the search"
    : "not even in the search did a set hold";
}

/** One sentence; a second one on what the search alone suggests, where nothing is confirmed. */
function actionFinding(record: BoundaryRecord, action: ActionBoundary): string {
  const { margin, candidates } = record;
  const attempt = confirmedAttempt(action);
  const done = actionDone(action.action);
  if (attempt === null) {
    const hint =
      action.held.length === 0
        ? ""
        : ` In the search ${inMatrices(action.held.length)} (${percent(action.held.length / candidates.length, 0)}%) held together, which is a hint and no result.`;
    return `Of ${candidatesText(record)}, no set is confirmed that can be ${done} together within ${margin}%: ${whyNone(action, record)}.${hint}`;
  }
  const set = `${attempt.size} (${percent(attempt.size / candidates.length, 0)}%, with ${percent(attempt.share)}% of the parameters)`;
  return `Of ${candidatesText(record)}, ${set} can be ${done} together within ${margin}%: ${withPercent(attemptDeltaText(attempt, margin))}, confirmed on ${counted(attempt.seeds.length, "fresh seed")} and held-out examples that nothing was decided on.${earlierText(action, record)}`;
}

/** A larger set that was put to the test first is part of the answer, and so are the sets of earlier searches. */
function earlierText({ attempts, confirmed, earlierParts = [] }: ActionBoundary, { data }: BoundaryRecord): string {
  const earlier = attempts.slice(0, confirmed ?? 0).map(({ size }) => size);
  const larger = earlier.length === 0 ? "" : ` Before it, ${earlier.join(" and ")} together were not confirmed.`;
  if (earlierParts.length === 0) return larger;
  return `${larger} Earlier searches of this folder took ${earlierParts.length} of the ${data.confirmation.length} held-out parts for other sets.`;
}

function beside(share: number): string {
  if (share < hoped.low) return "less than that";
  return share <= hoped.high ? "within that" : "more than that";
}

/** The answer to the paper's hope that 25-50% of the matrices may go, by what is confirmed. */
function hopeFinding({ actions, candidates, margin }: BoundaryRecord): string {
  const parts = actions.map((action) => {
    const attempt = confirmedAttempt(action);
    const done = actionDone(action.action);
    if (attempt === null) return `none ${done}`;
    const share = attempt.size / candidates.length;
    return `${percent(share, 0)}% ${done} (${beside(share)})`;
  });
  return `Paper 63 hopes that 25 to 50% of the matrices may go. Confirmed here within ${margin}%, of ${inMatrices(candidates.length)}: ${parts.join("; ")}. What is not confirmed may still be possible.`;
}

/** Of what is confirmed; null where nothing is. */
function savingsFinding({ action, savings }: ActionBoundary): string | null {
  if (savings === null) return null;
  const less = (before: number, left: number) => `${percent(1 - left / before)}%`;
  const { parameters, effectiveParameters, trainableParameters, trainableLeft } = savings;
  const { trainingBytes, trainingBytesLeft, stepFlops, stepFlopsLeft } = savings;
  const effective =
    effectiveParameters === parameters
      ? `all ${count(parameters)} parameters must still be stored`
      : `${count(effectiveParameters)} numbers must be stored in place of ${count(parameters)} (effective parameters, ${less(parameters, effectiveParameters)} less)`;
  return `With these matrices ${actionDone(action)}, ${effective}; ${less(trainableParameters, trainableLeft)} fewer parameters are trained, which takes ${less(trainingBytes, trainingBytesLeft)} less memory for weights, gradients and moments and ${less(stepFlops, stepFlopsLeft)} fewer operations a step.`;
}

/** What the findings do not say. */
export const boundaryReach =
  "All of this holds for one base checkpoint and one data set. The intervals speak of seeds, not of other held-out examples. A confirmed set is within the margin; it is not shown to be the largest one that is.";

export interface BoundaryFinding {
  /** The answer to what was asked. */
  readonly answer: string;
  /** What follows from it; null where nothing does. */
  readonly consequence: string | null;
}

/** In the order of the record, the answer to the paper last. */
export function boundaryFindings(record: BoundaryRecord): BoundaryFinding[] {
  const { actions } = record;
  if (actions.length === 0) return [{ answer: "No action was searched.", consequence: null }];
  return [
    ...actions.map((action) => ({ answer: actionFinding(record, action), consequence: savingsFinding(action) })),
    { answer: hopeFinding(record), consequence: null },
  ];
}
