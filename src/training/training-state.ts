/** @file The state of an unfinished training on disk: weights, both moments, and what has been measured so far. */
import { existsSync, rmSync } from "node:fs";
import { z } from "zod";
import { openSafetensors } from "../checkpoint/safetensors-file.js";
import { writeSafetensors } from "../checkpoint/safetensors-writer.js";
import { InputError } from "../foundation/errors.js";
import { parseJson, parseRecord } from "../records/record-file.js";
import type { ParameterStore } from "./parameter-store.js";

const point = z.tuple([z.number().int(), z.number()]);

const trainingProgress = z.object({
  /** Updates done. */
  step: z.number().int().nonnegative(),
  /** Wall time of the steps so far, over all sittings. */
  seconds: z.number(),
  /** [step, mean training loss of the steps since the last point] */
  trainCurve: z.array(point),
  /** Training losses since the last point. */
  pendingLosses: z.array(z.number()),
  /** [step, held-out loss] */
  heldOutCurve: z.array(point),
});

export type TrainingProgress = z.infer<typeof trainingProgress>;

const sections = ["weight", "firstMoment", "secondMoment"] as const;

/** What is saved, by name: "weight", "weight 2" of the second arena, ... */
function arrays(store: ParameterStore): [string, Float32Array][] {
  return store.arenas.flatMap(({ state }, index) =>
    sections.map((name): [string, Float32Array] => [index === 0 ? name : `${name} ${index + 1}`, state[name]]),
  );
}

/** @param identity of the training; a state of another one is refused at loading. @throws OutputError */
export function saveTrainingState(
  path: string,
  store: ParameterStore,
  progress: TrainingProgress,
  identity: string,
): void {
  writeSafetensors(
    path,
    arrays(store).map(([name, data]) => ({ name, shape: [data.length], dtype: "F32", data })),
    { identity, progress: JSON.stringify(progress) },
  );
}

/** Fills the store from a saved state. @returns null where there is none. @throws InputError where it is damaged or of another training. */
export function loadTrainingState(path: string, store: ParameterStore, identity: string): TrainingProgress | null {
  if (!existsSync(path)) return null;
  const file = openSafetensors(path);
  try {
    const { metadata } = file.header;
    if (metadata.get("identity") !== identity)
      throw new InputError(`${path}: is the state of another training. Choose another output folder, or remove it.`);
    for (const [name, target] of arrays(store)) {
      const saved = file.readFloat32(name);
      if (saved.length !== target.length)
        throw new InputError(
          `${path}: '${name}' has ${saved.length} elements, the model wants ${target.length}. Remove it.`,
        );
      target.set(saved);
    }
    return parseRecord(trainingProgress, parseJson(metadata.get("progress") ?? "", path), path);
  } finally {
    file.close();
  }
}

export function removeTrainingState(path: string): void {
  rmSync(path, { force: true });
}
