/** @file Writes a checkpoint folder in Hugging Face layout, whole or not at all. Knows nothing of architectures. */
import { existsSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { OutputError, ShapeError } from "../foundation/errors.js";
import { makeFolder } from "../foundation/make-folder.js";
import { type WritableTensor, writeSafetensors } from "./safetensors-writer.js";
import { wholeName } from "./weight-files.js";

export interface CheckpointFolderContent {
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: Iterable<WritableTensor>;
  /** Content by file name, e.g. `tokenizer.json`. */
  readonly extraFiles?: Readonly<Record<string, string | Uint8Array>>;
  /** Name of the file of the tensors; model.safetensors where absent. */
  readonly weightsFile?: string;
  /** What that file's header says besides. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** For who has work to do before writing. @throws OutputError where something stands in `folder` already. */
export function demandFreeFolder(folder: string): void {
  const target = resolve(folder);
  if (existsSync(target) && !isEmptyFolder(target)) {
    throw new OutputError(
      `${folder}: is there already and not an empty folder. Choose another name, or remove it first.`,
    );
  }
}

/**
 * Writes config.json, the tensors and the extra files into a temporary folder beside `folder`, then renames it.
 * @param replace whether a folder that already holds something is exchanged for the new one.
 * @throws OutputError; what was there before is untouched then.
 */
export function writeCheckpointFolder(
  folder: string,
  { config, tensors, extraFiles = {}, weightsFile = wholeName, metadata = {} }: CheckpointFolderContent,
  { replace = false }: { replace?: boolean } = {},
): void {
  if (!replace) demandFreeFolder(folder);
  const target = resolve(folder);
  const temporary = `${target}.${process.pid}.tmp`;
  const previous = `${target}.${process.pid}.old`;
  try {
    if (existsSync(temporary)) rmSync(temporary, { recursive: true });
    makeFolder(temporary);
    writeSafetensors(join(temporary, weightsFile), tensors, { format: "pt", ...metadata });
    writeFileSync(join(temporary, "config.json"), `${JSON.stringify(config, null, 2)}\n`, { flush: true });
    for (const [name, content] of Object.entries(extraFiles)) {
      if (basename(name) !== name) throw new ShapeError(`extra file '${name}': a file name without folders is wanted.`);
      writeFileSync(join(temporary, name), content, { flush: true });
    }
    exchange(temporary, target, previous);
  } catch (error) {
    // Where the parent is a file, even removing nothing fails.
    if (existsSync(temporary)) rmSync(temporary, { recursive: true, force: true });
    // What the tensors' sources or the writer report is already a sentence.
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new OutputError(`${folder}: cannot be written (${error.message}). Choose a writable folder with free space.`);
  }
}

function exchange(temporary: string, target: string, previous: string): void {
  if (existsSync(target) && isEmptyFolder(target)) rmdirSync(target);
  if (!existsSync(target)) {
    renameSync(temporary, target);
    return;
  }
  renameSync(target, previous);
  try {
    renameSync(temporary, target);
  } catch (error) {
    renameSync(previous, target);
    throw error;
  }
  rmSync(previous, { recursive: true, force: true });
}

function isEmptyFolder(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    // A file: not a folder at all.
    return false;
  }
}
