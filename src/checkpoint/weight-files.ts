/** @file Which files hold the weights that a path names. Knows nothing of their bytes, except of the shard index. */
import { closeSync, existsSync, lstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { InputError } from "../foundation/errors.js";
import { conversionHint, foreignFormat, ggufSentence, pickleSentence } from "./foreign-format.js";
import { shownName } from "./shown-name.js";

export interface WeightFiles {
  /** Paths, sorted. */
  readonly paths: readonly string[];
  /** The path that holds each tensor, from a shard index; null where a single file holds all. */
  readonly shardOf: ReadonlyMap<string, string> | null;
  /** The folder's config.json; null where there is none. */
  readonly config: Readonly<Record<string, unknown>> | null;
}

export const wholeName = "model.safetensors";
export const indexName = "model.safetensors.index.json";
export const pickleExtensions: readonly string[] = [".bin", ".pt", ".pth", ".ckpt", ".pkl"];

/** @param source a folder in Hugging Face layout or one .safetensors file. @throws InputError */
export function findWeightFiles(source: string): WeightFiles {
  if (!existsSync(source)) throw new InputError(absentMessage(source));
  if (!statSync(source).isDirectory()) return singleFile(source);
  const config = existsSync(join(source, "config.json")) ? readObject(join(source, "config.json")) : null;
  const whole = join(source, wholeName);
  if (existsSync(whole)) {
    checkWeightFile(whole);
    return { paths: [whole], shardOf: null, config };
  }
  const index = join(source, indexName);
  if (existsSync(index)) {
    const shardOf = readShardIndex(source, index);
    const paths = [...new Set(shardOf.values())].sort();
    for (const path of paths) checkWeightFile(path);
    return { paths, shardOf, config };
  }
  throw new InputError(nothingFoundMessage(source));
}

/** @returns the name of the shard that holds each tensor: names without separators. @throws InputError */
export function readShardNames(path: string): Map<string, string> {
  const { weight_map: weightMap } = readObject(path);
  if (!isObject(weightMap)) throw new InputError(`${path}: holds no weight_map object. Download the file again.`);
  const shardOf = new Map<string, string>();
  for (const [tensor, file] of Object.entries(weightMap)) {
    // A name with separators could lead out of the folder.
    if (typeof file !== "string" || /[\\/\0]/.test(file) || basename(file) !== file || /^\.*$/.test(file)) {
      throw new InputError(
        `${path}: maps '${shownName(tensor)}' to ${shownName(JSON.stringify(file))}, but the name of a file beside it is wanted.`,
      );
    }
    shardOf.set(tensor, file);
  }
  if (shardOf.size === 0) throw new InputError(`${path}: its weight_map is empty. Download the file again.`);
  return shardOf;
}

function readShardIndex(folder: string, path: string): Map<string, string> {
  const shardOf = new Map<string, string>();
  for (const [tensor, file] of readShardNames(path)) {
    const shard = join(folder, file);
    if (!existsSync(shard)) {
      throw new InputError(
        `${path}: maps '${shownName(tensor)}' to ${shownName(file)}, which is absent. Download the missing shard.`,
      );
    }
    shardOf.set(tensor, shard);
  }
  return shardOf;
}

function absentMessage(source: string): string {
  if (/^\w[\w.-]*\/[\w.-]+(@[\w./-]+)?$/.test(source)) {
    return `${source}: is no local folder or file. Download the model (hf download ${source.split("@")[0]} --local-dir DIR) and give the folder.`;
  }
  return `${source}: no such folder or file. Give a folder in Hugging Face layout or a .safetensors file.`;
}

function singleFile(path: string): WeightFiles {
  const extension = extname(path).toLowerCase();
  if (pickleExtensions.includes(extension)) throw new InputError(`${path}: ${pickleSentence("")}`);
  if (extension === ".gguf") throw new InputError(`${path}: ${ggufSentence}`);
  checkWeightFile(path);
  if (extension === ".safetensors") return { paths: [path], shardOf: null, config: null };
  throw new InputError(`${path}: is not a .safetensors file. Give one, or the folder that holds the model.`);
}

/** Refuses by the first bytes, whatever the file is called. @throws InputError */
function checkWeightFile(path: string): void {
  checkRegular(path);
  const prefix = new Uint8Array(8);
  let bytes: number;
  try {
    const descriptor = openSync(path, "r");
    try {
      bytes = readSync(descriptor, prefix, 0, prefix.byteLength, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new InputError(unreadableMessage(path, error));
  }
  const foreign = foreignFormat(prefix.subarray(0, bytes));
  if (foreign !== null) throw new InputError(`${path}: ${foreign}`);
}

/** To open a FIFO waits for a writer, and a device may never end. @throws InputError */
function checkRegular(path: string): void {
  const stats = statSync(path);
  if (stats.isFile()) return;
  const kind = stats.isDirectory()
    ? "a folder"
    : stats.isFIFO()
      ? "a FIFO"
      : stats.isSocket()
        ? "a socket"
        : "a device";
  throw new InputError(`${path}: is ${kind}, but a regular file is wanted. Give the file itself.`);
}

function unreadableMessage(path: string, error: unknown): string {
  return `${path}: cannot be read (${(error as Error).message}). Check its permissions.`;
}

function nothingFoundMessage(folder: string): string {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    return unreadableMessage(folder, error);
  }
  const broken = [wholeName, indexName].find((name) => names.includes(name));
  if (broken !== undefined && lstatSync(join(folder, broken)).isSymbolicLink()) {
    return `${join(folder, broken)}: is a link to a file that is absent. Download the model again.`;
  }
  if (names.includes("adapter_model.safetensors")) {
    return `${folder}: holds a LoRA adapter, not a model. Merge it into its base first (peft: merge_and_unload) and save that.`;
  }
  if (names.includes("compact.safetensors")) {
    return `${folder}: holds a compact checkpoint, as \`export --to checkpoint\` writes it. Turn it into an ordinary one first: deadweight export ${folder} --to dense --out FOLDER.`;
  }
  const others = names.filter((name) => extname(name) === ".safetensors").map(shownName);
  if (others.length > 0) {
    return `${folder}: holds neither ${wholeName} nor ${indexName}, but ${others.join(", ")}. Give that file itself.`;
  }
  const pickle = names.find((name) => pickleExtensions.includes(extname(name)));
  if (pickle !== undefined) {
    return `${folder}: holds its weights as a pickle file (${shownName(pickle)}), which is not supported; ${conversionHint}.`;
  }
  const gguf = names.find((name) => extname(name) === ".gguf");
  if (gguf !== undefined) return `${join(folder, shownName(gguf))}: ${ggufSentence}`;
  return `${folder}: holds neither ${wholeName} nor ${indexName}. Give the folder that holds the weights.`;
}

function readObject(path: string): Record<string, unknown> {
  checkRegular(path);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new InputError(unreadableMessage(path, error));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(
      `${path}: cannot be read as JSON (${shownName((error as Error).message)}). Truncated download?`,
    );
  }
  if (!isObject(value)) throw new InputError(`${path}: is not a JSON object. Truncated, or edited by hand?`);
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
