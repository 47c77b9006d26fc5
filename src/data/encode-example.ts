/** @file Rendered examples as tokens, with the scored ones marked. Knows nothing of rows or templates. */
import { InputError } from "../foundation/errors.js";
import type { RenderedExample } from "./rendered-example.js";
import { type EncodedExample, type SftExample, scoredTokens } from "./sft-example.js";
import type { Tokenizer } from "./tokenizer.js";

export interface EncodeExampleOptions {
  /** In tokens, special tokens included. */
  readonly maxLength: number;
  readonly trainOn: "completion" | "all";
}

export interface EncodedRow extends EncodedExample {
  readonly where: string;
  /** Tokens before truncation. */
  readonly wholeLength: number;
  /** After truncation; where 0, nothing of the example can be learnt. */
  readonly scoredTokens: number;
}

function commonPrefix(a: Int32Array, b: Int32Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return length;
}

/**
 * The whole text is encoded at once, so that a part's tokens are those that it has in its place. A part begins behind the longest
 * common prefix of the ids of what precedes it and of the whole (the rule of TRL), so a token that spans a boundary belongs to the
 * later part. The first token is never scored; what exceeds `maxLength` tokens is cut off the end.
 * @throws InputError for a text that the tokenizer has no token for.
 */
export function encodeExample(
  tokenizer: Tokenizer,
  { where, parts, specialTokens, endOfText }: RenderedExample,
  { maxLength, trainOn }: EncodeExampleOptions,
): EncodedRow {
  const text = parts.map((part) => part.text).join("");
  const encoded = tokenizer.encode(text, { specialTokens });
  const end = tokenizer.endOfTextId;
  const closed = endOfText && end !== null && encoded.at(-1) !== end ? [end] : [];
  const whole = Int32Array.from([...encoded, ...closed]);
  const scored = new Uint8Array(whole.length);
  let characters = 0;
  let begin = 0;
  for (const [index, part] of parts.entries()) {
    characters += part.text.length;
    const last = index === parts.length - 1;
    const boundary = last
      ? whole.length
      : commonPrefix(tokenizer.encode(text.slice(0, characters), { specialTokens }), encoded);
    const until = Math.max(begin, boundary);
    if (part.scored || trainOn === "all") scored.fill(1, begin, until);
    begin = until;
  }
  scored.fill(0, 0, 1);
  const example = { tokens: whole.slice(0, maxLength), scored: scored.slice(0, maxLength) };
  return {
    where,
    example,
    truncated: whole.length > maxLength,
    wholeLength: whole.length,
    scoredTokens: scoredTokens(example),
  };
}

/** @param vocabularySize rows of the model's embedding. @throws InputError for a token that it has no row for. */
export function checkVocabulary(tokenizer: Tokenizer, examples: Iterable<SftExample>, vocabularySize: number): void {
  for (const { tokens } of examples) {
    const outside = tokens.find((id) => id >= vocabularySize);
    if (outside !== undefined)
      throw new InputError(
        `The tokenizer does not fit the model: it gives the token '${tokenizer.tokenOf(outside)}' the id ${outside}, but the model has only ${vocabularySize} tokens. Use the tokenizer that the model was trained with.`,
      );
  }
}
