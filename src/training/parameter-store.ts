/** @file Where weights, gradients and moments lie: arenas of WebAssembly memory, which hold 4 GiB each. Knows no architecture. */
import { InputError } from "../foundation/errors.js";
import { elementCount } from "../graph/graph.js";
import type { ParameterSpec } from "../model/language-model.js";
import { arenaBytesOf, createParameterArena, type ParameterArena } from "./parameter-arena.js";

export interface ParameterStore {
  /** Of the trainable parameters; none where all are frozen. */
  readonly arenas: readonly ParameterArena[];
  /** Trainable and frozen weights alike, by name. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Of trainable weights, by name. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly trainable: readonly string[];
  readonly trainableParameters: number;
}

/** Of a WebAssembly memory with 32-bit addresses. */
const mostArenaBytes = 2 ** 32;

/** Parameters in their order, as many to an arena as it holds. @throws InputError for one that no arena holds. */
function shareOut(parameters: readonly ParameterSpec[], arenaBytes: number): ParameterSpec[][] {
  const arenas: ParameterSpec[][] = [];
  let left = 0;
  for (const spec of parameters) {
    const bytes = arenaBytesOf(spec);
    if (bytes > arenaBytes)
      throw new InputError(
        `'${spec.name}' needs ${(bytes / 2 ** 30).toFixed(1)} GiB for its weights, gradients and moments; this engine trains weights of up to ${(arenaBytes / 2 ** 30).toFixed(1)} GiB. Freeze it.`,
      );
    if (bytes > left) {
      arenas.push([]);
      left = arenaBytes;
    }
    arenas.at(-1)!.push(spec);
    left -= bytes;
  }
  return arenas;
}

/**
 * Lays the parameters out; all numbers start as zero.
 * @param arenaBytes that an arena may take. @throws InputError for a trainable weight beyond that, before any memory is taken.
 */
export function createParameterStore(
  parameters: readonly ParameterSpec[],
  isTrainable: (name: string) => boolean,
  arenaBytes = mostArenaBytes,
): ParameterStore {
  const trainable = parameters.filter(({ name }) => isTrainable(name));
  const arenas = shareOut(trainable, arenaBytes).map(createParameterArena);
  const trained = new Map(arenas.flatMap(({ weights }) => [...weights]));
  return {
    arenas,
    weights: new Map(
      parameters.map(({ name, shape }) => [name, trained.get(name) ?? new Float32Array(elementCount(shape))]),
    ),
    gradients: inOrder(trainable, new Map(arenas.flatMap(({ gradients }) => [...gradients]))),
    trainable: trainable.map(({ name }) => name),
    trainableParameters: trainable.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  };
}

function inOrder<Value>(parameters: readonly ParameterSpec[], values: ReadonlyMap<string, Value>): Map<string, Value> {
  return new Map(parameters.map(({ name }) => [name, values.get(name)!]));
}

/** Copies both moments of what is trainable in both; all others of `to` stay as they are. */
export function carryMoments(from: ParameterStore, to: ParameterStore): void {
  for (const moments of ["firstMoments", "secondMoments"] as const) {
    const known = new Map(from.arenas.flatMap((arena) => [...arena[moments]]));
    for (const arena of to.arenas)
      for (const [name, target] of arena[moments]) {
        const values = known.get(name);
        if (values) target.set(values);
      }
  }
}
