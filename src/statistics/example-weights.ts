/** @file The scored tokens of the held-out examples as the weights of their losses, where they are those of the trials. Knows no arms. */
import type { FinishedOutcome } from "../records/trial-record.js";

/** Relative. Losses are on record to the last digit, so a mean that differs by more has other weights. Assumption, not studied. */
const tolerance = 1e-6;

/** Whether a trial's loss is the mean over examples with these weights. */
function weighs(tokens: readonly number[], outcome: FinishedOutcome): boolean {
  const { heldOutLossAfter: loss, heldOutLossPerExample: perExample } = outcome;
  if (tokens.length !== perExample.length) return false;
  let [nats, count] = [0, 0];
  for (const [index, tokensOfExample] of tokens.entries()) {
    nats += tokensOfExample * perExample[index];
    count += tokensOfExample;
  }
  return Math.abs(nats / count - loss) <= tolerance * Math.abs(loss);
}

/**
 * @param tokens scored tokens of each example, as the run's encoded examples have them; undefined where these are not there.
 * @returns null where they are not what the losses of these trials are means over.
 */
export function exampleWeights(
  tokens: readonly number[] | undefined,
  outcomes: readonly FinishedOutcome[],
): readonly number[] | null {
  return tokens !== undefined && outcomes.every((outcome) => weighs(tokens, outcome)) ? tokens : null;
}
