/** @file Builds a word-level `tokenizer.json` from texts. Knows nothing of how it is used for encoding. */
import { Tokenizer as LibraryTokenizer } from "@huggingface/tokenizers";
import { InputError } from "../foundation/errors.js";

export const unknownToken = "<unk>";
/** Ends a document or an example; also separates documents. */
export const endOfTextToken = "<eos>";

/** Finds a word, or one character that is neither word nor space. As written in the tokenizer's file. */
const splitter = {
  type: "Split",
  pattern: { Regex: "\\w+|[^\\w\\s]" },
  behavior: "Removed",
  invert: true,
} as const;

const special = [unknownToken, endOfTextToken];

export interface WordLevelOptions {
  /** Special tokens included. */
  readonly vocabularySize: number;
  /** Texts whose words are in the vocabulary however rare they are. */
  readonly required?: Iterable<string>;
}

/** Ids in the order given, after the special tokens. */
function tokenizerJson(words: readonly string[]): Record<string, unknown> {
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
    pre_tokenizer: splitter,
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

/** Occurrences of each lower-cased piece. */
export function countWords(texts: Iterable<string>): Map<string, number> {
  // The library's own splitter: JavaScript's \w would cut "café" in two, and neither part is ever met in encoding.
  const words: { pre_tokenize_text(text: string): string[] } = new LibraryTokenizer(tokenizerJson([]), {})
    .pre_tokenizer;
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const word of words.pre_tokenize_text(text.toLowerCase())) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/**
 * The most frequent words become the vocabulary, ties in alphabetical order. Words are lower-cased: a small vocabulary cannot afford
 * two entries for "The" and "the". The model is WordPiece without continuation pieces, which is word-level exactly (a word is found
 * whole or is unknown) and, unlike WordLevel, needs no second file to tell the JavaScript library which token is the unknown one.
 * @returns the parsed content of a `tokenizer.json`. @throws InputError where the texts have too few words.
 */
export function buildWordLevelTokenizer(
  texts: Iterable<string>,
  { vocabularySize, required = [] }: WordLevelOptions,
): Record<string, unknown> {
  const room = vocabularySize - special.length;
  const counts = countWords(texts);
  const kept = new Set(countWords(required).keys());
  if (kept.size > room)
    throw new InputError(
      `The texts whose words are required have ${kept.size} different words; a vocabulary of ${vocabularySize} has room for ${room}.`,
    );
  for (const word of kept) counts.set(word, counts.get(word) ?? 0);
  const byFrequency = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([word]) => word);
  if (byFrequency.length < room)
    throw new InputError(
      `The texts have ${byFrequency.length} different words; a vocabulary of ${vocabularySize} needs more text.`,
    );
  let free = room - kept.size;
  const words = byFrequency.filter((word) => kept.has(word) || free-- > 0);
  return tokenizerJson(words);
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
