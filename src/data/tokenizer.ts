/** @file A tokenizer opened from its `tokenizer.json`: text to token ids and back, through the Hugging Face library. */
import { Tokenizer as LibraryTokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { InputError } from "../foundation/errors.js";

export interface Tokenizer {
  readonly vocabularySize: number;
  readonly unknownId: number | null;
  /** Ends a document or an example. */
  readonly endOfTextId: number;
  /** Without the special tokens that a tokenizer may put around a text. @throws InputError for a word it has no token for. */
  encode(text: string): Int32Array;
  /** Special tokens are written out. */
  decode(ids: Iterable<number>): string;
}

const tokenizerFile = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.number().int(), content: z.string() })).default([]),
  model: z.looseObject({
    unk_token: z.string().nullish(),
    unk_id: z.number().int().nullish(),
    vocab: z.union([z.record(z.string(), z.number().int()), z.array(z.tuple([z.string(), z.number()]))]),
  }),
});
const configFile = z.looseObject({
  eos_token: z.union([z.string(), z.looseObject({ content: z.string() })]).nullish(),
});

const endOfTextNames = ["<eos>", "</s>", "<|endoftext|>", "<|end_of_text|>", "<|im_end|>", "[SEP]"];

/** What is used of the library, whose own types do not resolve under Node's module rules. */
interface Library {
  encode(text: string, options: { add_special_tokens: boolean }): { readonly ids: number[]; readonly tokens: string[] };
  decode(ids: number[], options: { skip_special_tokens: boolean }): string;
  token_to_id(token: string): number | undefined;
}

function parse<T>(schema: z.ZodType<T>, json: unknown, where: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputError(`${where}: ${issue.path.join(".")}: ${issue.message}. A Hugging Face tokenizer file is wanted.`);
}

function openLibrary(json: z.infer<typeof tokenizerFile>): Library {
  try {
    // The file may leave these keys out; the library wants them there.
    const optional = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
    return new LibraryTokenizer(
      { ...optional, ...json },
      { unk_token: json.model.unk_token, clean_up_tokenization_spaces: false },
    );
  } catch (error) {
    throw new InputError(`tokenizer.json: cannot be opened (${(error as Error).message}).`);
  }
}

/**
 * @param json parsed content of a `tokenizer.json`.
 * @param config parsed content of the `tokenizer_config.json` beside it, for the name of the end-of-text token; without one, the
 * usual names are looked for. @throws InputError
 */
export function loadTokenizer(json: unknown, config: unknown = {}): Tokenizer {
  const file = parse(tokenizerFile, json, "tokenizer.json");
  const { eos_token: named } = parse(configFile, config, "tokenizer_config.json");
  const { added_tokens: added, model } = file;
  const library = openLibrary(file);
  const vocabulary = Array.isArray(model.vocab)
    ? model.vocab.length
    : Object.values(model.vocab).reduce((size, id) => Math.max(size, id + 1), 0);
  const names = named ? [typeof named === "string" ? named : named.content] : endOfTextNames;
  const endOfTextId = names.map((name) => library.token_to_id(name)).find((id) => id !== undefined);
  if (endOfTextId === undefined)
    throw new InputError(
      `tokenizer.json: has no end-of-text token; looked for ${names.join(", ")}. Name it as eos_token in tokenizer_config.json.`,
    );
  return {
    vocabularySize: added.reduce((size, { id }) => Math.max(size, id + 1), vocabulary),
    unknownId:
      typeof model.unk_token === "string" ? (library.token_to_id(model.unk_token) ?? null) : (model.unk_id ?? null),
    endOfTextId,
    encode(text) {
      const { ids, tokens } = library.encode(text, { add_special_tokens: false });
      // The library leaves the id of a token that it does not know undefined.
      const missing = ids.findIndex((id) => !Number.isInteger(id));
      if (missing >= 0)
        throw new InputError(
          `tokenizer.json: has no token for '${tokens[missing]}' and no unknown token to stand for it. Add one as unk_token.`,
        );
      return Int32Array.from(ids);
    },
    decode(ids) {
      const list = [...ids];
      return list.length === 0 ? "" : library.decode(list, { skip_special_tokens: false });
    },
  };
}
