/** @file From trials to verdicts: noninferiority of each arm against `full`, paired by seed. Runs nothing. */
import { UsageError } from "../foundation/errors.js";
import { version } from "../foundation/version.js";
import { armAt, sequence } from "../records/arm-sequence.js";
import type { TrialRecord } from "../records/trial-record.js";
import type { MatrixVerdict, NoiseFloor, VerdictsRecord } from "../records/verdicts-record.js";
import { armInterval } from "./arm-interval.js";
import { summarize } from "./arm-summary.js";
import { trialControls } from "./control-trials.js";
import { controlsOf } from "./controls.js";
import { type Decomposition, decompositionOf } from "./decomposition.js";
import { exampleWeights } from "./example-weights.js";
import type { Looks } from "./first-passage.js";
import { equalRunsControl, fullAgainstFull, noiseFloorOf, noiseWarnings } from "./noise-floor.js";
import { seedsToDecide } from "./seeds-to-decide.js";
import { intervalsAt, levelsOf, type MatrixIntervals, unclaimedAt, verdictOf } from "./sequence-test.js";
import { settledTrials } from "./settled-trials.js";
import { sequenceOf, type TestedMatrix, testedMatrices } from "./tested-arms.js";
import { lookWarnings, matrixWarnings, trialWarnings } from "./warnings.js";

export interface JudgeOptions {
  /** Percent of full's held-out loss. */
  readonly margin?: number;
  /** 0..1 */
  readonly confidence?: number;
  /**
   * The seeds after which it may be judged: from the first number of seeds on, after each, up to the last. They are part of the plan:
   * another last look after the data were seen is another test. Absent: judged once.
   */
  readonly looks?: Looks;
  /** Also the figures that no verdict rests on: in nats, over resampled examples, steps to recover, cost of not training. */
  readonly details?: boolean;
  /** Scored tokens of each held-out example, in the order of their losses in the trials: what the examples drawn again are weighted by. */
  readonly heldOutTokens?: readonly number[] | undefined;
}

/** What is shown although the sequence stopped short. */
function strongestClaim(intervals: MatrixIntervals): string {
  const { frozen, crystal } = intervals;
  const worse = sequence.filter((place) => intervals[place]?.shownWorse);
  if (!frozen?.holds) return worse.length > 0 ? `${worse.join(" and ")} worse` : "nothing";
  const claim = crystal?.holds ? "at least low-rank: frozen and crystal hold" : "at least freezable: frozen holds";
  return worse.length > 0 ? `${claim}, ${worse.join(" and ")} worse` : claim;
}

function judgeMatrix(
  name: string,
  matrix: TestedMatrix,
  { margin, level, floor, details }: { margin: number; level: number; floor: NoiseFloor; details: Decomposition },
): MatrixVerdict {
  const tested = sequenceOf(matrix);
  const intervals = intervalsAt(tested, margin, level);
  const verdict = verdictOf(intervals);
  const inSequence = new Map(sequence.map((place) => [armAt(place, matrix.arms.keys()), intervals[place]]));
  return {
    name,
    verdict,
    arms: Object.fromEntries(
      [...matrix.arms].map(([name, arm]) => {
        const interval = inSequence.get(name) ?? armInterval(arm.deltas, margin, level);
        return [name, { ...summarize(arm, interval, margin, floor), ...details(matrix, name, interval, level) }];
      }),
    ),
    ...(verdict === "undecided"
      ? { strongestClaim: strongestClaim(intervals), seedsToDecide: seedsToDecide(tested, margin, level) }
      : {}),
  };
}

/** @throws UsageError */
export function demandMeaning(margin: number, confidence: number, looks: Looks | undefined): void {
  if (!(margin > 0 && Number.isFinite(margin)))
    throw new UsageError(`The margin is ${margin}; it is a positive percentage.`);
  if (!(confidence > 0 && confidence < 1))
    throw new UsageError(`The confidence is ${confidence}; it lies between 0 and 1, e.g. 0.95.`);
  if (
    looks &&
    !(Number.isInteger(looks.first) && Number.isInteger(looks.last) && looks.first >= 2 && looks.last >= looks.first)
  )
    throw new UsageError(
      `Looks after ${looks.first} to ${looks.last} seeds: the first comes after two seeds or more, the last not before it.`,
    );
}

/**
 * Judges every matrix that has trials. "Holds": the upper end of the adjusted interval of the paired delta lies below the margin;
 * "shown worse": the lower end lies above it. The intervals speak of seeds; the held-out examples, the base checkpoint and the data are fixed.
 * @throws UsageError for a margin or a confidence that means nothing, InputError for trials of different settings.
 */
export function judge(
  records: readonly TrialRecord[],
  { margin = 0.5, confidence = 0.95, looks, details = false, heldOutTokens }: JudgeOptions = {},
): VerdictsRecord {
  demandMeaning(margin, confidence, looks);
  const trials = settledTrials(records);
  const tested = testedMatrices(trials, looks);
  const sequences = new Map([...tested].map(([name, matrix]) => [name, sequenceOf(matrix)]));
  const levels = levelsOf(sequences, margin, 1 - confidence);
  const equalRuns = fullAgainstFull(trials);
  const floor = noiseFloorOf(equalRuns);
  const pairs = [...tested.values()].flatMap(({ arms }) => [...arms.values()].map(({ pairs }) => pairs));
  const paired = pairs.flatMap(({ pairs, diverged }) => [...pairs.map(({ seed }) => seed), ...diverged]);
  const seeds = [...new Set(paired)].sort((a, b) => a - b);
  const outcomes = pairs.flatMap(({ pairs }) => pairs.flatMap(({ own, full }) => [own, full]));
  const decomposition = details
    ? decompositionOf(floor, confidence, exampleWeights(heldOutTokens, outcomes))
    : () => ({});
  const matrices = [...tested].map(([name, matrix]) =>
    judgeMatrix(name, matrix, { margin, level: levels.get(name)!, floor, details: decomposition }),
  );
  const unclaimed = (name: string) => unclaimedAt(sequences.get(name)!, margin, levels.get(name)!);
  return {
    schema: "deadweight/verdicts@1",
    version,
    margin,
    confidence,
    seeds,
    ...(looks ? { sequential: { firstLook: looks.first, lastLook: looks.last } } : {}),
    floor,
    controls: {
      ...controlsOf(trials, margin),
      "equal runs not told apart": equalRunsControl(equalRuns, margin, confidence),
      ...trialControls(trials, margin, confidence),
    },
    warnings: [
      ...trialWarnings(trials, seeds),
      ...noiseWarnings(floor, margin),
      ...(looks ? lookWarnings(trials, seeds, looks) : []),
      ...matrices.flatMap((matrix) => matrixWarnings(matrix, seeds.length, unclaimed(matrix.name))),
    ],
    matrices,
  };
}
