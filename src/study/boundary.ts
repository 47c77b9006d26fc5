/** @file The boundary in a run folder: for each action evidence, search, confirmation; then sets that were asked for. Knows no report. */

import { findLossesBefore } from "../dispatch/losses-before.js";
import { fractionDone, trialsDetail } from "../dispatch/trial-queue.js";
import type { TrialRecord } from "../records/trial-record.js";
import type { Looks } from "../statistics/first-passage.js";
import { deltaInterval, type SeedDeltas } from "../statistics/joint-delta.js";
import { actionName, type BoundaryAction, usesLadder } from "./boundary-action.js";
import { type Confirmation, confirmSet } from "./boundary-confirmation.js";
import { findEvidence } from "./boundary-evidence.js";
import type { Candidate, Evidence } from "./boundary-order.js";
import { openAttempts } from "./boundary-parts.js";
import { type BoundarySearch, type MatrixSet, searchBoundary } from "./boundary-search.js";
import { deltasOf, type FineTuningSetting, searchSpecs, setKey } from "./joint-trials.js";
import { chooseLearningRate, type LearningRateCandidate } from "./learning-rate.js";
import { seedsFrom } from "./matrix-test.js";
import { ladderSpecs } from "./rank-choice.js";
import { type Budget, type LedgerOptions, TrialLedger } from "./trial-ledger.js";

export interface SearchSeeds {
  /** Of each matrix alone. */
  readonly evidence: number;
  /** Of each set, least and most. */
  readonly search: number;
  readonly searchMost: number;
}

/** A set that is frozen whatever comes of it, to be compared with a printed figure. */
export interface NamedSet {
  readonly label: string;
  readonly matrices: readonly string[];
}

export interface BoundaryOptions extends LedgerOptions {
  readonly candidates: readonly Candidate[];
  readonly actions: readonly BoundaryAction[];
  readonly groups: readonly NamedSet[];
  readonly seeds: SearchSeeds;
  /** Of a confirmation. */
  readonly looks: Looks;
  /** Of each action, over all searches of the folder. */
  readonly attempts: number;
  readonly mostPassedOver: number;
  /** Of each action. */
  readonly budget: Budget;
  readonly steps: number;
  /** The rate itself, or those among which it is chosen. */
  readonly learningRate: number | readonly number[];
  /** Of the choice of the rate. */
  readonly seed: number;
  readonly margin: number;
  readonly confidence: number;
  readonly onNote: (text: string) => void;
}

/** One set that was tried in the search. */
export interface TriedSet {
  readonly set: MatrixSet;
  readonly deltas: SeedDeltas;
  readonly holds: boolean;
}

export interface SearchedAction extends Confirmation {
  readonly action: BoundaryAction;
  readonly evidence: readonly Evidence[];
  readonly search: BoundarySearch;
  /** In the order in which they were tried. */
  readonly tried: readonly TriedSet[];
  /** That no earlier action had run. */
  readonly trials: number;
}

export interface Boundary {
  readonly learningRate: number;
  readonly rateCandidates: readonly LearningRateCandidate[];
  readonly actions: readonly SearchedAction[];
  readonly groups: readonly (NamedSet & { readonly deltas: SeedDeltas })[];
  readonly trials: readonly TrialRecord[];
}

/** Of the interval by which the search itself decides; nothing that is claimed rests on it. */
const searchConfidence = 0.8;
/** A set that failed its confirmation is followed by one of at most this share of it. */
const shrinking = 0.75;

async function chooseRate(
  ledger: TrialLedger,
  options: BoundaryOptions,
): Promise<{ learningRate: number; rateCandidates: readonly LearningRateCandidate[] }> {
  const { learningRate: given, folder, setting, runners, steps, seed, signal, onNote, onProgress } = options;
  if (typeof given === "number") return { learningRate: given, rateCandidates: [] };
  const { learningRate, candidates, records } = await chooseLearningRate({
    ...{ setting, runners, steps, seed, signal, candidates: given, path: folder.file("trials.jsonl") },
    onProgress: (progress) =>
      onProgress({ stage: "learning rate", fraction: fractionDone(progress), detail: trialsDetail(progress) }),
  });
  ledger.enter(records);
  onNote(`Learning rate ${learningRate}, chosen on \`full\` with examples that nothing else uses.`);
  return { learningRate, rateCandidates: candidates };
}

/** Losses before fine-tuning at every rung, where an action needs them. */
async function ladderLosses(
  candidates: readonly Candidate[],
  setting: FineTuningSetting,
  { folder, setting: trial, runners, signal, onProgress }: BoundaryOptions,
): Promise<Map<string, number>> {
  return findLossesBefore(ladderSpecs(candidates, setting), {
    ...{ setting: trial, runners, signal, path: folder.file("before.jsonl") },
    onProgress: ({ done, total }) =>
      onProgress({ stage: "ranks", fraction: done / total, detail: `${done} of ${total} matrices` }),
  });
}

/** Trials that a search leaves over: a confirmation of medium length. */
const reservedTrials = ({ last }: Looks): number => 2 * Math.min(last, 8);

/** Asks what sets cost, and remembers what it was told. */
class SetTrials {
  readonly tried = new Map<string, TriedSet>();

  constructor(
    private readonly ledger: TrialLedger,
    private readonly budget: Budget,
    private readonly tuning: FineTuningSetting,
    private readonly options: Pick<BoundaryOptions, "seeds" | "looks" | "margin">,
    private readonly stage: string,
  ) {}

  readonly holds = async (set: MatrixSet): Promise<boolean | null> => {
    const { seeds, looks, margin } = this.options;
    const known = this.tried.get(setKey(set));
    if (known) return known.holds;
    for (let n = seeds.search; ; n++) {
      const specs = searchSpecs(set, seedsFrom(1, n), this.tuning);
      if (!this.ledger.allows(specs, reservedTrials(looks), this.budget)) return null;
      const deltas = deltasOf(await this.ledger.run(specs, `${this.stage}: ${set.length} together`));
      const { holds, mean } = deltaInterval(deltas, { margin, confidence: searchConfidence });
      // A mean beyond the margin is not worth another seed.
      if (!holds && mean < margin && n < seeds.searchMost && deltas.length >= 2) continue;
      this.tried.set(setKey(set), { set, deltas, holds });
      return holds;
    }
  };

  /** The largest set that held in the search and is clearly smaller, else the better half. */
  smaller(set: MatrixSet): MatrixSet | null {
    const most = set.length * shrinking;
    const held = [...this.tried.values()].filter((tried) => tried.holds && tried.set.length <= most);
    const largest = held.reduce<MatrixSet>((best, tried) => (tried.set.length > best.length ? tried.set : best), []);
    const half = set.slice(0, Math.floor(set.length / 2));
    const next = largest.length > half.length ? largest : half;
    return next.length > 0 ? next : null;
  }
}

async function searchAction(
  action: BoundaryAction,
  ledger: TrialLedger,
  tuning: FineTuningSetting,
  attemptsPath: string,
  options: BoundaryOptions,
): Promise<SearchedAction> {
  const { candidates, seeds, margin, confidence, looks, mostPassedOver, onNote } = options;
  const before = ledger.records.length;
  const name = actionName(action);
  const budget = {
    trials: options.budget.trials === null ? null : before + options.budget.trials,
    hours: options.budget.hours === null ? null : ledger.hours + options.budget.hours,
  };
  const evidence = await findEvidence(action, {
    ...{ ...tuning, candidates, margin, seeds: seeds.evidence },
    lossesBefore: usesLadder(action) ? await ladderLosses(candidates, tuning, options) : new Map(),
    run: (specs, stage) => ledger.run(specs, stage),
  });
  const sets = new SetTrials(ledger, budget, tuning, options, name);
  const order = evidence.map(({ candidate, arm }) => ({ name: candidate.name, arm }));
  const search = await searchBoundary(order, sets.holds, { mostPassedOver });
  const confirmation = await confirmSet(search.held, (set) => sets.smaller(set), {
    ...{ ...tuning, ledger, budget, margin, confidence, looks, onNote, stage: `${name}: confirmation` },
    parts: { path: attemptsPath, action: name, count: options.attempts },
  });
  return {
    ...{ action, evidence, search, tried: [...sets.tried.values()], ...confirmation },
    trials: ledger.records.length - before,
  };
}

/** Runs what is missing; the same command continues and comes to the same. @throws InterruptedError: what is finished is on file. */
export async function findBoundary(options: BoundaryOptions): Promise<Boundary> {
  const { actions, groups, seeds, steps } = options;
  const attemptsPath = openAttempts(options.folder, options.attempts);
  const ledger = new TrialLedger(options);
  const { learningRate, rateCandidates } = await chooseRate(ledger, options);
  const tuning = { steps, learningRate };
  const searched: SearchedAction[] = [];
  for (const action of actions) searched.push(await searchAction(action, ledger, tuning, attemptsPath, options));
  const measured: (NamedSet & { deltas: SeedDeltas })[] = [];
  for (const group of groups) {
    const set = group.matrices.map((name) => ({ name, arm: { kind: "frozen" as const } }));
    const specs = searchSpecs(set, seedsFrom(1, seeds.search), tuning);
    measured.push({ ...group, deltas: deltasOf(await ledger.run(specs, group.label)) });
  }
  return { learningRate, rateCandidates, actions: searched, groups: measured, trials: ledger.records };
}
