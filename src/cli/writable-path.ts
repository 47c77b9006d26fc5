/** @file Whether a result can be written where it is wanted, asked before it is made. */
import { accessSync, constants } from "node:fs";
import { dirname, resolve } from "node:path";
import { OutputError } from "../foundation/errors.js";

/** A result that nobody can write should not cost an hour first. @throws OutputError */
export function demandWritable(path: string, option: string): void {
  try {
    accessSync(dirname(resolve(path)), constants.W_OK);
  } catch (error) {
    throw new OutputError(
      `${option} ${path}: cannot be written (${(error as Error).message}). Choose a writable folder.`,
    );
  }
}
