/** @file Builds a word-level `tokenizer.json` from texts. Knows nothing of how it is used for encoding. */
import { InputError } from "../foundation/errors.js";

export const unknownToken = "<unk>";
/** Ends a document or an example; also separates documents. */
export const endOfTextToken = "<eos>";

/** A word, or one character that is neither word nor space. The same pattern stands in the tokenizer's file. */
const pieces = "\\w+|[^\\w\\s]";

export interface WordLevelOptions {
  /** Special tokens included. */
  readonly vocabularySize: number;
}

/** Occurrences of each lower-cased piece. */
export function countWords(texts: Iterable<string>): Map<string, number> {
  const pattern = new RegExp(pieces, "gu");
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const [word] of text.toLowerCase().matchAll(pattern)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/**
 * The most frequent words become the vocabulary, ties in alphabetical order. Words are lower-cased: a small vocabulary cannot afford
 * two entries for "The" and "the". The model is WordPiece without continuation pieces, which is word-level exactly (a word is found
 * whole or is unknown) and, unlike WordLevel, is read by the JavaScript library as well as by the Python one.
 * @returns the parsed content of a `tokenizer.json`. @throws InputError where the texts have too few words.
 */
export function buildWordLevelTokenizer(
  texts: Iterable<string>,
  { vocabularySize }: WordLevelOptions,
): Record<string, unknown> {
  const special = [unknownToken, endOfTextToken];
  const byFrequency = [...countWords(texts)].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([word]) => word);
  const words = byFrequency.slice(0, vocabularySize - special.length);
  if (words.length < vocabularySize - special.length)
    throw new InputError(
      `The texts have ${byFrequency.length} different words; a vocabulary of ${vocabularySize} needs more text.`,
    );
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: { type: "Lowercase" },
    pre_tokenizer: { type: "Split", pattern: { Regex: pieces }, behavior: "Removed", invert: true },
    post_processor: null,
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: unknownToken,
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries([...special, ...words].map((word, id) => [word, id])),
    },
  };
}

/** The `tokenizer_config.json` with which transformers opens the file beside it; without one it takes GPT-2's own tokenizer class. */
export function tokenizerConfigJson(contextLength: number): Record<string, unknown> {
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    unk_token: unknownToken,
    eos_token: endOfTextToken,
    model_max_length: contextLength,
    clean_up_tokenization_spaces: false,
  };
}
