/** @file Which files hold the weights that a path names. Knows nothing of their bytes, except of the shard index. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { InputError } from "../foundation/errors.js";

export interface WeightFiles {
  /** Paths, sorted. */
  readonly paths: readonly string[];
  /** The path that holds each tensor, from a shard index; null where a single file holds all. */
  readonly shardOf: ReadonlyMap<string, string> | null;
  /** The folder's config.json; null where there is none. */
  readonly config: Readonly<Record<string, unknown>> | null;
}

const indexName = "model.safetensors.index.json";
const pickleExtensions = [".bin", ".pt", ".pth", ".ckpt", ".pkl"];
const conversionHint =
  "convert it with transformers: AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(FOLDER, safe_serialization=True)";

/** @param source a folder in Hugging Face layout or one .safetensors file. @throws InputError */
export function findWeightFiles(source: string): WeightFiles {
  if (!existsSync(source)) throw new InputError(absentMessage(source));
  if (!statSync(source).isDirectory()) return singleFile(source);
  const config = readConfig(join(source, "config.json"));
  const whole = join(source, "model.safetensors");
  if (existsSync(whole)) return { paths: [whole], shardOf: null, config };
  const index = join(source, indexName);
  if (existsSync(index)) {
    const shardOf = readShardIndex(source, index);
    return { paths: [...new Set(shardOf.values())].sort(), shardOf, config };
  }
  throw new InputError(nothingFoundMessage(source));
}

function absentMessage(source: string): string {
  if (/^[\w.-]+\/[\w.-]+(@[\w./-]+)?$/.test(source) && !source.startsWith(".")) {
    return `${source}: is no local folder or file, and hub ids are not supported yet. Download the model (hf download ${source.split("@")[0]} --local-dir DIR) and give the folder.`;
  }
  return `${source}: no such folder or file. Give a folder in Hugging Face layout or a .safetensors file.`;
}

function singleFile(path: string): WeightFiles {
  const extension = extname(path).toLowerCase();
  if (extension === ".safetensors") return { paths: [path], shardOf: null, config: null };
  if (pickleExtensions.includes(extension)) {
    throw new InputError(
      `${path}: is a pickle file, which can run code when opened and is not supported; ${conversionHint}.`,
    );
  }
  throw new InputError(`${path}: is not a .safetensors file. Give one, or the folder that holds the model.`);
}

function nothingFoundMessage(folder: string): string {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    return `${folder}: cannot be read (${(error as Error).message}).`;
  }
  const pickle = names.find((name) => pickleExtensions.includes(extname(name)));
  if (names.includes("adapter_model.safetensors")) {
    return `${folder}: holds a LoRA adapter, not a model. Merge it into its base first (peft: merge_and_unload) and save that.`;
  }
  const others = names.filter((name) => extname(name) === ".safetensors");
  if (others.length > 0) {
    return `${folder}: holds neither model.safetensors nor ${indexName}, but ${others.join(", ")}. Give that file itself.`;
  }
  if (pickle !== undefined) {
    return `${folder}: holds its weights as a pickle file (${pickle}), which is not supported; ${conversionHint}.`;
  }
  return `${folder}: holds neither model.safetensors nor ${indexName}. Give the folder that holds the weights.`;
}

function readConfig(path: string): Readonly<Record<string, unknown>> | null {
  if (!existsSync(path)) return null;
  return readObject(path);
}

function readObject(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new InputError(`${path}: cannot be read as JSON (${(error as Error).message}). Truncated download?`);
  }
  if (!isObject(value)) throw new InputError(`${path}: is not a JSON object. Truncated, or edited by hand?`);
  return value;
}

function readShardIndex(folder: string, path: string): Map<string, string> {
  const { weight_map: weightMap } = readObject(path);
  if (!isObject(weightMap)) throw new InputError(`${path}: holds no weight_map object. Download the file again.`);
  const shardOf = new Map<string, string>();
  for (const [tensor, file] of Object.entries(weightMap)) {
    // A name with separators could lead out of the folder.
    if (typeof file !== "string" || /[\\/]/.test(file) || basename(file) !== file || file === "..") {
      throw new InputError(
        `${path}: maps '${tensor}' to ${JSON.stringify(file)}, but the name of a file beside it is wanted.`,
      );
    }
    const shard = join(folder, file);
    if (!existsSync(shard)) {
      throw new InputError(`${path}: maps '${tensor}' to ${file}, which is absent. Download the missing shard.`);
    }
    shardOf.set(tensor, shard);
  }
  if (shardOf.size === 0) throw new InputError(`${path}: its weight_map is empty. Download the file again.`);
  return shardOf;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
