/** @file Where weights, gradients and moments lie: one WebAssembly memory, viewed as typed arrays. Knows no architecture. */
import { InputError } from "../foundation/errors.js";
import type { ParameterSpec } from "../model/language-model.js";

/** A stretch of parameters that the optimizer treats alike. Offsets are bytes from the start of the trainable weights. */
export interface ParameterGroup {
  readonly decayed: boolean;
  readonly byteBegin: number;
  readonly byteEnd: number;
}

export interface ParameterStore {
  readonly memory: WebAssembly.Memory;
  /** Trainable and frozen weights alike, by name. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Of trainable weights, by name. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly trainable: readonly string[];
  readonly trainableParameters: number;
  readonly groups: readonly ParameterGroup[];
  /** Byte offset of each section; the sections have equal layouts of `sectionBytes`. */
  readonly sections: {
    readonly weight: number;
    readonly gradient: number;
    readonly firstMoment: number;
    readonly secondMoment: number;
  };
  readonly sectionBytes: number;
  /** All trainable weights, their gradients and both moments, each in one piece. Padding included. */
  readonly state: {
    readonly weight: Float32Array;
    readonly gradient: Float32Array;
    readonly firstMoment: Float32Array;
    readonly secondMoment: Float32Array;
  };
}

const pageBytes = 65_536;
const maximumBytes = 65_536 * pageBytes;
/** Every tensor starts on a multiple, so that vector loads are aligned. */
const alignment = 64;

const elements = ({ shape }: ParameterSpec): number => shape.reduce((product, size) => product * size, 1);
const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/** Decoupled decay acts on matrices (embeddings included), not on biases and norms. */
const isDecayed = ({ shape }: ParameterSpec): boolean => shape.length >= 2;

/**
 * Lays the parameters out; all numbers start as zero. Decayed weights lie together, so that a step is a few long loops.
 * @throws InputError beyond the 4 GiB of a WebAssembly memory.
 */
export function createParameterStore(
  parameters: readonly ParameterSpec[],
  isTrainable: (name: string) => boolean,
): ParameterStore {
  const trainable = parameters.filter(({ name }) => isTrainable(name));
  const frozen = parameters.filter(({ name }) => !isTrainable(name));
  const ordered = [...trainable.filter(isDecayed), ...trainable.filter((spec) => !isDecayed(spec))];
  const offsets = new Map<string, number>();
  let bytes = 0;
  const place = (spec: ParameterSpec) => {
    offsets.set(spec.name, bytes);
    bytes += aligned(elements(spec) * 4);
  };
  const decayedEnd = ordered.filter(isDecayed).reduce((end, spec) => end + aligned(elements(spec) * 4), 0);
  for (const spec of ordered) place(spec);
  const sectionBytes = bytes;
  const sections = { weight: 0, gradient: sectionBytes, firstMoment: 2 * sectionBytes, secondMoment: 3 * sectionBytes };
  bytes = 4 * sectionBytes;
  for (const spec of frozen) place(spec);
  if (bytes > maximumBytes)
    throw new InputError(
      `The model needs ${(bytes / 2 ** 30).toFixed(1)} GiB of weights, gradients and moments; this engine holds at most 4 GiB. Freeze more of it.`,
    );
  const memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(bytes / pageBytes)) });
  const view = (spec: ParameterSpec, section: number) =>
    new Float32Array(memory.buffer, section + offsets.get(spec.name)!, elements(spec));
  const whole = (section: number) => new Float32Array(memory.buffer, section, sectionBytes / 4);
  return {
    memory,
    weights: new Map(parameters.map((spec) => [spec.name, view(spec, 0)])),
    gradients: new Map(trainable.map((spec) => [spec.name, view(spec, sections.gradient)])),
    trainable: trainable.map(({ name }) => name),
    trainableParameters: trainable.reduce((sum, spec) => sum + elements(spec), 0),
    groups: [
      { decayed: true, byteBegin: 0, byteEnd: decayedEnd },
      { decayed: false, byteBegin: decayedEnd, byteEnd: sectionBytes },
    ],
    sections,
    sectionBytes,
    state: {
      weight: whole(sections.weight),
      gradient: whole(sections.gradient),
      firstMoment: whole(sections.firstMoment),
      secondMoment: whole(sections.secondMoment),
    },
  };
}
