/** @file What came of a fine-tuning, in sentences. Knows no markup and no terminal. */
import type { PlannedMatrix } from "../records/plan-record.js";
import type { PairedComparison, SftRecord } from "../records/sft-record.js";
import { absent, count, counted, duration, fixed, percent, signed } from "./figure-text.js";

/** What this run is called beside plain fine-tuning. */
export function runName({ plan, progressive }: SftRecord): string {
  if (plan !== null) return progressive === null ? "with the plan" : "plan and progressive";
  return progressive === null ? "plain" : "progressive";
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Tenths of a second where minutes would say nothing. */
export const trainingTime = (seconds: number): string => (seconds < 10 ? `${fixed(seconds, 1)} s` : duration(seconds));

function lossSentence({ result, settings }: SftRecord): string {
  const { heldOutCurve, bestLoss, bestStep, lastLoss, seconds } = result;
  const first = heldOutCurve[0][1];
  const best =
    bestStep === heldOutCurve.at(-1)![0] ? "its lowest" : `the lowest, ${fixed(bestLoss, 4)}, at ${bestStep}`;
  return `Held-out loss ${fixed(first, 4)} before, ${fixed(lastLoss, 4)} nats per token after ${counted(settings.steps, "step")} (${best}), in ${trainingTime(seconds)} of training.`;
}

const actionWords: Readonly<Record<PlannedMatrix["action"], string>> = {
  freeze: "frozen as trained",
  crystal: "of low rank",
  random: "random",
  zero: "zero",
};

function frozenSentence({ frozenMatrices, result }: SftRecord): string {
  const share = result.phases.at(-1)?.frozenShare ?? 0;
  if (frozenMatrices.length === 0)
    return share > 0
      ? `At the end ${percent(share)}% of the parameters were frozen, no whole matrix among them.`
      : "Nothing was frozen at the end.";
  const kinds = (["freeze", "crystal", "random", "zero"] as const).flatMap((action) => {
    const number = frozenMatrices.filter((matrix) => matrix.action === action).length;
    return number === 0 ? [] : [`${number} ${actionWords[action]}`];
  });
  return `At the end ${counted(frozenMatrices.length, "matrix", "matrices")} held still (${kinds.join(", ")}), ${percent(share)}% of the parameters.`;
}

function speedSentence(pairs: readonly PairedComparison[]): string {
  const ratios = pairs.map(({ speedUp }) => speedUp).filter((value) => value !== null);
  const over = pairs.length > 1 ? ` (mean of ${pairs.length} seeds)` : "";
  const delta = `last held-out loss ${signed(mean(pairs.map(({ lastDeltaPercent }) => lastDeltaPercent)), 2)}%`;
  if (ratios.length === 0) return `Beside plain fine-tuning${over}: ${delta}; neither learned enough to time it.`;
  const ratio = mean(ratios);
  const words =
    ratio >= 1
      ? `${fixed(ratio, 2)} times faster to the same held-out loss`
      : `slower, ${fixed(ratio, 2)} times the speed to the same held-out loss`;
  return `Beside plain fine-tuning${over}: ${words}; ${delta}.`;
}

function comparisonSentence(record: SftRecord): string | null {
  if (record.comparison !== null) return speedSentence(record.comparison);
  return runName(record) === "plain"
    ? null
    : "Plain fine-tuning was not run, so nothing is shown of what freezing saved or cost; --compare runs it.";
}

function forgettingSentence({ general }: SftRecord): string | null {
  if (general === null) return null;
  const { before, after } = general;
  return `On general text the loss went from ${fixed(before, 4)} to ${fixed(after, 4)} (${signed((100 * (after - before)) / before, 1)}%).`;
}

/** The first says the most. */
export function sftFindings(record: SftRecord): string[] {
  return [
    lossSentence(record),
    ...(runName(record) === "plain" ? [] : [frozenSentence(record)]),
    ...[comparisonSentence(record), forgettingSentence(record)].filter((sentence) => sentence !== null),
  ];
}

/** "1,200" */
export const pace = (tokensPerSecond: number | null): string =>
  tokensPerSecond === null ? absent : count(tokensPerSecond);
