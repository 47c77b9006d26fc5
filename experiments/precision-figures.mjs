/**
 * What the trials of the precision experiment come to: deltas of each arm within each precision, their paired differences between
 * precisions, and the losses of `full`. Runs nothing.
 */
import { deltasPercent, estimateMean, pairUp } from "../dist/statistics/paired-difference.js";
import { judge } from "../dist/statistics/verdict.js";

const confidence = 0.95;
/** Percent; that of every verdict. */
export const margin = 0.5;

const estimate = (values) => ({ ...estimateMean(values, confidence), values });

/** Values of the second less those of the first, over the keys that both have. */
const differences = (first, second) =>
  estimate([...second].flatMap(([key, value]) => (first.has(key) ? [value - first.get(key)] : [])));

/** Losses of `full` by seed, before the first step or after the last. */
function fullLosses(trials, at) {
  const finished = trials.filter(({ arm, outcome }) => arm === "full" && outcome.kind === "finished");
  return new Map(finished.map(({ seed, outcome }) => [seed, outcome[at]]));
}

/** Of each matrix and arm: deltas against `full` of the same seed and side, in percent, by seed. */
function armDeltas(trials, matrix, arm) {
  const { pairs, diverged } = pairUp(trials, { arm, matrices: [matrix] });
  const deltas = deltasPercent(pairs, "after");
  return { bySeed: new Map(pairs.map(({ seed }, index) => [seed, deltas[index]])), diverged };
}

const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * @param sides each with its label and its trials; the others are held against the first.
 * @returns estimates as mean, low, high (95%, Student's t over seeds), n and the values by seed in the order of the seeds.
 */
export function precisionFigures(sides, { matrices, arms }) {
  const [first, ...others] = sides;
  const verdicts = sides.map(({ trials }) => judge(trials, { margin, confidence }).matrices);
  const full = ["heldOutLossBefore", "heldOutLossAfter"].map((at) => {
    const losses = sides.map(({ trials }) => fullLosses(trials, at));
    return {
      at,
      losses: losses.map((bySeed) => estimate([...bySeed.values()])),
      differences: losses.slice(1).map((bySeed) => differences(losses[0], bySeed)),
    };
  });
  const compared = matrices.flatMap((matrix) =>
    arms.map((arm) => {
      const deltas = sides.map(({ trials }) => armDeltas(trials, matrix, arm));
      return {
        ...{ matrix, arm },
        deltas: deltas.map(({ bySeed, diverged }) => ({ ...estimate([...bySeed.values()]), diverged })),
        differences: deltas.slice(1).map(({ bySeed }) => differences(deltas[0].bySeed, bySeed)),
      };
    }),
  );
  return {
    reference: first.label,
    compared: others.map(({ label }) => label),
    secondsPerTrial: sides.map(({ trials }) => meanOf(trials.map(({ wallSeconds }) => wallSeconds))),
    full,
    arms: compared,
    verdicts: matrices.map((matrix) => ({
      matrix,
      verdicts: verdicts.map((all) => all.find(({ name }) => name === matrix)?.verdict ?? null),
    })),
    /** Two sides that are the same to the bit compute the same thing, not two. */
    identical: others.map(({ trials }) => {
      const outcomes = (list) => JSON.stringify(list.map(({ key, outcome }) => [key, outcome]));
      return outcomes(trials) === outcomes(first.trials);
    }),
  };
}
