/** @file The tiny GPT-2, and what transformers and PyTorch make of it: `make_gpt2.py` describes each number. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openCheckpoint } from "../src/checkpoint/checkpoint.js";
import { type Gpt2Config, parseGpt2Config } from "../src/checkpoint/gpt2-config.js";
import type { BatchShape } from "../src/model/model-graph.js";
import type { TrainingBatch } from "../src/training/batch-buffers.js";

interface SavedBatch {
  readonly rows: number;
  readonly length: number;
  readonly tokens: readonly number[];
  readonly positions: readonly number[];
  readonly segments?: readonly number[];
  readonly scoredRows?: readonly number[];
  readonly targets: readonly number[];
  readonly weights: readonly number[];
}

export interface TrainingCurve {
  readonly losses: readonly number[];
  readonly gradientNorms: readonly number[];
  readonly heldOutLossBefore: number;
  readonly heldOutLossAfter: number;
  readonly parameters: Readonly<Record<string, { readonly sum: number; readonly sumOfSquares: number }>>;
}

interface Arm {
  /** Full name of the one matrix that is frozen; absent from the full arm. */
  readonly matrix?: string;
  readonly singularValues?: readonly number[];
  readonly float64: TrainingCurve;
  readonly float32: TrainingCurve;
}

interface Saved {
  readonly logits: Pick<SavedBatch, "rows" | "length" | "tokens" | "positions"> & {
    readonly float64: readonly number[];
  };
  readonly packed: SavedBatch & { readonly loss: number };
  readonly plain: SavedBatch & { readonly loss: number };
  readonly training: {
    readonly optimizer: {
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly weightDecay: number;
      readonly gradientClip: number;
    };
    readonly schedule: { readonly peak: number; readonly steps: number; readonly warmup: number };
    readonly learningRates: readonly number[];
    readonly batches: readonly SavedBatch[];
    readonly full: Arm;
    readonly frozen: Arm;
    readonly crystal: Arm;
  };
}

export interface ShapedBatch {
  readonly batch: TrainingBatch;
  readonly shape: BatchShape;
}

const fixture = (path: string): string => fileURLToPath(new URL(`fixtures/gpt2/${path}`, import.meta.url));

/** A parameter's name without the wrapper's prefix. */
export const bare = (name: string): string => name.replace(/^transformer\./, "");

export function gpt2Fixture(): Saved {
  return JSON.parse(readFileSync(fixture("gpt2.json"), "utf8"));
}

export function shaped(saved: SavedBatch): ShapedBatch {
  const { rows, length, tokens, positions, segments, scoredRows, targets, weights } = saved;
  return {
    batch: {
      tokens: Int32Array.from(tokens),
      positions: Int32Array.from(positions),
      targets: Int32Array.from(targets),
      weights: Float32Array.from(weights),
      ...(segments ? { segments: Int32Array.from(segments) } : {}),
      ...(scoredRows ? { scoredRows: Int32Array.from(scoredRows) } : {}),
    },
    shape: { rows, length, slots: scoredRows?.length ?? null, packed: segments !== undefined },
  };
}

/** Every tensor of a checkpoint of the fixture, by its bare name. */
function tensors(path: string): { config: Gpt2Config | null; values: Map<string, Float32Array> } {
  const checkpoint = openCheckpoint(fixture(path));
  try {
    const values = new Map([...checkpoint.tensors.keys()].map((name) => [bare(name), checkpoint.readFloat32(name)]));
    return { config: checkpoint.config && parseGpt2Config(checkpoint.config), values };
  } finally {
    checkpoint.close();
  }
}

export function tinyGpt2(): { readonly config: Gpt2Config; readonly weights: ReadonlyMap<string, Float32Array> } {
  const { config, values } = tensors("tiny");
  return { config: config!, weights: values };
}

/** Gradient of a batch's loss for every parameter. */
export function expectedGradients(kind: "packed" | "plain"): ReadonlyMap<string, Float32Array> {
  return tensors(`${kind}-gradients.safetensors`).values;
}
