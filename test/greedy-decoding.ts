/** @file Greedy decoding of short sequences by a model's graph. For tests: it computes the whole sequence anew for each token. */
import type { Backend, Buffer } from "../src/engine/backend.js";
import { ShapeError } from "../src/foundation/errors.js";
import type { LanguageModel } from "../src/model/language-model.js";
import { logitsGraph } from "../src/model/model-graph.js";

function largest(values: Float32Array): number {
  return values.reduce((best, value, index) => (value > values[best] ? index : best), 0);
}

/**
 * Continues every prompt by the likeliest token, one after the other; of equal logits the lower id wins.
 * @param weights every parameter in float32, by name. @param prompts token ids, all of one length.
 * @returns for each prompt the `count` ids that follow it. @throws ShapeError where the prompts differ in length, or together with
 * what they are continued by, the last token apart, exceed the context.
 */
export async function greedyDecode(
  backend: Backend,
  { model, weights }: { readonly model: LanguageModel; readonly weights: ReadonlyMap<string, Float32Array> },
  prompts: readonly (readonly number[])[],
  count: number,
): Promise<number[][]> {
  const [rows, begin] = [prompts.length, prompts[0]?.length ?? 0];
  // The last token is never fed back.
  const length = begin + count - 1;
  if (begin === 0 || prompts.some((prompt) => prompt.length !== begin))
    throw new ShapeError("greedyDecode: the prompts must have the same length, of at least one token.");
  if (length > model.contextLength)
    throw new ShapeError(`greedyDecode: ${length} tokens are fed, the context has ${model.contextLength}.`);
  // Later positions do not reach earlier ones, so one shape serves every length.
  const program = await backend.compile(logitsGraph(model, { rows, length }));
  try {
    const tokens = new Int32Array(rows * length);
    for (const [row, prompt] of prompts.entries()) tokens.set(prompt, row * length);
    const positions = Int32Array.from(tokens, (_, index) => index % length);
    const logits = new Float32Array(rows * length * model.vocabularySize);
    const inputs = new Map<string, Buffer>([...weights, ["tokens", tokens], ["positions", positions]]);
    const binding = program.bind(inputs, new Map([["logits", logits]]));
    const decoded: number[][] = prompts.map(() => []);
    for (let at = begin; at < begin + count; at++) {
      await binding.run();
      for (const [row, continuation] of decoded.entries()) {
        const first = (row * length + at - 1) * model.vocabularySize;
        const next = largest(logits.subarray(first, first + model.vocabularySize));
        continuation.push(next);
        if (at < length) tokens[row * length + at] = next;
      }
    }
    return decoded;
  } finally {
    await program.dispose();
  }
}
