/** @file Reads an architecture's settings from a config.json: what is wrong or not supported is refused by its key. Knows no architecture. */
import type { z } from "zod";
import { InputError } from "../foundation/errors.js";

export interface ConfigReader<File> {
  readonly file: File;
  /** @throws InputError: "config.json: hidden_act is "relu", but only silu is supported." */
  refuse(key: string, found: unknown, wanted: string): never;
}

/** @param where opens the messages, e.g. the file's path. @throws InputError for a key of the wrong type. */
export function readConfig<File>(
  schema: z.ZodType<File>,
  config: Readonly<Record<string, unknown>>,
  { where, what }: { readonly where: string; readonly what: string },
): ConfigReader<File> {
  const parsed = schema.safeParse(config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InputError(`${where}: ${issue.path.join(".")}: ${issue.message}. ${what} is wanted.`);
  }
  return {
    file: parsed.data,
    refuse(key, found, wanted) {
      throw new InputError(`${where}: ${key} is ${JSON.stringify(found)}, but only ${wanted} is supported.`);
    },
  };
}
