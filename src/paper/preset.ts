/** @file The sizes at which the paper's experiment can be run. Every preset keeps eight layers: L4 must exist. */
import { UsageError } from "../foundation/errors.js";

export interface PaperPreset {
  readonly name: string;
  readonly model: {
    readonly layers: number;
    readonly width: number;
    readonly heads: number;
    readonly contextLength: number;
    readonly vocabularySize: number;
  };
  readonly base: {
    readonly steps: number;
    /** Sequences of a step, each as long as the context. */
    readonly rows: number;
    readonly learningRate: number;
    readonly warmup: number;
    readonly evaluateEvery: number;
    /** Held-out sequences. */
    readonly heldOutRows: number;
  };
  readonly sft: {
    readonly steps: number;
    /** Packed rows, positions in each, scored tokens at most. */
    readonly rows: number;
    readonly length: number;
    readonly slots: number;
    readonly evaluateEvery: number;
    readonly heldOutExamples: number;
    readonly learningRates: readonly number[];
  };
  readonly seeds: number;
  /** Seed of everything that is not a trial: initial weights, order of the corpus, nulls. */
  readonly seed: number;
}

const layers = 8;

const presets: readonly PaperPreset[] = [
  {
    name: "smoke",
    model: { layers, width: 32, heads: 4, contextLength: 64, vocabularySize: 1024 },
    base: { steps: 150, rows: 8, learningRate: 3e-3, warmup: 15, evaluateEvery: 50, heldOutRows: 16 },
    sft: {
      steps: 50,
      rows: 8,
      length: 64,
      slots: 256,
      evaluateEvery: 10,
      heldOutExamples: 128,
      learningRates: [1e-3, 3e-3],
    },
    seeds: 2,
    seed: 63,
  },
  {
    name: "quick",
    model: { layers, width: 112, heads: 8, contextLength: 128, vocabularySize: 6144 },
    base: { steps: 1200, rows: 12, learningRate: 2e-3, warmup: 100, evaluateEvery: 100, heldOutRows: 48 },
    sft: {
      steps: 50,
      rows: 14,
      length: 64,
      slots: 512,
      evaluateEvery: 10,
      heldOutExamples: 256,
      learningRates: [3e-4, 1e-3, 3e-3],
    },
    seeds: 3,
    seed: 63,
  },
  {
    name: "full",
    model: { layers, width: 256, heads: 8, contextLength: 512, vocabularySize: 15_007 },
    base: { steps: 5000, rows: 4, learningRate: 1e-3, warmup: 200, evaluateEvery: 200, heldOutRows: 24 },
    sft: {
      steps: 50,
      rows: 14,
      length: 64,
      slots: 512,
      evaluateEvery: 10,
      heldOutExamples: 512,
      learningRates: [1e-4, 3e-4, 1e-3, 3e-3],
    },
    seeds: 5,
    seed: 63,
  },
];

export const presetNames: readonly string[] = presets.map(({ name }) => name);

/** @throws UsageError */
export function paperPreset(name: string): PaperPreset {
  const preset = presets.find((candidate) => candidate.name === name);
  if (!preset) throw new UsageError(`Unknown preset '${name}'. Presets: ${presetNames.join(", ")}.`);
  return preset;
}
