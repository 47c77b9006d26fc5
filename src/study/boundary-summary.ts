/** @file From a finished boundary search to its record and its plan. Pure: runs nothing. */
import { type Arm, armName } from "../crystal/arm.js";
import { actionOf } from "../crystal/planned-arm.js";
import { version } from "../foundation/version.js";
import type { ActionBoundary, BoundaryRecord, BoundarySavings, SeedDeltaRecord } from "../records/boundary-record.js";
import { effectiveParameters } from "../records/effective-parameters.js";
import type { PlanRecord } from "../records/plan-record.js";
import { interactionDeltas, type SeedDeltas } from "../statistics/joint-delta.js";
import { estimateMean, type MeanEstimate } from "../statistics/paired-difference.js";
import type { Boundary, BoundaryOptions, SearchedAction, TriedSet } from "./boundary.js";
import { actionName } from "./boundary-action.js";
import type { ConfirmationAttempt } from "./boundary-confirmation.js";
import type { Candidate } from "./boundary-order.js";
import type { MatrixSet } from "./boundary-search.js";
import { boundaryWarnings } from "./boundary-warnings.js";

export interface BoundaryFacts {
  readonly model: BoundaryRecord["model"];
  readonly data: BoundaryRecord["data"];
  /** Shape of the batches. */
  readonly batch: Pick<
    BoundaryRecord["sft"],
    "rows" | "length" | "slots" | "rowsAtOnce" | "scoredTokensPerStep" | "backend"
  >;
  readonly savingsOf: (set: MatrixSet) => BoundarySavings;
  /** Percent, by the label of a set that was asked for. */
  readonly printed: ReadonlyMap<string, number>;
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
const recorded = (deltas: SeedDeltas): SeedDeltaRecord => deltas.map(([seed, delta]) => [seed, finite(delta)]);

/** Not corrected for how many sets were tried. A seed that diverged leaves no mean. */
function estimateOf(deltas: SeedDeltas, confidence = 0.95): MeanEstimate {
  const values = deltas.map(([, delta]) => delta);
  if (!values.every(Number.isFinite)) return { mean: null, low: null, high: null, n: values.length };
  return estimateMean(values, confidence);
}

class Sizes {
  private readonly elements: ReadonlyMap<string, number>;

  constructor(
    candidates: readonly Candidate[],
    private readonly parameters: number,
  ) {
    this.elements = new Map(candidates.map(({ name, rows, cols }) => [name, rows * cols]));
  }

  of(names: readonly string[]): { size: number; parameters: number; share: number } {
    const parameters = names.reduce((sum, name) => sum + (this.elements.get(name) ?? 0), 0);
    return { size: names.length, parameters, share: parameters / this.parameters };
  }
}

const namesOf = (set: MatrixSet) => set.map(({ name }) => name);
const armsOf = (set: MatrixSet) => set.map(({ name, arm }) => ({ name, arm: armName(arm) }));

function triedOf({ set, deltas, holds }: TriedSet, { evidence }: SearchedAction, sizes: Sizes) {
  const order = evidence.map(({ candidate }) => candidate.name);
  const alone = new Map(evidence.map((item) => [`${item.candidate.name} ${armName(item.arm)}`, item.deltas]));
  const singles = set.map(({ name, arm }) => alone.get(`${name} ${armName(arm)}`) ?? []);
  const interaction = set.length > 1 ? interactionDeltas(deltas, singles) : [];
  return {
    matrices: namesOf(set),
    ...sizes.of(namesOf(set)),
    prefix: set.every(({ name }, index) => order[index] === name),
    ...{ deltas: recorded(deltas), deltaPercent: estimateOf(deltas), holds },
    interaction: interaction.length > 0 ? estimateOf(interaction) : null,
  };
}

function attemptOf({ set, part, deltas, interval, confidence, result }: ConfirmationAttempt, sizes: Sizes) {
  const { mean, low, high, decidedAt = deltas.length } = interval;
  return {
    ...{ matrices: armsOf(set), ...sizes.of(namesOf(set)), part: part + 1, confidence, result },
    seeds: deltas.slice(0, decidedAt).map(([seed]) => seed),
    ...{ deltas: recorded(deltas), mean: finite(mean), low: finite(low), high: finite(high) },
  };
}

function actionRecord(searched: SearchedAction, sizes: Sizes, { savingsOf }: BoundaryFacts): ActionBoundary {
  const { action, evidence, search, tried, attempts, earlierParts, withoutPart, trials } = searched;
  const confirmed = attempts.findIndex(({ result }) => result === "confirmed");
  return {
    action: actionName(action),
    evidence: evidence.map(({ candidate, arm, deltas, mean, high, saved }) => ({
      ...{ name: candidate.name, arm: armName(arm), deltas: recorded(deltas) },
      ...{ mean: finite(mean), high: high === null ? null : finite(high), saved },
    })),
    tried: tried.map((set) => triedOf(set, searched, sizes)),
    passedOver: search.passedOver.map((item) => ({ ...item })),
    held: namesOf(search.held),
    stopped: search.stopped,
    attempts: attempts.map((attempt) => attemptOf(attempt, sizes)),
    earlierParts: earlierParts.map((part) => part + 1),
    withoutPart: namesOf(withoutPart),
    confirmed: confirmed < 0 ? null : confirmed,
    savings: confirmed < 0 ? null : savingsOf(attempts[confirmed].set),
    trials,
  };
}

/** Loss of `full` on the search's held-out examples, over the seeds. */
function fullLosses(trials: Boundary["trials"], confidence: number): BoundaryRecord["full"] {
  const outcomes = trials.flatMap(({ purpose, arm, outcome }) =>
    purpose === "sft" && arm === "full" && outcome.kind === "finished" ? [outcome] : [],
  );
  return {
    lossBefore: estimateMean(
      outcomes.map(({ heldOutLossBefore }) => heldOutLossBefore),
      confidence,
    ),
    lossAfter: estimateMean(
      outcomes.map(({ heldOutLossAfter }) => heldOutLossAfter),
      confidence,
    ),
  };
}

export function boundarySummary(facts: BoundaryFacts, options: BoundaryOptions, boundary: Boundary): BoundaryRecord {
  const { model, data, batch, printed } = facts;
  const { candidates, margin, confidence, seeds, looks, steps } = options;
  const { trials, learningRate, rateCandidates } = boundary;
  const sizes = new Sizes(candidates, model.parameters);
  const ended = (kind: "finished" | "diverged" | "failed") =>
    trials.filter(({ outcome }) => outcome.kind === kind).length;
  const used = [...new Set(trials.filter(({ purpose }) => purpose === "sft").map(({ seed }) => seed))];
  const groups = boundary.groups.map(({ label, matrices, deltas }) => ({
    ...{ label, matrices: [...matrices], parameters: sizes.of(matrices).parameters },
    ...{ deltas: recorded(deltas), deltaPercent: estimateOf(deltas), printed: printed.get(label) ?? null },
  }));
  const record = {
    version,
    ...{ model, data },
    sft: {
      ...{ steps, learningRate, ...batch, seeds: used.sort((a, b) => a - b) },
      learningRateCandidates: rateCandidates.map((candidate) => ({ ...candidate })),
    },
    ...{ margin, confidence },
    seeds: {
      ...{ evidence: seeds.evidence, search: seeds.search, searchMost: seeds.searchMost },
      ...{ firstLook: looks.first, lastLook: looks.last },
    },
    candidates: candidates.map(({ name, layer, role, rows, cols }) => ({ name, layer, role, rows, cols })),
    full: fullLosses(trials, confidence),
    actions: boundary.actions.map((action) => actionRecord(action, sizes, facts)),
    ...(groups.length > 0 && { groups }),
    trials: { finished: ended("finished"), diverged: ended("diverged"), failed: ended("failed") },
    trialSeconds: trials.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0),
  };
  return { schema: "deadweight/boundary@1", ...record, warnings: boundaryWarnings(record) };
}

/** The seed of a plan's random values is the first of the confirmation's: one of those that the set was confirmed with. */
function plannedMatrix(name: string, arm: Arm, seed: number): PlanRecord["matrices"][number] {
  const action = actionOf(arm);
  // A set is made of arms that are actions.
  if (action === null) return { name, action: "freeze" };
  return { name, ...action, ...(action.action === "random" && { seed }) };
}

/** The plan of one action; null where nothing was confirmed. */
export function boundaryPlan(
  { actions, model, margin }: BoundaryRecord,
  candidates: readonly Candidate[],
  { action, attempts }: SearchedAction,
): PlanRecord | null {
  const record = actions.find((own) => own.action === actionName(action));
  const index = record?.confirmed ?? null;
  if (record === undefined || index === null) return null;
  const { mean, low, high, seeds, confidence } = record.attempts[index];
  const { set } = attempts[index];
  const size = new Map(candidates.map(({ name, rows, cols }) => [name, { rows, cols }]));
  const matrices = set.map(({ name, arm }) => plannedMatrix(name, arm, seeds[0]));
  return {
    schema: "deadweight/plan@1",
    version,
    ...{ model: model.sha256, source: model.source, matrices },
    evidence: { ...{ deltaPercent: mean, low, high, seeds, margin, confidence }, confirmed: true },
    parameters: model.parameters,
    effectiveParameters: effectiveParameters(
      model.parameters,
      matrices.map((matrix) => ({ ...matrix, ...size.get(matrix.name)! })),
    ),
  };
}
