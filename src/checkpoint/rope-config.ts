/** @file The rotary embedding's settings in a config.json, in their old and new spelling. Knows no formula. */
import { z } from "zod";
import { InputError } from "../foundation/errors.js";

/** How the frequencies are stretched beyond the length of pre-training. Names are those of transformers. */
export type RopeScaling =
  | { readonly kind: "none" }
  | { readonly kind: "linear"; readonly factor: number }
  | {
      readonly kind: "llama3";
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalContextLength: number;
    }
  | {
      readonly kind: "yarn";
      readonly factor: number;
      /** What queries and keys are multiplied by. */
      readonly attentionFactor: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly originalContextLength: number;
      /** Whether the bounds of the ramp are rounded to whole pairs. */
      readonly truncate: boolean;
    };

export interface RopeConfig {
  /** Base of the wavelengths. */
  readonly theta: number;
  readonly scaling: RopeScaling;
  /** 0..1, of each head's width. */
  readonly rotatedShare: number;
}

const positive = z.number().positive();
const parameters = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: positive.nullish(),
  partial_rotary_factor: positive.max(1).nullish(),
  factor: positive.nullish(),
  low_freq_factor: positive.nullish(),
  high_freq_factor: positive.nullish(),
  original_max_position_embeddings: positive.nullish(),
  attention_factor: positive.nullish(),
  mscale: z.number().nullish(),
  mscale_all_dim: z.number().nullish(),
  beta_fast: positive.nullish(),
  beta_slow: positive.nullish(),
  truncate: z.boolean().nullish(),
});
type Parameters = z.infer<typeof parameters>;

/** Keys of a config that bear on the rotary embedding: transformers 4 spreads them, 5 collects them in `rope_parameters`. */
export const ropeKeys = {
  rope_theta: positive.nullish(),
  rope_scaling: parameters.nullish(),
  rope_parameters: parameters.nullish(),
  partial_rotary_factor: positive.max(1).nullish(),
};

interface RopeFile {
  readonly rope_theta?: number | null | undefined;
  readonly rope_scaling?: Parameters | null | undefined;
  readonly rope_parameters?: Parameters | null | undefined;
  readonly partial_rotary_factor?: number | null | undefined;
}

const supported = "default, linear, dynamic, llama3 and yarn";

/** 0.1 m ln s + 1. Peng et al. 2023 (YaRN), equation 22, as in transformers. */
const magnitude = (factor: number, scale: number) => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1);

function attentionFactor({ attention_factor: given, mscale, mscale_all_dim: all }: Parameters, factor: number): number {
  if (given != null) return given;
  return mscale && all ? magnitude(factor, mscale) / magnitude(factor, all) : magnitude(factor, 1);
}

/** @throws InputError for a scaling that is not supported or lacks a key. */
export function parseRope(
  file: RopeFile,
  { where, contextLength, theta }: { readonly where: string; readonly contextLength: number; readonly theta: number },
): RopeConfig {
  const key = file.rope_parameters ? "rope_parameters" : "rope_scaling";
  const given: Parameters = file.rope_parameters ?? file.rope_scaling ?? {};
  const demand = (name: keyof Parameters): number => {
    const value = given[name];
    if (typeof value !== "number") throw new InputError(`${where}: ${key} lacks '${name}', which its type calls for.`);
    return value;
  };
  const type = given.rope_type ?? given.type ?? "default";
  const scaling = (): RopeScaling => {
    switch (type) {
      case "default":
      // Dynamic NTK changes nothing within the length of pre-training, and beyond it nothing is trained here.
      case "dynamic":
        return { kind: "none" };
      case "linear":
        return { kind: "linear", factor: demand("factor") };
      case "llama3":
        return {
          kind: "llama3",
          factor: demand("factor"),
          lowFrequencyFactor: demand("low_freq_factor"),
          highFrequencyFactor: demand("high_freq_factor"),
          originalContextLength: demand("original_max_position_embeddings"),
        };
      case "yarn": {
        const factor = demand("factor");
        return {
          kind: "yarn",
          factor,
          attentionFactor: attentionFactor(given, factor),
          betaFast: given.beta_fast ?? 32,
          betaSlow: given.beta_slow ?? 1,
          originalContextLength: given.original_max_position_embeddings ?? contextLength,
          truncate: given.truncate ?? true,
        };
      }
      default:
        throw new InputError(`${where}: ${key} is of the type ${JSON.stringify(type)}; supported are ${supported}.`);
    }
  };
  return {
    theta: given.rope_theta ?? file.rope_theta ?? theta,
    scaling: scaling(),
    rotatedShare: given.partial_rotary_factor ?? file.partial_rotary_factor ?? 1,
  };
}
