/** @file Which architecture a config.json asks for, and its models. Knows no weights. */
import { parseGptNeoxConfig } from "../checkpoint/gpt-neox-config.js";
import { parseGpt2Config } from "../checkpoint/gpt2-config.js";
import { llamaModelTypes, parseLlamaConfig } from "../checkpoint/llama-config.js";
import { InputError } from "../foundation/errors.js";
import { gptNeox } from "./gpt-neox.js";
import { gpt2 } from "./gpt2.js";
import type { LanguageModel } from "./language-model.js";
import { llama } from "./llama.js";
import type { FactoredRanks } from "./weight.js";

export interface Architecture {
  /** Standard deviation of the initialiser. */
  readonly initializerRange: number;
  /** The model with some weights applied as two thin products. */
  build(ranks?: FactoredRanks): LanguageModel;
}

type Config = Readonly<Record<string, unknown>>;

function opener<Parsed extends { readonly initializerRange: number }>(
  parse: (config: Config, where: string) => Parsed,
  model: (config: Parsed, ranks?: FactoredRanks) => LanguageModel,
): (config: Config, where: string) => Architecture {
  return (config, where) => {
    const parsed = parse(config, where);
    return { initializerRange: parsed.initializerRange, build: (ranks) => model(parsed, ranks) };
  };
}

const openLlama = opener(parseLlamaConfig, llama);
const openers: ReadonlyMap<unknown, (config: Config, where: string) => Architecture> = new Map([
  ["gpt2", opener(parseGpt2Config, gpt2)],
  ["gpt_neox", opener(parseGptNeoxConfig, gptNeox)],
  ...llamaModelTypes.map((type) => [type, openLlama] as const),
]);

/** @param where opens the messages, e.g. the file's path. @throws InputError naming what is not supported. */
export function architectureOf(config: Config, where = "config.json"): Architecture {
  const open = openers.get(config.model_type);
  if (open === undefined) {
    const found = config.model_type === undefined ? "is not given" : `is ${JSON.stringify(config.model_type)}`;
    throw new InputError(`${where}: model_type ${found}; what can be trained is ${[...openers.keys()].join(", ")}.`);
  }
  return open(config, where);
}
