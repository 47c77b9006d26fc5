/** @file From trials to verdicts: noninferiority of each arm against `full`, paired by seed. Runs nothing. */
import { UsageError } from "../foundation/errors.js";
import { version } from "../foundation/version.js";
import type { TrialRecord } from "../records/trial-record.js";
import type { ArmSummary, MatrixVerdict, NoiseFloor, VerdictsRecord } from "../records/verdicts-record.js";
import { controlsOf } from "./controls.js";
import { noiseFloorOf } from "./noise-floor.js";
import { deltasPercent, type Pairs, pairUp, pBelow } from "./paired-difference.js";
import { seedsToDecide } from "./seeds-to-decide.js";
import {
  type ArmDeltas,
  type ArmInterval,
  armAt,
  armInterval,
  intervalsAt,
  levelsOf,
  type MatrixArms,
  type MatrixIntervals,
  type SequenceArm,
  sequence,
  unclaimedAt,
  verdictOf,
} from "./sequence-test.js";
import { settledTrials } from "./settled-trials.js";
import { matrixWarnings, trialWarnings } from "./warnings.js";

export interface JudgeOptions {
  /** Percent of full's held-out loss. */
  readonly margin?: number;
  /** 0..1 */
  readonly confidence?: number;
}

type ArmPairs = ReadonlyMap<string, Pairs>;

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Numbers in a name as numbers: layer 2 before layer 10. */
const sortKey = (name: string) => name.replace(/\d+/g, (digits) => digits.padStart(12, "0"));
const places: readonly string[] = sequence;
const place = (arm: string) => {
  const index = places.indexOf(arm.split(":")[0]);
  return index < 0 ? places.length : index;
};
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Arms of each tested matrix (several names joined by "+" where an arm treats them together), in an order that does not depend on
 * which trial was finished first.
 */
function armsByMatrix(trials: readonly TrialRecord[]): Map<string, Map<string, Pairs>> {
  const found = new Map<string, Map<string, Pairs>>();
  for (const { purpose, arm, matrices } of trials) {
    if (purpose !== "sft" || matrices.length === 0) continue;
    const name = matrices.join("+");
    const arms = found.get(name) ?? new Map<string, Pairs>();
    found.set(name, arms);
    if (!arms.has(arm)) arms.set(arm, pairUp(trials, { arm, matrices }));
  }
  return new Map(
    [...found]
      .sort(([a], [b]) => compare(sortKey(a), sortKey(b)))
      .map(([name, arms]) => [
        name,
        new Map([...arms].sort(([a], [b]) => place(a) - place(b) || compare(sortKey(a), sortKey(b)))),
      ]),
  );
}

const deltasOf = (pairs: Pairs): ArmDeltas => ({
  values: deltasPercent(pairs.pairs, "after"),
  diverged: pairs.diverged.length,
});

function sequenceOf(arms: ArmPairs): MatrixArms {
  const found: Partial<Record<SequenceArm, ArmDeltas>> = {};
  for (const place of sequence) {
    const pairs = arms.get(armAt(place, arms.keys()) ?? "");
    if (pairs) found[place] = deltasOf(pairs);
  }
  return found;
}

function summarize(pairs: Pairs, interval: ArmInterval, margin: number, floor: NoiseFloor): ArmSummary {
  const { values, diverged } = deltasOf(pairs);
  const none = pairs.pairs.length === 0;
  const damage = none
    ? Number.NaN
    : mean(pairs.pairs.map(({ own, full }) => own.heldOutLossBefore - full.heldOutLossBefore));
  const left = none
    ? Number.NaN
    : mean(pairs.pairs.map(({ own, full }) => own.heldOutLossAfter - full.heldOutLossAfter));
  const fullLoss = none ? Number.NaN : mean(pairs.pairs.map(({ full }) => full.heldOutLossAfter));
  // Unknown floor: no damage is known to exceed it. A diverged seed recovers nothing, so the mean over the others is no answer.
  const floorNats = ((floor.deltaStdPercent ?? Number.NaN) / 100) * fullLoss;
  return {
    meanDeltaPercent: finite(interval.mean),
    low: finite(interval.low),
    high: finite(interval.high),
    n: values.length + diverged,
    diverged,
    pNoninferior: diverged > 0 || values.length === 0 ? null : pBelow(values, margin),
    damage: finite(damage),
    recovery: diverged === 0 && damage > floorNats ? finite(1 - left / damage) : null,
    holds: interval.holds,
    shownWorse: interval.shownWorse,
  };
}

/** What is shown although the sequence stopped short. */
function strongestClaim({ frozen, crystal }: MatrixIntervals): string {
  if (!frozen?.holds) return "nothing";
  return crystal?.holds ? "at least low-rank: frozen and crystal hold" : "at least freezable: frozen holds";
}

function judgeMatrix(
  name: string,
  arms: ArmPairs,
  { margin, level, floor }: { margin: number; level: number; floor: NoiseFloor },
): MatrixVerdict {
  const tested = sequenceOf(arms);
  const intervals = intervalsAt(tested, margin, level);
  const verdict = verdictOf(intervals);
  const inSequence = new Map(sequence.map((place) => [armAt(place, arms.keys()), intervals[place]]));
  return {
    name,
    verdict,
    arms: Object.fromEntries(
      [...arms].map(([arm, pairs]) => {
        const interval = inSequence.get(arm) ?? armInterval(deltasOf(pairs), margin, level);
        return [arm, summarize(pairs, interval, margin, floor)];
      }),
    ),
    ...(verdict === "undecided"
      ? { strongestClaim: strongestClaim(intervals), seedsToDecide: seedsToDecide(tested, margin, level) }
      : {}),
  };
}

/**
 * Judges every matrix that has trials. "Holds": the upper end of the adjusted interval of the paired delta lies below the margin;
 * "shown worse": the lower end lies above it. The intervals speak of seeds; the held-out examples, the base checkpoint and the data are fixed.
 * @throws UsageError for a margin or a confidence that means nothing, InputError for trials of different settings.
 */
export function judge(
  records: readonly TrialRecord[],
  { margin = 0.5, confidence = 0.95 }: JudgeOptions = {},
): VerdictsRecord {
  if (!(margin > 0 && Number.isFinite(margin)))
    throw new UsageError(`The margin is ${margin}; it is a positive percentage.`);
  if (!(confidence > 0 && confidence < 1))
    throw new UsageError(`The confidence is ${confidence}; it lies between 0 and 1, e.g. 0.95.`);
  const trials = settledTrials(records);
  const byMatrix = armsByMatrix(trials);
  const sequences = new Map([...byMatrix].map(([name, arms]) => [name, sequenceOf(arms)]));
  const levels = levelsOf(sequences, margin, 1 - confidence);
  const floor = noiseFloorOf(trials);
  const pairs = [...byMatrix.values()].flatMap((arms) => [...arms.values()]);
  const paired = pairs.flatMap(({ pairs, diverged }) => [...pairs.map(({ seed }) => seed), ...diverged]);
  const seeds = [...new Set(paired)].sort((a, b) => a - b);
  const matrices = [...byMatrix].map(([name, arms]) =>
    judgeMatrix(name, arms, { margin, level: levels.get(name)!, floor }),
  );
  const unclaimed = (name: string) => unclaimedAt(sequences.get(name)!, margin, levels.get(name)!);
  return {
    schema: "deadweight/verdicts@1",
    version,
    margin,
    confidence,
    seeds,
    floor,
    controls: controlsOf(trials, floor, margin),
    warnings: [
      ...trialWarnings(trials, seeds),
      ...matrices.flatMap((matrix) => matrixWarnings(matrix, seeds.length, unclaimed(matrix.name))),
    ],
    matrices,
  };
}
