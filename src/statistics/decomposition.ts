/** @file What the damage of an arm is made of, and its delta in other units: figures beside the verdict. Decides nothing. */
import type { ArmSummary, NoiseFloor } from "../records/verdicts-record.js";
import { type ArmInterval, levelOfLook } from "./arm-interval.js";
import { floorNats, shownPairs } from "./arm-summary.js";
import { exampleBootstrap } from "./example-bootstrap.js";
import { estimateMean, type Pair } from "./paired-difference.js";
import type { TestedArm, TestedMatrix } from "./tested-arms.js";

type Details = Pick<
  ArmSummary,
  "meanDeltaNats" | "lowNats" | "highNats" | "bootstrap" | "stepsToRecoverHalf" | "costOfNotTraining"
>;

/** Of one arm of a matrix; `level` is the two-sided error of its interval. */
export type Decomposition = (matrix: TestedMatrix, arm: string, interval: ArmInterval, level: number) => Details;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The means over seeds of arm minus full at the steps that every pair has evaluated. */
function excessCurve(pairs: readonly Pair[]): [step: number, nats: number][] {
  return pairs[0].own.curve.flatMap(([step]) => {
    const excess = pairs.map(({ own, full }) => {
      const [ours, theirs] = [own, full].map(({ curve }) => curve.find(([at]) => at === step)?.[1] ?? Number.NaN);
      return ours - theirs;
    });
    return excess.every(Number.isFinite) ? [[step, mean(excess)]] : [];
  });
}

function stepsToRecoverHalf(pairs: readonly Pair[], floor: number): number | null {
  const curve = excessCurve(pairs);
  const half = (curve[0]?.[1] ?? Number.NaN) / 2;
  if (!(2 * half > floor)) return null;
  const index = curve.findIndex(([, excess]) => excess <= half);
  if (index < 1) return null;
  const [[before, above], [after, below]] = [curve[index - 1], curve[index]];
  return before + ((after - before) * (above - half)) / (above - below);
}

/** undefined where the arm has no trainable twin. */
function costOfNotTraining({ arms }: TestedMatrix, arm: string, pairs: readonly Pair[]): number | null | undefined {
  if (arm === "frozen") return mean(pairs.map(({ own, full }) => own.heldOutLossAfter - full.heldOutLossAfter));
  const twin = arms.get(`${arm}:trainable`);
  if (!twin) return undefined;
  const trained = new Map(twin.pairs.pairs.map(({ seed, own }) => [seed, own.heldOutLossAfter]));
  const both = pairs.filter(({ seed }) => trained.has(seed));
  return both.length > 0 && twin.pairs.diverged.length === 0
    ? mean(both.map(({ seed, own }) => own.heldOutLossAfter - trained.get(seed)!))
    : null;
}

/**
 * One for all arms of a record: they share the draws of examples.
 * @param confidence of the bootstrap, not adjusted. @param tokens scored ones of each held-out example; null where they are not known.
 */
export function decompositionOf(
  floor: NoiseFloor,
  confidence: number,
  tokens: readonly number[] | null,
): Decomposition {
  const bootstrap = exampleBootstrap(confidence, tokens);
  const weights = tokens === null ? ("examples" as const) : ("tokens" as const);
  return (matrix, name, interval, level) => {
    const arm: TestedArm = matrix.arms.get(name)!;
    const { pairs, diverged } = shownPairs(arm, interval);
    if (pairs.length === 0 || diverged.length > 0) {
      return { meanDeltaNats: null, lowNats: null, highNats: null, stepsToRecoverHalf: null, costOfNotTraining: null };
    }
    const { looked } = arm.deltas;
    const nats = pairs.map(({ own, full }) => own.heldOutLossAfter - full.heldOutLossAfter);
    const early = looked && pairs.length < looked.looks.first;
    const estimate = estimateMean(nats, 1 - (looked ? levelOfLook(level, looked.looks) : level));
    const resampled = bootstrap(pairs);
    const cost = costOfNotTraining(matrix, name, pairs);
    return {
      meanDeltaNats: estimate.mean,
      lowNats: early ? null : estimate.low,
      highNats: early ? null : estimate.high,
      stepsToRecoverHalf: stepsToRecoverHalf(pairs, floorNats(floor, pairs)),
      ...(resampled ? { bootstrap: { ...resampled, weights } } : {}),
      ...(cost === undefined ? {} : { costOfNotTraining: cost }),
    };
  };
}
