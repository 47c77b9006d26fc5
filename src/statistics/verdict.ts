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
  armInterval,
  levelsOf,
  type MatrixArms,
  type VerdictKind,
  verdictAt,
} from "./sequence-test.js";

export interface JudgeOptions {
  /** Percent of full's held-out loss. */
  readonly margin?: number;
  /** 0..1 */
  readonly confidence?: number;
}

type ArmPairs = ReadonlyMap<string, Pairs>;

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Arms of each tested matrix (several names joined by "+" where an arm treats them together). */
function armsByMatrix(trials: readonly TrialRecord[]): Map<string, Map<string, Pairs>> {
  const found = new Map<string, Map<string, Pairs>>();
  for (const { purpose, arm, matrices } of trials) {
    if (purpose !== "sft" || matrices.length === 0) continue;
    const name = matrices.join("+");
    const arms = found.get(name) ?? new Map<string, Pairs>();
    found.set(name, arms);
    if (!arms.has(arm)) arms.set(arm, pairUp(trials, { arm, matrices }));
  }
  return found;
}

const deltasOf = (pairs: Pairs): ArmDeltas => ({
  values: deltasPercent(pairs.pairs, "after"),
  diverged: pairs.diverged.length,
});

/** The arms in sequence. Of several ranks the lowest is the crystal that counts. */
function sequenceOf(arms: ArmPairs): MatrixArms {
  const crystal = [...arms.keys()]
    .filter((arm) => /^crystal(:\d+)?$/.test(arm))
    .sort((a, b) => Number(a.slice(8)) - Number(b.slice(8)))[0];
  const take = (arm: string | undefined) => (arm !== undefined && arms.has(arm) ? deltasOf(arms.get(arm)!) : undefined);
  const [frozen, low, random] = [take("frozen"), take(crystal), take("random")];
  return { ...(frozen ? { frozen } : {}), ...(low ? { crystal: low } : {}), ...(random ? { random } : {}) };
}

function summarize(pairs: Pairs, margin: number, level: number, floor: NoiseFloor): ArmSummary {
  const deltas = deltasOf(pairs);
  const interval = armInterval(deltas, margin, level);
  const { values, diverged } = deltas;
  const none = pairs.pairs.length === 0;
  const damage = none
    ? Number.NaN
    : mean(pairs.pairs.map(({ own, full }) => own.heldOutLossBefore - full.heldOutLossBefore));
  const left = none
    ? Number.NaN
    : mean(pairs.pairs.map(({ own, full }) => own.heldOutLossAfter - full.heldOutLossAfter));
  const fullLoss = none ? Number.NaN : mean(pairs.pairs.map(({ full }) => full.heldOutLossAfter));
  const floorNats = ((floor.deltaStdPercent ?? 0) / 100) * fullLoss;
  return {
    meanDeltaPercent: finite(interval.mean),
    low: finite(interval.low),
    high: finite(interval.high),
    n: values.length + diverged,
    diverged,
    pNoninferior: diverged > 0 || values.length === 0 ? null : pBelow(values, margin),
    damage: finite(damage),
    recovery: damage > floorNats ? finite(1 - left / damage) : null,
    holds: interval.holds,
    shownWorse: interval.shownWorse,
  };
}

/** What is shown although the sequence stopped short. */
function strongestClaim(arms: MatrixArms, margin: number, level: number): string {
  const holds = (deltas: ArmDeltas | undefined) => deltas !== undefined && armInterval(deltas, margin, level).holds;
  if (!holds(arms.frozen)) return "nothing";
  return holds(arms.crystal) ? "at least low-rank: frozen and crystal hold" : "at least freezable: frozen holds";
}

function undecidedDetails(
  arms: MatrixArms,
  margin: number,
  level: number,
): Pick<MatrixVerdict, "strongestClaim" | "seedsToDecide"> {
  // A missing arm stops the sequence: no number of seeds of a later one would decide.
  const open = [arms.frozen, arms.crystal, arms.random].find(
    (deltas) => !deltas || !armInterval(deltas, margin, level).holds,
  );
  return {
    strongestClaim: strongestClaim(arms, margin, level),
    seedsToDecide: open && open.diverged === 0 ? seedsToDecide(open.values, margin, level) : null,
  };
}

function warningsOf(trials: readonly TrialRecord[], seeds: readonly number[]): string[] {
  const failed = trials.filter(({ outcome }) => outcome.kind === "failed");
  const diverged = trials.filter(({ outcome }) => outcome.kind === "diverged");
  const warnings: string[] = [];
  if (seeds.length < 2)
    warnings.push(
      `${seeds.length === 1 ? "One seed gives" : "No seed gives"} no interval: every verdict is undecided.`,
    );
  if (failed.length > 0)
    warnings.push(`${failed.length} trials failed and are missing: ${failed.map(({ key }) => key).join("; ")}.`);
  if (diverged.length > 0)
    warnings.push(`${diverged.length} trials diverged: ${diverged.map(({ key }) => key).join("; ")}.`);
  return warnings;
}

/**
 * Judges every matrix that has trials. "Holds": the upper end of the adjusted interval of the paired delta lies below the margin;
 * "shown worse": the lower end lies above it. @throws UsageError for a margin or a confidence that means nothing.
 */
export function judge(
  trials: readonly TrialRecord[],
  { margin = 0.5, confidence = 0.95 }: JudgeOptions = {},
): VerdictsRecord {
  if (!(margin > 0 && Number.isFinite(margin)))
    throw new UsageError(`The margin is ${margin}; it is a positive percentage.`);
  if (!(confidence > 0 && confidence < 1))
    throw new UsageError(`The confidence is ${confidence}; it lies between 0 and 1, e.g. 0.95.`);
  const byMatrix = armsByMatrix(trials);
  const sequences = new Map([...byMatrix].map(([name, arms]) => [name, sequenceOf(arms)]));
  const levels = levelsOf(sequences, margin, 1 - confidence);
  const floor = noiseFloorOf(trials);
  const judgeMatrix = (name: string, arms: ArmPairs): MatrixVerdict => {
    const level = levels.get(name)!;
    const sequence = sequences.get(name)!;
    const verdict: VerdictKind = verdictAt(sequence, margin, level);
    return {
      name,
      verdict,
      arms: Object.fromEntries([...arms].map(([arm, pairs]) => [arm, summarize(pairs, margin, level, floor)])),
      ...(verdict === "undecided" ? undecidedDetails(sequence, margin, level) : {}),
    };
  };
  const seeds = [...new Set(trials.filter(({ purpose }) => purpose === "sft").map(({ seed }) => seed))].sort(
    (a, b) => a - b,
  );
  return {
    schema: "deadweight/verdicts@1",
    version,
    margin,
    confidence,
    seeds,
    floor,
    controls: controlsOf(trials, floor, margin),
    warnings: warningsOf(trials, seeds),
    matrices: [...byMatrix].map(([name, arms]) => judgeMatrix(name, arms)),
  };
}
