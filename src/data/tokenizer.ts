/** @file A tokenizer opened from its `tokenizer.json`: text to token ids and back, through the Hugging Face library. */
import { Tokenizer as LibraryTokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { InputError } from "../foundation/errors.js";

/** As the tokenizer's configuration names them; chat templates refer to them. */
export interface SpecialTokens {
  readonly bosToken: string | null;
  readonly eosToken: string | null;
  readonly unkToken: string | null;
  readonly padToken: string | null;
}

export interface EncodeOptions {
  /** Whether the tokenizer's post-processor puts its special tokens (mostly one that begins a text) around the text. */
  readonly specialTokens?: boolean;
}

export interface Tokenizer {
  readonly vocabularySize: number;
  readonly unknownId: number | null;
  /** Ends a document or an example; null for a tokenizer that has no such token. */
  readonly endOfTextId: number | null;
  readonly specials: SpecialTokens;
  /** Special tokens written in the text are found in either case. @throws InputError for a word it has no token for. */
  encode(text: string, options?: EncodeOptions): Int32Array;
  /** Special tokens are written out. */
  decode(ids: Iterable<number>): string;
  /** The token as the vocabulary writes it ("Ġthe", "▁the"); null where it has none of that id. */
  tokenOf(id: number): string | null;
}

const tokenizerFile = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.number().int(), content: z.string() })).default([]),
  model: z.looseObject({
    unk_token: z.string().nullish(),
    unk_id: z.number().int().nullish(),
    vocab: z.union([z.record(z.string(), z.number().int()), z.array(z.tuple([z.string(), z.number()]))]),
  }),
});
const specialToken = z
  .union([z.string(), z.looseObject({ content: z.string() })])
  .nullish()
  .transform((token) => (typeof token === "string" ? token : (token?.content ?? null)));
const configFile = z.looseObject({
  bos_token: specialToken,
  eos_token: specialToken,
  unk_token: specialToken,
  pad_token: specialToken,
});

const endOfTextNames = ["<eos>", "</s>", "<|endoftext|>", "<|end_of_text|>", "<|im_end|>", "[SEP]"];

/** What is used of the library, whose own types do not resolve under Node's module rules. */
interface Library {
  encode(text: string, options: { add_special_tokens: boolean }): { readonly ids: number[]; readonly tokens: string[] };
  decode(ids: number[], options: { skip_special_tokens: boolean }): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
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

/** The end-of-text token: as the tokenizer names it, else as the model numbers it, else by one of the usual names. */
function findEndOfText(library: Library, named: string | null, numbered: number | null): number | null {
  if (named !== null) {
    const id = library.token_to_id(named);
    if (id !== undefined) return id;
    throw new InputError(
      `tokenizer.json: has no end-of-text token; looked for ${named}. Name it as eos_token in tokenizer_config.json.`,
    );
  }
  if (numbered !== null && library.id_to_token(numbered) !== undefined) return numbered;
  return endOfTextNames.map((name) => library.token_to_id(name)).find((id) => id !== undefined) ?? null;
}

/**
 * @param json parsed content of a `tokenizer.json`.
 * @param config parsed content of the `tokenizer_config.json` beside it, for the names of the special tokens.
 * @param modelEndOfTextId the model's own `eos_token_id`, used where the configuration does not name the end-of-text token; failing that,
 * the usual names are looked for. @throws InputError
 */
export function loadTokenizer(json: unknown, config: unknown = {}, modelEndOfTextId: number | null = null): Tokenizer {
  const checked = parse(tokenizerFile, json, "tokenizer.json");
  // As it came: zod leaves a word `__proto__` out.
  const { vocab } = (json as typeof checked).model;
  const file = { ...checked, model: { ...checked.model, vocab } };
  const named = parse(configFile, config, "tokenizer_config.json");
  const { added_tokens: added, model } = file;
  const library = openLibrary(file);
  const vocabulary = Array.isArray(model.vocab)
    ? model.vocab.length
    : Object.values(model.vocab).reduce((size, id) => Math.max(size, id + 1), 0);
  const endOfTextId = findEndOfText(library, named.eos_token, modelEndOfTextId);
  const tokenOf = (id: number): string | null => library.id_to_token(id) ?? null;
  return {
    vocabularySize: added.reduce((size, { id }) => Math.max(size, id + 1), vocabulary),
    unknownId:
      typeof model.unk_token === "string" ? (library.token_to_id(model.unk_token) ?? null) : (model.unk_id ?? null),
    endOfTextId,
    specials: {
      bosToken: named.bos_token,
      eosToken: endOfTextId === null ? null : tokenOf(endOfTextId),
      unkToken: named.unk_token ?? model.unk_token ?? null,
      padToken: named.pad_token,
    },
    encode(text, { specialTokens = false } = {}) {
      const { ids, tokens } = library.encode(text, { add_special_tokens: specialTokens });
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
    tokenOf,
  };
}
