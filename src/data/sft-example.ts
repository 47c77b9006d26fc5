/** @file One fine-tuning example: tokens, and which of them are scored. Knows nothing of files or batches. */
import type { Tokenizer } from "./tokenizer.js";

export interface SftExample {
  readonly tokens: Int32Array;
  /** [tokens.length], 1 where the token's prediction from what precedes it enters the loss. The first token is never scored. */
  readonly scored: Uint8Array;
}

export interface PromptCompletion {
  readonly prompt: string;
  readonly completion: string;
}

export interface EncodedExample {
  readonly example: SftExample;
  readonly truncated: boolean;
}

/** Prompt, completion and the end-of-text token if there is one; the last two are scored. What exceeds `maxLength` tokens is cut off the end. */
export function encodeSftExample(
  tokenizer: Tokenizer,
  { prompt, completion }: PromptCompletion,
  maxLength: number,
): EncodedExample {
  const before = tokenizer.encode(prompt);
  const end = tokenizer.endOfTextId === null ? [] : [tokenizer.endOfTextId];
  const after = [...tokenizer.encode(completion), ...end];
  const whole = [...before, ...after];
  const tokens = Int32Array.from(whole.slice(0, maxLength));
  const scored = Uint8Array.from(tokens, (_, i) => (i >= Math.max(1, before.length) ? 1 : 0));
  return { example: { tokens, scored }, truncated: whole.length > maxLength };
}

export function scoredTokens({ scored }: SftExample): number {
  return scored.reduce((sum, flag) => sum + flag, 0);
}
