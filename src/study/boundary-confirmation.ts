/** @file Confirms a set of matrices on seeds and held-out examples that no choice rests on; one that fails is shrunk and confirmed anew. */

import type { ArmInterval } from "../statistics/arm-interval.js";
import type { Looks } from "../statistics/first-passage.js";
import { deltaInterval, type SeedDeltas } from "../statistics/joint-delta.js";
import type { MatrixSet } from "./boundary-search.js";
import { confirmationSpecs, deltasOf, type FineTuningSetting } from "./joint-trials.js";
import { seedsFrom } from "./matrix-test.js";
import type { Budget, TrialLedger } from "./trial-ledger.js";

export interface ConfirmationOptions extends FineTuningSetting {
  readonly ledger: TrialLedger;
  readonly budget: Budget;
  readonly margin: number;
  /** Of everything that is confirmed: the error is shared out among the attempts. */
  readonly confidence: number;
  /** Attempts at most, each on a part of the held-out examples of its own. */
  readonly attempts: number;
  readonly looks: Looks;
  /** Shown while it runs. */
  readonly stage: string;
}

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

/** From so many seeds on an attempt is given up once its mean is beyond the margin. That confirms nothing, so it costs no validity. */
const futilityLook = 5;

/** Seeds of an attempt are far from those of the search and of other attempts. */
const seedsBegin = (part: number) => 1000 * (part + 1) + 1;

/** Of one attempt, when all attempts together may err with 1 - confidence. Bonferroni. */
export const attemptConfidence = (confidence: number, attempts: number): number => 1 - (1 - confidence) / attempts;

async function attempt(set: MatrixSet, part: number, options: ConfirmationOptions): Promise<ConfirmationAttempt> {
  const { ledger, budget, margin, attempts, looks, stage } = options;
  const confidence = attemptConfidence(options.confidence, attempts);
  const begin = seedsBegin(part);
  let deltas: SeedDeltas = [];
  let interval = deltaInterval(deltas, { margin, confidence, looks });
  const ended = (result: ConfirmationAttempt["result"]) => ({ set, part, deltas, interval, confidence, result });
  for (let n = looks.first; n <= looks.last; ) {
    const specs = confirmationSpecs(set, seedsFrom(begin, begin + n - 1), part, options);
    if (!ledger.allows(specs, 0, budget)) return ended("budget");
    deltas = deltasOf(await ledger.run(specs, `${stage}, ${n} seeds`));
    interval = deltaInterval(deltas, { margin, confidence, looks });
    if (interval.holds) return ended("confirmed");
    if (interval.shownWorse) return ended("failed");
    if (n === looks.last || (n >= futilityLook && interval.mean >= margin)) break;
    const perSeed = confirmationSpecs(set, [begin + n], part, options).filter((spec) => !ledger.isKnown(spec)).length;
    n = Math.min(looks.last, n + Math.max(1, Math.floor(ledger.jobs / Math.max(1, perSeed))));
  }
  return ended("undecided");
}

/**
 * @param smaller the set to try after one that was not confirmed; null where there is none.
 * @returns the attempts in their order; at most the last is confirmed.
 */
export async function confirmSet(
  first: MatrixSet,
  smaller: (set: MatrixSet, attempt: ConfirmationAttempt) => MatrixSet | null,
  options: ConfirmationOptions,
): Promise<ConfirmationAttempt[]> {
  const made: ConfirmationAttempt[] = [];
  let set: MatrixSet | null = first.length > 0 ? first : null;
  while (set !== null && made.length < options.attempts) {
    const stage = `${options.stage}: attempt ${made.length + 1} of at most ${options.attempts}, ${set.length} matrices`;
    const result: ConfirmationAttempt = await attempt(set, made.length, { ...options, stage });
    made.push(result);
    if (result.result === "confirmed" || result.result === "budget") break;
    set = smaller(set, result);
  }
  return made;
}
