/** @file Confirms a set of matrices on seeds and held-out examples that no choice rests on; one that fails is shrunk and confirmed anew. */

import type { ArmInterval } from "../statistics/arm-interval.js";
import type { Looks } from "../statistics/first-passage.js";
import { deltaInterval, type SeedDeltas } from "../statistics/joint-delta.js";
import { type ActionParts, partFor, partsOfOthers, takePart } from "./boundary-parts.js";
import type { MatrixSet } from "./boundary-search.js";
import { firstSeedOf } from "./boundary-seeds.js";
import { confirmationSpecs, deltasOf, type FineTuningSetting } from "./joint-trials.js";
import { seedsFrom } from "./matrix-test.js";
import type { Budget, TrialLedger } from "./trial-ledger.js";

export interface ConfirmationOptions extends FineTuningSetting {
  readonly ledger: TrialLedger;
  readonly budget: Budget;
  readonly margin: number;
  /** Of everything that is confirmed: the error is shared out among the attempts. */
  readonly confidence: number;
  /** One for each attempt that the action has, over all searches of the folder. */
  readonly parts: ActionParts;
  readonly looks: Looks;
  /** Shown while it runs. */
  readonly stage: string;
  readonly onNote: (text: string) => void;
}

/** As of the first number of seeds that ended it, however many were run at a time. */
export interface ConfirmationAttempt {
  readonly set: MatrixSet;
  /** Part of the held-out examples, from 0. */
  readonly part: number;
  readonly deltas: SeedDeltas;
  /** At the attempt's share of the error. */
  readonly interval: ArmInterval;
  readonly confidence: number;
  readonly result: "confirmed" | "failed" | "undecided" | "budget";
}

export interface Confirmation {
  /** In their order; at most the last is confirmed. */
  readonly attempts: readonly ConfirmationAttempt[];
  /** Held-out parts, from 0, that other sets of the action took in earlier searches of the folder. */
  readonly earlierParts: readonly number[];
  /** The set that would have come next, and that no part was left for; empty where there is none. */
  readonly withoutPart: MatrixSet;
}

interface Judging {
  readonly margin: number;
  readonly confidence: number;
  readonly looks: Looks;
}

type Ending = Pick<ConfirmationAttempt, "deltas" | "interval" | "result">;

/** From so many seeds on an attempt is given up once its mean is beyond the margin. That confirms nothing, so it costs no validity. */
const futilityLook = 5;

/** Of one attempt, when all attempts together may err with 1 - confidence. Bonferroni. */
const attemptConfidence = (confidence: number, attempts: number): number => 1 - (1 - confidence) / attempts;

/**
 * The first number of seeds at which the attempt ends; null where it goes on. @param judged seeds at which it is known to go on.
 * Seeds are run several at a time, by the number of jobs: were only the last of them looked at, the answer would depend on that.
 */
function firstEnding(deltas: SeedDeltas, judged: number, judging: Judging): Ending | null {
  for (let n = Math.max(judging.looks.first, judged + 1); n <= deltas.length; n++) {
    const seen = deltas.slice(0, n);
    const interval = deltaInterval(seen, judging);
    const ended = (result: Ending["result"]): Ending => ({ deltas: seen, interval, result });
    if (interval.holds) return ended("confirmed");
    if (interval.shownWorse) return ended("failed");
    if (n >= futilityLook && interval.mean >= judging.margin) return ended("undecided");
  }
  return null;
}

async function attempt(set: MatrixSet, part: number, options: ConfirmationOptions): Promise<ConfirmationAttempt> {
  const { ledger, budget, margin, looks, stage, parts } = options;
  const confidence = attemptConfidence(options.confidence, parts.count);
  const judging = { margin, confidence, looks };
  const begin = firstSeedOf(part);
  const made = (ending: Ending): ConfirmationAttempt => ({ set, part, confidence, ...ending });
  let deltas: SeedDeltas = [];
  const open = (result: Ending["result"]) => made({ deltas, interval: deltaInterval(deltas, judging), result });
  for (let n = looks.first; ; ) {
    const specs = confirmationSpecs(set, seedsFrom(begin, begin + n - 1), part, options);
    if (!ledger.allows(specs, 0, budget)) return open("budget");
    // Before the first trial: whatever is seen of the part, it is this set's.
    takePart(set, part, parts);
    const judged = deltas.length;
    deltas = deltasOf(await ledger.run(specs, `${stage}, ${n} seeds`));
    const ending = firstEnding(deltas, judged, judging);
    if (ending) return made(ending);
    if (n >= looks.last) return open("undecided");
    const perSeed = confirmationSpecs(set, [begin + n], part, options).filter((spec) => !ledger.isKnown(spec)).length;
    n = Math.min(looks.last, n + Math.max(1, Math.floor(ledger.jobs / Math.max(1, perSeed))));
  }
}

/** @param smaller the set to try after one that was not confirmed; null where there is none. */
export async function confirmSet(
  first: MatrixSet,
  smaller: (set: MatrixSet, attempt: ConfirmationAttempt) => MatrixSet | null,
  options: ConfirmationOptions,
): Promise<Confirmation> {
  const { parts, onNote } = options;
  const attempts: ConfirmationAttempt[] = [];
  let set: MatrixSet | null = first.length > 0 ? first : null;
  while (set !== null) {
    const part = partFor(set, parts);
    if (part === null) break;
    const stage = `${options.stage}: ${set.length} matrices on held-out part ${part + 1} of ${parts.count}`;
    const made = await attempt(set, part, { ...options, stage });
    attempts.push(made);
    set = made.result === "confirmed" || made.result === "budget" ? null : smaller(set, made);
  }
  const earlierParts = partsOfOthers(
    attempts.map((own) => own.set),
    parts,
  );
  if (set !== null && earlierParts.length > 0)
    onNote(
      `${parts.action}: no held-out part is left to confirm a set of ${set.length} on; earlier searches of this folder took ${earlierParts.length} of ${parts.count}. A new --out with another --seed draws others.`,
    );
  return { attempts, earlierParts, withoutPart: set ?? [] };
}
