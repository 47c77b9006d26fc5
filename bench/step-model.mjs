/** @file The GPT-2 whose training step is timed, from the options of a bench, and how many operations the step has. Trains nothing. */
import { parseGpt2Config } from "../dist/checkpoint/gpt2-config.js";
import { gpt2 } from "../dist/model/gpt2.js";
import { parameterCount } from "../dist/model/language-model.js";
import { stepCost } from "../dist/training/step-cost.js";

/** Options that say which step it is: those of a contestant's command line. */
export const sizeOptions = ["layers", "width", "heads", "vocab", "rows", "length", "slots"];

/** @param size numbers by option; `slots` absent where every position is scored. @param treated names of a weight that is held: `frozen`, or `factored` at rank 1. */
export function stepModel(size, treated = {}) {
  const config = parseGpt2Config({
    model_type: "gpt2",
    n_layer: size.layers,
    n_embd: size.width,
    n_head: size.heads,
    n_positions: Math.max(512, size.length),
    vocab_size: size.vocab,
  });
  const model = gpt2(config, new Map(treated.factored ? [[treated.factored, 1]] : []));
  const isTrainable = (name) => !(name === treated.frozen || name.startsWith(`${treated.factored}:`));
  const slots = size.slots ?? null;
  return { config, model, isTrainable, shape: { rows: size.rows, length: size.length, slots, packed: slots !== null } };
}

/**
 * `flops`: multiplications and additions of the products of the forward and backward pass, the head on scored positions alone, attention
 * with its causal half and never computed twice. What an implementation computes again, and everything that is no product, is not counted.
 */
export function stepFacts(size, treated) {
  const { model, isTrainable, shape } = stepModel(size, treated);
  const held = new Set(model.parameters.map(({ name }) => name).filter((name) => !isTrainable(name)));
  return { parameters: parameterCount(model.parameters), flops: stepCost(model, shape, held).flops };
}
