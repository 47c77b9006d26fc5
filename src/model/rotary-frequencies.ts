/** @file Frequencies of the rotary embedding (Su et al. 2021) under the scalings in use. Knows nothing of graphs. */
import type { RopeConfig, RopeScaling } from "../checkpoint/rope-config.js";

export interface RotaryFrequencies {
  /** Radians per position of each rotated pair. */
  readonly frequencies: readonly number[];
  /** What the scores are multiplied by: queries and keys are both stretched. */
  readonly scoreFactor: number;
}

type Llama3 = Extract<RopeScaling, { kind: "llama3" }>;
type Yarn = Extract<RopeScaling, { kind: "yarn" }>;

/** Long waves are slowed by the factor, short ones kept, those between interpolated. Llama 3.1 (Dubey et al. 2024). */
function llama3(frequency: number, scaling: Llama3): number {
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalContextLength } = scaling;
  const waves = (originalContextLength * frequency) / (2 * Math.PI);
  if (waves > highFrequencyFactor) return frequency;
  if (waves < lowFrequencyFactor) return frequency / factor;
  const kept = (waves - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
  return ((1 - kept) * frequency) / factor + kept * frequency;
}

/** Share of each pair that is slowed: a ramp between pairs that turn betaFast and betaSlow times. Peng et al. 2023, section 3.2. */
function yarnRamp(theta: number, pairs: number, scaling: Yarn): (pair: number) => number {
  const { betaFast, betaSlow, originalContextLength, truncate } = scaling;
  const width = 2 * pairs;
  const pairOf = (turns: number) =>
    (width * Math.log(originalContextLength / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [first, last] = [pairOf(betaFast), pairOf(betaSlow)];
  const low = Math.max(0, truncate ? Math.floor(first) : first);
  const high = Math.min(width - 1, truncate ? Math.ceil(last) : last);
  const span = high === low ? 0.001 : high - low;
  return (pair) => Math.min(1, Math.max(0, (pair - low) / span));
}

/** @param headWidth of which `rotatedShare` is rotated. */
export function rotaryFrequencies({ theta, scaling, rotatedShare }: RopeConfig, headWidth: number): RotaryFrequencies {
  const pairs = Math.floor(Math.floor(headWidth * rotatedShare) / 2);
  const plain = Array.from({ length: pairs }, (_, pair) => theta ** (-pair / pairs));
  switch (scaling.kind) {
    case "none":
      return { frequencies: plain, scoreFactor: 1 };
    case "linear":
      return { frequencies: plain.map((frequency) => frequency / scaling.factor), scoreFactor: 1 };
    case "llama3":
      return { frequencies: plain.map((frequency) => llama3(frequency, scaling)), scoreFactor: 1 };
    case "yarn": {
      const slowed = yarnRamp(theta, pairs, scaling);
      return {
        frequencies: plain.map((frequency, pair) => frequency * (1 - slowed(pair) * (1 - 1 / scaling.factor))),
        scoreFactor: scaling.attentionFactor ** 2,
      };
    }
    default:
      return scaling satisfies never;
  }
}
