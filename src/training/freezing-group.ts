/** @file The parameters of a model from the bottom up: embeddings, blocks, and the rest. Knows no architecture and no values. */
import { elementCount } from "../graph/graph.js";
import type { ParameterSpec } from "../model/language-model.js";

/** Parameters that are frozen together. */
export interface FreezingGroup {
  /** "embeddings", "block 0", ..., or the name of a matrix. */
  readonly key: string;
  readonly names: readonly string[];
  /** Elements of all. */
  readonly size: number;
}

/** `h.4.`, `layers.4.`: what is below the first such parameter is an embedding, what is above the last belongs to the head. */
const blockPattern = /(?:^|\.)(?:h|layers)\.(\d+)\./;

function group(key: string, parameters: readonly ParameterSpec[]): FreezingGroup {
  return {
    key,
    names: parameters.map(({ name }) => name),
    size: parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  };
}

/**
 * Embeddings, then block 0, 1, ..., norms and biases with them. The final norm and an untied head are in none; a tied head is the
 * token embedding, so it is frozen with the first group.
 */
export function leadingGroups(parameters: readonly ParameterSpec[]): FreezingGroup[] {
  const blockOf = ({ name }: ParameterSpec) => blockPattern.exec(name)?.[1] ?? null;
  const first = parameters.findIndex((spec) => blockOf(spec) !== null);
  const blocks = new Map<string, ParameterSpec[]>();
  for (const spec of parameters) {
    const block = blockOf(spec);
    if (block !== null) blocks.set(block, [...(blocks.get(block) ?? []), spec]);
  }
  return [
    group("embeddings", parameters.slice(0, Math.max(0, first))),
    ...[...blocks]
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([block, members]) => group(`block ${block}`, members)),
  ];
}

/** The matrices of the blocks, each by itself. */
export function blockMatrices(parameters: readonly ParameterSpec[]): FreezingGroup[] {
  return parameters
    .filter(({ name, shape }) => shape.length === 2 && blockPattern.test(name))
    .map((spec) => group(spec.name, [spec]));
}

/** How many leading groups are frozen whole, so that no gradient enters them. */
export function frozenPrefix(groups: readonly FreezingGroup[], frozen: ReadonlySet<string>): number {
  const end = groups.findIndex(({ names }) => names.some((name) => !frozen.has(name)));
  return end < 0 ? groups.length : end;
}
