/** @file What a canonical name tells: layer, role, expert. Knows nothing of shapes. */

export interface LayerAndRole {
  readonly layer: number | null;
  readonly role: string;
  readonly expert: number | null;
}

const isNumber = (word: string) => /^\d+$/.test(word);

/** Models that wrap the layers of a language model, and say nothing of what a weight does. */
const wrappers: ReadonlySet<string> = new Set([
  ...["model", "transformer", "language_model", "gpt_neox"],
  ...["bert", "roberta", "distilbert", "electra", "deberta"],
]);

/**
 * The first number in the name is the layer, and the word before it its container (`h`, `layers`, `block`): so in GPT-2, Llama and its kin,
 * GPT-NeoX, GPT-Neo, Phi, BERT, OPT and T5. A number behind `experts` is that of an expert. Other numbers belong to the role (T5's sublayers),
 * as do the words before the container that tell one stack of layers from another (`encoder`, `vision_tower`).
 */
export function layerAndRole(name: string): LayerAndRole {
  const words = name.split(".");
  const expertAt = words.findIndex(
    (word, index) => words[index - 1] === "experts" && (isNumber(word) || /^expert_\d+$/.test(word)),
  );
  const expert = expertAt < 0 ? null : Number(words[expertAt].replace(/^expert_/, ""));
  const apart = words.findIndex((word, index) => isNumber(word) && index !== expertAt);
  // A container may also carry the number itself: layer_3, block3.
  const layerAt = apart >= 0 ? apart : words.findIndex((word) => /^(layer|block)_?\d+$/.test(word));
  const layer = layerAt < 0 ? null : Number(/\d+$/.exec(words[layerAt])![0]);
  const containerAt = apart > 0 ? apart - 1 : layerAt;
  const left = words.filter(
    (_, index) => index !== expertAt && (layerAt < 0 || index < containerAt || index > layerAt),
  );
  const first = left.findIndex((word) => !wrappers.has(word));
  return { layer, role: left.slice(Math.max(first, 0)).join(".") || name, expert };
}
