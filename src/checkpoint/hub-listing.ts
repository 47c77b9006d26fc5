/** @file Which files of a repository make a model here. Knows nothing of the network or of the cache. */
import { extname } from "node:path";
import { InputError } from "../foundation/errors.js";
import { conversionHint, ggufSentence } from "./foreign-format.js";
import { shownName } from "./shown-name.js";
import { indexName, pickleExtensions, wholeName } from "./weight-files.js";

/** A file of a repository, as the hub lists it. */
export interface ListedFile {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of the content where it is in large file storage, else git's SHA-1 of it as a blob: the ETag, and the name in the cache. */
  readonly digest: string;
  /** Git's digest even where the content is in large file storage, and the digest in Xet storage; null where the hub says none. */
  readonly gitDigest: string | null;
  readonly xetDigest: string | null;
}

export type Extent = "everything" | "weights";

export const configName = "config.json";
/** Any of these alone makes a tokenizer. */
export const tokenizerNames: readonly string[] = [
  "tokenizer.json",
  "tokenizer.model",
  "spiece.model",
  "vocab.json",
  "vocab.txt",
];
const besideNames: readonly string[] = [
  "generation_config.json",
  ...tokenizerNames,
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "merges.txt",
  "chat_template.jinja",
  "chat_template.json",
];

/** Names of the files beside the weights that are wanted where the repository has them. */
export function namesBeside(extent: Extent): readonly string[] {
  return extent === "weights" ? [configName] : [configName, ...besideNames];
}

/** Parses one entry of the hub's listing. @returns null for what is no file. @throws InputError */
export function parseListed(entry: unknown, where: string): ListedFile | null {
  const { type, path, size, oid, lfs, xetHash } = Object(entry);
  if (type !== "file") return null;
  const digest = Object(lfs).oid ?? oid;
  const bytes = Object(lfs).size ?? size;
  // The digest becomes a file's name in the cache.
  if (typeof path !== "string" || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(String(digest))) {
    throw new InputError(`${where}: the hub lists a file without a name or a digest. Is HF_ENDPOINT a hub?`);
  }
  if (!Number.isSafeInteger(bytes) || bytes < 0) {
    throw new InputError(`${where}: the hub lists '${shownName(path)}' without a size. Is HF_ENDPOINT a hub?`);
  }
  const gitDigest = typeof oid === "string" && /^[0-9a-f]{40}$/.test(oid) ? oid : null;
  const xetDigest = typeof xetHash === "string" && /^[0-9a-f]{64}$/.test(xetHash) ? xetHash : null;
  return { path, bytes, digest: String(digest), gitDigest, xetDigest };
}

/** @returns the file that says where the weights are: the weights themselves, or the index of their shards. @throws InputError */
export function weightsEntry(files: ReadonlyMap<string, ListedFile>, where: string): ListedFile {
  const found = files.get(wholeName) ?? files.get(indexName);
  if (found !== undefined) return found;
  const names = [...files.keys()];
  if (names.includes("adapter_model.safetensors")) {
    throw new InputError(
      `${where}: holds a LoRA adapter, not a model. Merge it into its base first (peft: merge_and_unload) and give that folder.`,
    );
  }
  const pickle = names.find((name) => pickleExtensions.includes(extname(name)));
  if (pickle !== undefined) {
    throw new InputError(
      `${where}: holds its weights as a pickle file only (${shownName(pickle)}), which is not supported; ${conversionHint}.`,
    );
  }
  if (names.some((name) => extname(name) === ".gguf")) throw new InputError(`${where}: ${ggufSentence}`);
  throw new InputError(`${where}: holds neither ${wholeName} nor ${indexName}. Is it a language model?`);
}
