/** @file Whether a result can be written where it is wanted, asked before it is made. */
import { accessSync, constants, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { OutputError } from "../foundation/errors.js";

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** A result that nobody can write should not cost an hour first. @throws OutputError */
export function demandWritable(path: string, option: string): void {
  const refuse = (reason: string): never => {
    throw new OutputError(`${option} ${path}: cannot be written (${reason}). Choose a file in a writable folder.`);
  };
  const folder = dirname(resolve(path));
  if (isFolder(path)) refuse("it is a folder");
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    refuse((error as Error).message);
  }
  if (!isFolder(folder)) refuse(`${folder} is no folder`);
}
