/** @file Weights, gradients and moments of some parameters in one WebAssembly memory, viewed as typed arrays. Knows no architecture. */
import { elementCount } from "../graph/graph.js";
import type { ParameterSpec } from "../model/language-model.js";

/** A stretch of parameters that the optimizer treats alike. Offsets are bytes from the start of the weights. */
export interface ParameterGroup {
  readonly decayed: boolean;
  readonly byteBegin: number;
  readonly byteEnd: number;
}

export interface ParameterArena {
  readonly memory: WebAssembly.Memory;
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly firstMoments: ReadonlyMap<string, Float32Array>;
  readonly secondMoments: ReadonlyMap<string, Float32Array>;
  readonly groups: readonly ParameterGroup[];
  /** Byte offset of each section; the sections have equal layouts of `sectionBytes`. */
  readonly sections: {
    readonly weight: number;
    readonly gradient: number;
    readonly firstMoment: number;
    readonly secondMoment: number;
  };
  readonly sectionBytes: number;
  /** The sections, each in one piece. Padding included. */
  readonly state: {
    readonly weight: Float32Array;
    readonly gradient: Float32Array;
    readonly firstMoment: Float32Array;
    readonly secondMoment: Float32Array;
  };
}

const pageBytes = 65_536;
/** Every tensor starts on a multiple, so that vector loads are aligned. */
const alignment = 64;
const sectionCount = 4;

const aligned = ({ shape }: ParameterSpec): number => Math.ceil((elementCount(shape) * 4) / alignment) * alignment;

/** What a parameter takes of an arena. */
export const arenaBytesOf = (spec: ParameterSpec): number => sectionCount * aligned(spec);

/** Decoupled decay acts on matrices (embeddings included), not on biases and norms. */
const isDecayed = ({ shape }: ParameterSpec): boolean => shape.length >= 2;

/** Lays the parameters out; all numbers start as zero. Decayed weights lie together, so that a step is a few long loops. */
export function createParameterArena(parameters: readonly ParameterSpec[]): ParameterArena {
  const decayed = parameters.filter(isDecayed);
  const offsets = new Map<string, number>();
  let sectionBytes = 0;
  for (const spec of [...decayed, ...parameters.filter((spec) => !isDecayed(spec))]) {
    offsets.set(spec.name, sectionBytes);
    sectionBytes += aligned(spec);
  }
  const decayedEnd = decayed.reduce((end, spec) => end + aligned(spec), 0);
  const sections = { weight: 0, gradient: sectionBytes, firstMoment: 2 * sectionBytes, secondMoment: 3 * sectionBytes };
  const memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil((sectionCount * sectionBytes) / pageBytes)) });
  const views = (section: number) =>
    new Map(
      parameters.map((spec) => {
        const { name, shape } = spec;
        return [name, new Float32Array(memory.buffer, section + offsets.get(name)!, elementCount(shape))];
      }),
    );
  const whole = (section: number) => new Float32Array(memory.buffer, section, sectionBytes / 4);
  return {
    memory,
    weights: views(sections.weight),
    gradients: views(sections.gradient),
    firstMoments: views(sections.firstMoment),
    secondMoments: views(sections.secondMoment),
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
