/** @file Where a boundary means little, in sentences. Judges nothing. */
import type { BoundaryRecord } from "../records/boundary-record.js";

/** Held-out scored tokens below which the loss itself is a rough figure; assumption, not studied. */
const fewTokens = 5000;
/** Nats per token: below this a percentage of the loss is a percentage of next to nothing. */
const smallLoss = 0.1;

export function boundaryWarnings({
  data,
  full,
  actions,
  trials,
  margin,
}: Omit<BoundaryRecord, "schema" | "warnings">): string[] {
  const warnings: string[] = [];
  if (trials.failed > 0)
    warnings.push(`${trials.failed} trials failed and count for nothing; run the same command to repeat them.`);
  if (data.scoredTokens.heldOut < fewTokens)
    warnings.push(
      `The held-out examples have ${data.scoredTokens.heldOut} scored tokens: the loss is a rough figure of this data set. Give more by --held-out or --eval-data.`,
    );
  const [before, after] = [full.lossBefore.mean, full.lossAfter.mean];
  if (after !== null && after < smallLoss)
    warnings.push(
      `The held-out loss of \`full\` ends at ${after.toPrecision(2)} nats: the model knows the answers already, and percents of that are noise.`,
    );
  if (before !== null && after !== null && after > before * (1 - margin / 100))
    warnings.push(
      "Full fine-tuning gains less than the margin: a set that learns nothing would hold. Train longer, or with another learning rate.",
    );
  for (const { action, tried } of actions) {
    const all = tried.find(({ size }) => size === Math.max(...tried.map((set) => set.size)));
    if (all?.holds)
      warnings.push(
        `${action}: even the largest set that was tried holds. The fine-tuning does not need these matrices, or the data are too easy to show it.`,
      );
  }
  return warnings;
}
