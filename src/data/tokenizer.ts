/** @file A tokenizer opened from its `tokenizer.json`: text to token ids and back, through the Hugging Face library. */
import { Tokenizer as LibraryTokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { InputError } from "../foundation/errors.js";

export interface Tokenizer {
  readonly vocabularySize: number;
  readonly unknownId: number | null;
  /** Ends a document or an example. */
  readonly endOfTextId: number;
  encode(text: string): Int32Array;
  decode(ids: Iterable<number>): string;
}

const tokenizerFile = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.number().int(), content: z.string() })).default([]),
  model: z.looseObject({
    unk_token: z.string().nullish(),
    vocab: z.union([z.record(z.string(), z.number().int()), z.array(z.tuple([z.string(), z.number()]))]),
  }),
});

const endOfTextNames = ["<eos>", "</s>", "<|endoftext|>", "<|im_end|>", "[SEP]"];

/** The library is slow on long texts: pieces of about this many characters, cut at line ends, encode to the same ids. */
const chunkCharacters = 4096;

function* chunks(text: string): Generator<string> {
  for (let begin = 0; begin < text.length; ) {
    const lineEnd = text.indexOf("\n", begin + chunkCharacters);
    const end = lineEnd < 0 ? text.length : lineEnd;
    yield text.slice(begin, end);
    begin = end;
  }
}

/** @param json parsed content of a `tokenizer.json`. @throws InputError */
export function loadTokenizer(json: unknown): Tokenizer {
  const parsed = tokenizerFile.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InputError(
      `tokenizer.json: ${issue.path.join(".")}: ${issue.message}. A Hugging Face tokenizer file is wanted.`,
    );
  }
  const { added_tokens: added, model } = parsed.data;
  const library = new LibraryTokenizer(parsed.data, {});
  const vocabulary = Array.isArray(model.vocab) ? model.vocab.length : Math.max(...Object.values(model.vocab)) + 1;
  const endOfText = endOfTextNames.map((name) => library.token_to_id(name)).find((id) => id !== undefined);
  if (endOfText === undefined)
    throw new InputError(`tokenizer.json: has no end-of-text token; looked for ${endOfTextNames.join(", ")}.`);
  return {
    vocabularySize: added.reduce((size, { id }) => Math.max(size, id + 1), vocabulary),
    unknownId: typeof model.unk_token === "string" ? (library.token_to_id(model.unk_token) ?? null) : null,
    endOfTextId: endOfText,
    encode(text) {
      const parts = [...chunks(text)].map((chunk) => library.encode(chunk, { add_special_tokens: false }).ids);
      return Int32Array.from(parts.flat());
    },
    decode: (ids) => library.decode([...ids], { skip_special_tokens: false }),
  };
}
