/** @file Trained checkpoints beside this checkout, and what transformers makes of them: `make_trained.py` describes each number. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { canonicalName } from "../src/checkpoint/checkpoint-matrix.js";
import type { SavedBatch } from "./architecture-fixture.js";

interface TrainedFixture {
  readonly weightsSha256: string;
  readonly texts: readonly { readonly text: string; readonly tokens: readonly number[] }[];
  readonly logits: Pick<SavedBatch, "rows" | "length" | "tokens" | "positions"> & {
    readonly stride: number;
    readonly values: readonly number[];
  };
  readonly packed: SavedBatch & { readonly loss: number };
  readonly gradients: {
    readonly parameters: readonly (readonly [name: string, elements: number, norm: number, projection: number])[];
  };
}

/** What of a gradient is kept. */
export interface GradientFigures {
  readonly elements: number;
  /** In the 2-norm. */
  readonly norm: number;
  /** Inner product with the vector of elements cos(i), i = 0, 1, ... */
  readonly projection: number;
}

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const trainedFixtures: Readonly<Record<string, TrainedFixture>> = JSON.parse(
  readFileSync(file("fixtures/trained/trained.json"), "utf8"),
);

const dataFolder = process.env.DEADWEIGHT_DATA ?? file("../../shared/data");

/** Folder of a trained checkpoint. */
export function trainedFolder(name: string): string {
  return name === "stories15M" ? file("../runs/stories15m") : join(dataFolder, name);
}

/** Why a checkpoint cannot be tested; null where it is there. */
export function absence(name: string): string | null {
  if (existsSync(join(trainedFolder(name), "model.safetensors"))) return null;
  if (name === "stories15M") return "runs/stories15m is absent; examples/stories15m.mjs makes it";
  return `${name} is neither in ../shared/data nor in the folder that DEADWEIGHT_DATA names`;
}

/** By the names that a model gives its parameters. */
export function expectedGradientFigures(name: string): ReadonlyMap<string, GradientFigures> {
  return new Map(
    trainedFixtures[name].gradients.parameters.map(([tensor, elements, norm, projection]) => [
      tensor.endsWith(".weight") ? `${canonicalName(tensor)}.weight` : canonicalName(tensor),
      { elements, norm, projection },
    ]),
  );
}

export function gradientFigures(gradient: ArrayLike<number>): GradientFigures {
  let squares = 0;
  let projection = 0;
  for (let i = 0; i < gradient.length; i++) {
    squares += gradient[i] ** 2;
    projection += gradient[i] * Math.cos(i);
  }
  return { elements: gradient.length, norm: Math.sqrt(squares), projection };
}

/**
 * The larger difference of norm and of projection, relative to the expected norm with the floor of `relativeDifference`.
 * Infinite where the numbers of elements differ.
 */
export function figuresDifference(found: GradientFigures, expected: GradientFigures): number {
  if (found.elements !== expected.elements) return Number.POSITIVE_INFINITY;
  const scale = Math.max(expected.norm, 1e-6 * Math.sqrt(expected.elements));
  return Math.max(Math.abs(found.norm - expected.norm), Math.abs(found.projection - expected.projection)) / scale;
}
