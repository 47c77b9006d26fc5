/** @file What a canonical name tells: layer, role, expert. Knows nothing of shapes. */

export interface LayerAndRole {
  readonly layer: number | null;
  readonly role: string;
  readonly expert: number | null;
}

/**
 * The first number in the name is the layer, and the word before it its container (`h`, `layers`, `block`): so in GPT-2, Llama and its kin,
 * GPT-NeoX, GPT-Neo, Phi, BERT, OPT and T5. A number behind `experts` is that of an expert. Other numbers belong to the role (T5's sublayers).
 */
export function layerAndRole(name: string): LayerAndRole {
  const words = name.split(".");
  const isNumber = (word: string | undefined) => word !== undefined && /^\d+$/.test(word);
  const container = words.findIndex((word, index) => word === "experts" && isNumber(words[index + 1]));
  const expertAt = container < 0 ? -1 : container + 1;
  const expert = expertAt < 0 ? null : Number(words[expertAt]);
  const layerAt = words.findIndex((word, index) => isNumber(word) && index !== expertAt);
  const layer = layerAt >= 0 ? Number(words[layerAt]) : null;
  const left = words.filter(
    (_, index) =>
      !(expert !== null && index === expertAt) && (layer === null || (index !== layerAt && index !== layerAt - 1)),
  );
  return { layer, role: left.join(".") || name, expert };
}
