/** @file Which files of a folder are the training data, by their names. Opens none of them. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../foundation/errors.js";
import { acceptedEndings, dataFormat } from "./data-format.js";
import { shownList } from "./shown-text.js";

const training = /(^|[^a-z])train([^a-z]|$)/i;
const heldOut = /(^|[^a-z])(test|valid|validation|val|dev|eval)([^a-z]|$)/i;

/**
 * The files whose names say "train", or else all files. Where the folder holds no data file, its subfolder `data`
 * is taken, as in a data set of the hub.
 * @returns their paths, sorted by name, all in one format.
 * @throws InputError where there is none, or it is not clear which are meant.
 */
export function filesOfFolder(folder: string): string[] {
  const entries = listFolder(folder);
  const names = entries.filter((name) => !name.startsWith(".") && dataFormat(name) !== null);
  if (names.length === 0) {
    if (entries.includes("data/")) return filesOfFolder(join(folder, "data"));
    const found = entries.length === 0 ? "it is empty" : `it holds ${shownList(entries)}`;
    throw new InputError(`${folder}: the folder holds no data file (${found}). Accepted are ${acceptedEndings}.`);
  }
  const named = names.filter((name) => training.test(name));
  const chosen = named.length > 0 ? named : names;
  const kinds = new Set(chosen.map((name) => dataFormat(name)?.kind));
  const mixed = named.length === 0 && chosen.length > 1 && chosen.some((name) => heldOut.test(name));
  if (kinds.size > 1 || mixed) {
    throw new InputError(`${folder}: it is not clear which of ${shownList(chosen)} to train on. Name the file.`);
  }
  return chosen.map((name) => join(folder, name));
}

/** @returns names in the order of their code units; a subfolder's ends in a slash. */
function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort();
  } catch (error) {
    throw new InputError(`${folder}: cannot be listed (${(error as Error).message}).`);
  }
}
