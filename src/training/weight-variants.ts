/** @file Held-out loss of one model with some weights replaced in several ways: what lies below them is computed once. Knows no arms. */
import type { Backend, Binding, Buffer, Program } from "../engine/backend.js";
import { InterruptedError } from "../foundation/errors.js";
import { type Cut, cutAt } from "../graph/cut.js";
import { selectOutputs } from "../graph/dead-code.js";
import { elementCount } from "../graph/graph.js";
import type { LanguageModel } from "../model/language-model.js";
import { type BatchShape, lossGraph } from "../model/model-graph.js";
import { batchBuffers } from "./batch-buffers.js";
import type { EvaluationBatch } from "./evaluate.js";

export interface WeightVariant {
  readonly key: string;
  /** New values by parameter name, made when they are needed; all variants replace the same parameters. */
  readonly replaced: () => ReadonlyMap<string, Float32Array>;
}

export interface VariantsOptions {
  readonly model: LanguageModel;
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Names of the parameters that the variants replace. */
  readonly changing: ReadonlySet<string>;
  readonly batches: readonly EvaluationBatch[];
  readonly shape: BatchShape;
  readonly signal?: AbortSignal | undefined;
}

/** Weights of this many variants are in memory at a time. */
const atOnce = 8;

interface Compiled {
  readonly cut: Cut;
  readonly before: Program | null;
  readonly after: Program;
}

async function compile(backend: Backend, { model, shape, changing }: VariantsOptions): Promise<Compiled> {
  const cut = cutAt(selectOutputs(lossGraph(model, shape), ["tokenLosses"]), changing);
  const before = cut.before.nodes.length > 0 ? await backend.compile(cut.before) : null;
  return { cut, before, after: await backend.compile(cut.after) };
}

/** @returns mean loss per scored token of each variant, by its key; NaN where it is not finite. @throws InterruptedError */
export async function lossesOfVariants(
  backend: Backend,
  variants: readonly WeightVariant[],
  options: VariantsOptions,
): Promise<Map<string, number>> {
  const compiled = await compile(backend, options);
  try {
    const losses = new Map<string, number>();
    for (let begin = 0; begin < variants.length; begin += atOnce)
      for (const [key, loss] of await lossesOfSome(compiled, variants.slice(begin, begin + atOnce), options))
        losses.set(key, loss);
    return losses;
  } finally {
    await compiled.before?.dispose();
    await compiled.after.dispose();
  }
}

async function lossesOfSome(
  { cut, before, after }: Compiled,
  variants: readonly WeightVariant[],
  { weights, batches, shape, signal }: VariantsOptions,
): Promise<[string, number][]> {
  const buffers = batchBuffers(shape);
  const passing = new Map<string, Buffer>(
    cut.boundary.map((name) => [name, new Float32Array(elementCount(cut.before.outputs.get(name)!.shape))]),
  );
  const known = new Map<string, Buffer>([...weights, ...buffers.arrays]);
  const below = before?.bind(only(known, cut.before.inputs), passing) ?? null;
  const bound = variants.map(({ key, replaced }) => {
    const tokenLosses = new Float32Array(shape.slots ?? shape.rows * shape.length);
    const inputs = only(new Map<string, Buffer>([...known, ...replaced(), ...passing]), cut.after.inputs);
    const binding: Binding = after.bind(inputs, new Map([["tokenLosses", tokenLosses]]));
    return { key, binding, tokenLosses, sum: 0, count: 0 };
  });
  for (const batch of batches) {
    if (signal?.aborted) throw new InterruptedError("Stopped.");
    buffers.fill(batch);
    await below?.run();
    for (const variant of bound) {
      await variant.binding.run();
      batch.exampleOfSlot.forEach((example, slot) => {
        if (example < 0) return;
        variant.sum += variant.tokenLosses[slot];
        variant.count++;
      });
    }
  }
  return bound.map(({ key, sum, count }) => [key, sum / count]);
}

function only(buffers: ReadonlyMap<string, Buffer>, inputs: ReadonlyMap<string, unknown>): Map<string, Buffer> {
  return new Map([...buffers].filter(([name]) => inputs.has(name)));
}
