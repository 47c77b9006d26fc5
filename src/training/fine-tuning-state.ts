/** @file The state of an unfinished fine-tuning on disk, with what is frozen and why. Runs no step. */
import { existsSync } from "node:fs";
import { z } from "zod";
import { openSafetensors, type SafetensorsFile } from "../checkpoint/safetensors-file.js";
import { type WritableTensor, writeSafetensors } from "../checkpoint/safetensors-writer.js";
import { InputError } from "../foundation/errors.js";
import { parseJson, parseRecord } from "../records/record-file.js";
import { freezeEvent, trainingPhase } from "../records/sft-record.js";
import type { ParameterStore } from "./parameter-store.js";

const count = z.number().int().nonnegative();
const point = z.tuple([count, z.number()]);

const fineTuningProgress = z.object({
  /** Updates done. */
  step: count,
  /** [step, mean training loss of the steps since the last point] */
  trainCurve: z.array(point),
  /** Training losses since the last point. */
  pendingLosses: z.array(z.number()),
  /** [step, held-out loss] */
  heldOutCurve: z.array(point),
  /** [step, seconds of training] */
  secondsCurve: z.array(point),
  /** The last is under way. */
  phases: z.array(trainingPhase),
  events: z.array(freezeEvent),
  bestStep: count,
  bestLoss: z.number().nullable(),
  /** Parameters, those that were frozen from the start included. */
  frozen: z.array(z.string()),
  /** What the rule of progressive freezing remembers. */
  rule: z.object({
    first: z.record(z.string(), z.number()).readonly().nullable(),
    recent: z.array(z.string()).readonly(),
    rises: count,
    heldUntil: z.record(z.string(), z.number()).readonly(),
    lowest: z.number().nullable(),
  }),
  /** Sum of the learning rates since the rule's interval began. */
  intervalRates: z.number(),
  /** Held-out loss of each example at the last evaluation. */
  perExample: z.array(z.number()),
});

export type FineTuningProgress = z.infer<typeof fineTuningProgress>;
/** Of a stretch of steps between two changes of what is frozen. */
export type FineTuningPhase = z.infer<typeof trainingPhase>;
export type FreezeEvent = z.infer<typeof freezeEvent>;

export interface SavedFineTuning {
  readonly progress: FineTuningProgress;
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Weights at the beginning of the rule's interval, as far as it watches them. */
  readonly earlier: ReadonlyMap<string, Float32Array>;
  /** Puts the saved moments into a store that trains the same parameters. */
  restoreMoments(store: ParameterStore): void;
}

type Arrays = Iterable<readonly [string, Float32Array]>;

function momentsOf({ arenas }: ParameterStore): [string, Arrays][] {
  return arenas.flatMap(({ firstMoments, secondMoments }): [string, Arrays][] => [
    ["firstMoment", firstMoments],
    ["secondMoment", secondMoments],
  ]);
}

/** @param identity of the fine-tuning; a state of another one is refused at loading. @throws OutputError */
export function saveFineTuningState(
  path: string,
  identity: string,
  {
    store,
    earlier,
    progress,
  }: {
    readonly store: ParameterStore;
    readonly earlier: ReadonlyMap<string, Float32Array>;
    readonly progress: FineTuningProgress;
  },
): void {
  const sections: [string, Arrays][] = [["weight", store.weights], ["earlier", earlier], ...momentsOf(store)];
  const tensors = sections.flatMap(([kind, arrays]) =>
    [...arrays].map(
      ([name, data]): WritableTensor => ({ name: `${kind} ${name}`, shape: [data.length], dtype: "F32", data }),
    ),
  );
  writeSafetensors(path, tensors, { identity, progress: JSON.stringify(progress) });
}

function arraysOf(file: SafetensorsFile, kind: string): Map<string, Float32Array> {
  const prefix = `${kind} `;
  const names = [...file.header.tensors.keys()].filter((name) => name.startsWith(prefix));
  return new Map(names.map((name) => [name.slice(prefix.length), file.readFloat32(name)]));
}

/** @returns null where there is none. @throws InputError where it is damaged or of another fine-tuning. */
export function loadFineTuningState(path: string, identity: string): SavedFineTuning | null {
  if (!existsSync(path)) return null;
  const file = openSafetensors(path);
  try {
    const { metadata } = file.header;
    if (metadata.get("identity") !== identity)
      throw new InputError(`${path}: is the state of another fine-tuning. Choose another output folder, or remove it.`);
    const progress = parseRecord(fineTuningProgress, parseJson(metadata.get("progress") ?? "", path), path);
    const moments = new Map(["firstMoment", "secondMoment"].map((kind) => [kind, arraysOf(file, kind)]));
    return {
      progress,
      weights: arraysOf(file, "weight"),
      earlier: arraysOf(file, "earlier"),
      restoreMoments(store) {
        for (const [kind, arrays] of momentsOf(store))
          for (const [name, target] of arrays) {
            const saved = moments.get(kind)!.get(name);
            if (saved?.length !== target.length)
              throw new InputError(
                `${path}: '${kind} ${name}' has ${saved?.length ?? "no"} elements, the model wants ${target.length}. Remove it.`,
              );
            target.set(saved);
          }
      },
    };
  } finally {
    file.close();
  }
}
