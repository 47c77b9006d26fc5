/**
 * @file A llama2.c tokenizer (SentencePiece BPE with byte fallback, pieces and scores) as Hugging Face's tokenizer.json.
 * Knows nothing of models or files.
 */
import { InputError } from "../dist/foundation/errors.js";

const space = "\u2581";
const special = ["<unk>", "<s>", "</s>"];
const firstOrdinaryPiece = special.length + 256;

/** The first pieces have fixed names: the special ones are stored with line feeds around them, the single bytes as such. */
function fixedPiece(id) {
  if (id < special.length) return special[id];
  if (id >= firstOrdinaryPiece) return null;
  return `<0x${(id - special.length).toString(16).toUpperCase().padStart(2, "0")}>`;
}

/**
 * Longest piece (int32), then for each piece score (float32), length (int32) and UTF-8 bytes.
 * @returns [{ piece, score }], `count` of them, with SentencePiece's sign for a space. @throws InputError
 */
export function readLlama2cPieces(bytes, count, source) {
  const pieces = [];
  let at = 4;
  for (let id = 0; id < count; id++) {
    const length = at + 8 <= bytes.length ? bytes.readInt32LE(at + 4) : -1;
    if (length < 0 || at + 8 + length > bytes.length) {
      throw new InputError(`${source}: ends within piece ${id} of ${count}. Truncated download?`);
    }
    const text = () => bytes.toString("utf8", at + 8, at + 8 + length).replaceAll(" ", space);
    pieces.push({ piece: fixedPiece(id) ?? text(), score: bytes.readFloatLE(at) });
    at += 8 + length;
  }
  return pieces;
}

/**
 * All splits of a piece into two known ones, best score first; within a score long left parts first, as transformers' converter has them.
 * @returns [left, right][]
 */
function mergesOf(pieces) {
  const ids = new Map(pieces.map(({ piece }, id) => [piece, id]));
  const merges = [];
  for (const { piece, score } of pieces.slice(firstOrdinaryPiece)) {
    const characters = [...piece];
    const splits = [];
    for (let cut = 1; cut < characters.length; cut++) {
      const left = characters.slice(0, cut).join("");
      const right = characters.slice(cut).join("");
      if (ids.has(left) && ids.has(right)) splits.push({ left, right, score, leftLength: cut });
    }
    splits.sort((a, b) => ids.get(a.left) - ids.get(b.left) || ids.get(a.right) - ids.get(b.right));
    merges.push(...splits.map((split) => ({ ...split, rightLength: characters.length - split.leftLength })));
  }
  merges.sort((a, b) => b.score - a.score || b.leftLength - a.leftLength || b.rightLength - a.rightLength);
  return merges.map(({ left, right }) => [left, right]);
}

/** @returns the content of tokenizer.json: begins every text with <s>. */
export function llamaTokenizer(pieces) {
  const token = (id) => ({ [special[id]]: { id: special[id], ids: [id], tokens: [special[id]] } });
  const start = { SpecialToken: { id: special[1], type_id: 0 } };
  const text = (name, type_id) => ({ Sequence: { id: name, type_id } });
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({
      ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    })),
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: space },
        { type: "Replace", pattern: { String: " " }, content: space },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: "TemplateProcessing",
      single: [start, text("A", 0)],
      pair: [start, text("A", 0), { SpecialToken: { id: special[1], type_id: 1 } }, text("B", 1)],
      special_tokens: token(1),
    },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: space }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: special[0],
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(pieces.map(({ piece }, id) => [piece, id])),
      merges: mergesOf(pieces),
    },
  };
}

/** @param longestText in tokens. @returns the content of tokenizer_config.json. */
export function llamaTokenizerConfig(longestText) {
  const [unknown, begin, end] = special;
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    model_max_length: longestText,
    unk_token: unknown,
    bos_token: begin,
    eos_token: end,
    clean_up_tokenization_spaces: false,
  };
}
