/** @file Tiny checkpoints of every architecture and what transformers makes of them: `make_architectures.py` describes each number. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openCheckpoint } from "../src/checkpoint/checkpoint.js";
import { canonicalName } from "../src/checkpoint/checkpoint-matrix.js";
import type { ShapedBatch } from "./gpt2-fixture.js";

export interface SavedBatch {
  readonly rows: number;
  readonly length: number;
  readonly tokens: readonly number[];
  readonly positions: readonly number[];
  readonly segments: readonly number[];
  readonly scoredRows: readonly number[];
  readonly targets: readonly number[];
  readonly weights: readonly number[];
}

interface ArchitectureFixture {
  readonly logits: Pick<SavedBatch, "rows" | "length" | "tokens" | "positions"> & {
    readonly values: readonly number[];
  };
  readonly packed: SavedBatch & { readonly loss: number };
  readonly training: {
    readonly schedule: { readonly peak: number; readonly steps: number; readonly warmup: number };
    readonly batches: readonly SavedBatch[];
    readonly losses: readonly number[];
  };
}

const folder = new URL("fixtures/architectures/", import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, folder), "utf8"));

export const architectureFixtures: Readonly<Record<string, ArchitectureFixture>> = read("architectures.json");

export const ropeFixtures: readonly {
  readonly headWidth: number;
  readonly contextLength: number;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly frequencies: readonly number[];
  readonly attentionFactor: number;
}[] = read("rope.json");

export const architectureFolder = (name: string): string => fileURLToPath(new URL(name, folder));

/** Gradient of the packed batch's loss, by parameter name. */
export function architectureGradients(name: string): ReadonlyMap<string, Float32Array> {
  const checkpoint = openCheckpoint(`${architectureFolder(name)}/gradients.safetensors`);
  try {
    return new Map(
      [...checkpoint.tensors.keys()].map((tensor) => [
        tensor.endsWith(".weight") ? `${canonicalName(tensor)}.weight` : canonicalName(tensor),
        checkpoint.readFloat32(tensor),
      ]),
    );
  } finally {
    checkpoint.close();
  }
}

export function shapedPacked(saved: SavedBatch): ShapedBatch {
  const { rows, length } = saved;
  return {
    batch: {
      tokens: Int32Array.from(saved.tokens),
      positions: Int32Array.from(saved.positions),
      segments: Int32Array.from(saved.segments),
      scoredRows: Int32Array.from(saved.scoredRows),
      targets: Int32Array.from(saved.targets),
      weights: Float32Array.from(saved.weights),
    },
    shape: { rows, length, slots: saved.scoredRows.length, packed: true },
  };
}
