/** @file What fine-tuning makes the model forget of general text, by arm, in a sentence. Knows neither terminal nor page. */
import type { TestRecord } from "../records/test-record.js";
import { count, exists, fixed, signed } from "./figure-text.js";
import { targetResults } from "./target-results.js";

/** Null where no general text was measured. */
export function forgettingSentence(record: TestRecord): string | null {
  const { full, data } = record;
  const deltas = targetResults(record)
    .flatMap(({ label, arms }) =>
      arms.map(({ arm, figures }) => ({ where: `${arm} of ${label}`, mean: figures.generalDeltaPercent?.mean })),
    )
    .filter((one): one is { where: string; mean: number } => exists(one.mean))
    .sort((a, b) => a.mean - b.mean);
  if (deltas.length === 0) return null;
  const [least, most] = [deltas[0], deltas[deltas.length - 1]];
  const { general } = data.examples;
  const text = `general text${general === undefined ? "" : ` (${count(general)} examples)`}`;
  const baseline = exists(full.generalLossAfter?.mean)
    ? `, where full fine-tuning ends at ${fixed(full.generalLossAfter.mean, 4)} nats per token`
    : "";
  return `Forgetting: on ${text}${baseline}, the arms end ${signed(least.mean, 2)}% (${least.where}) to ${signed(most.mean, 2)}% (${most.where}) from it; below zero an arm forgets less.`;
}
