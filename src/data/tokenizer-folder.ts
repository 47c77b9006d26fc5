/** @file Opens the tokenizer of a model folder in Hugging Face layout: its files, their precedence, and what to do where they are missing. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { InputError } from "../foundation/errors.js";
import { loadTokenizer, type Tokenizer } from "./tokenizer.js";

export interface TokenizerFolder {
  readonly tokenizer: Tokenizer;
  /** Jinja source; null where the folder has none. */
  readonly chatTemplate: string | null;
}

/** The largest seen, of multilingual models, have about 35 MB. */
const maxFileBytes = 256 * 2 ** 20;

const template = z.union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))]).nullish();
const configFile = z.looseObject({ chat_template: template });
const tokenIds = z.union([z.number().int(), z.array(z.number().int()).nonempty()]).nullish();
const modelFile = z.looseObject({ eos_token_id: tokenIds });

/** Null where there is no such file. @throws InputError */
function readText(folder: string, name: string): string | null {
  const path = join(folder, name);
  try {
    if (!existsSync(path)) return null;
    const { size } = statSync(path);
    if (size <= maxFileBytes) return readFileSync(path, "utf8");
  } catch (error) {
    throw new InputError(`${path}: cannot be read (${(error as Error).message}).`);
  }
  throw new InputError(`${path}: is larger than ${maxFileBytes / 2 ** 20} MiB, which no tokenizer's file is.`);
}

/** Undefined where there is no such file. @throws InputError */
function readJson(folder: string, name: string): unknown {
  const text = readText(folder, name);
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(
      `${join(folder, name)}: is not JSON (${(error as Error).message}). Truncated or damaged? Fetch it again.`,
    );
  }
}

function parse<T>(schema: z.ZodType<T>, json: unknown, path: string): T {
  const parsed = schema.safeParse(json === undefined ? {} : json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
  throw new InputError(`${path}: ${place}${issue.message}. A file that transformers wrote is wanted.`);
}

function absent(folder: string): InputError {
  const others = ["tokenizer.model", "vocab.json", "merges.txt", "vocab.txt", "spiece.model"].filter((name) =>
    existsSync(join(folder, name)),
  );
  return new InputError(
    `${folder}: has no tokenizer.json${others.length > 0 ? `, only ${others.join(" and ")}` : ""}. Write one with transformers: AutoTokenizer.from_pretrained("${folder}").save_pretrained("${folder}").`,
  );
}

/** Names given in `tokenizer_config.json` stand before those of the older `special_tokens_map.json`. */
function mergeConfigs(config: Readonly<Record<string, unknown>>, map: Readonly<Record<string, unknown>>) {
  const given = Object.entries(config).filter(([, value]) => value !== null && value !== undefined);
  return { ...map, ...Object.fromEntries(given) };
}

function modelEndOfText(folder: string): number | null {
  for (const name of ["generation_config.json", "config.json"]) {
    const { eos_token_id: ids } = parse(modelFile, readJson(folder, name), join(folder, name));
    const id = Array.isArray(ids) ? ids[0] : ids;
    if (id !== undefined && id !== null) return id;
  }
  return null;
}

/** As transformers: a `chat_template.jinja` stands before what the configuration says; of several named ones the default is taken. */
function findTemplate(folder: string, given: z.infer<typeof template>): string | null {
  const file = readText(folder, "chat_template.jinja");
  if (file !== null) return file;
  if (!Array.isArray(given)) return given ?? null;
  return given.find(({ name }) => name === "default")?.template ?? null;
}

/** @throws InputError where the folder has no `tokenizer.json`, or a file is damaged or of another kind. */
export function openTokenizer(folder: string): TokenizerFolder {
  const json = readJson(folder, "tokenizer.json");
  if (json === undefined) throw absent(folder);
  const configPath = join(folder, "tokenizer_config.json");
  const config = parse(configFile, readJson(folder, "tokenizer_config.json"), configPath);
  const mapPath = join(folder, "special_tokens_map.json");
  const map = parse(z.looseObject({}), readJson(folder, "special_tokens_map.json"), mapPath);
  const endOfTextId = modelEndOfText(folder);
  const chatTemplate = findTemplate(folder, config.chat_template);
  try {
    return { tokenizer: loadTokenizer(json, mergeConfigs(config, map), endOfTextId), chatTemplate };
  } catch (error) {
    // The loader knows the files by their names alone.
    if (error instanceof InputError) throw new InputError(`${folder.replace(/\/+$/, "")}/${error.message}`);
    throw error;
  }
}
