/** @file A folder of files, written whole or not at all, where there was none. Knows nothing of what is in it. */
import { accessSync, constants, existsSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { demandFreeFolder } from "../checkpoint/checkpoint-folder.js";
import { OutputError } from "../foundation/errors.js";
import { makeFolder } from "../foundation/make-folder.js";

const cannotWrite = (folder: string, reason: string) =>
  new OutputError(`${folder}: cannot be written (${reason}). Choose a writable folder with free space.`);

/** A result that nobody can write should not cost a hash of gigabytes first. @throws OutputError */
export function demandNewFolder(folder: string): void {
  demandFreeFolder(folder);
  let parent = dirname(resolve(folder));
  while (!existsSync(parent) && dirname(parent) !== parent) parent = dirname(parent);
  if (!statSync(parent).isDirectory()) throw cannotWrite(folder, `${parent} is no folder`);
  try {
    accessSync(parent, constants.W_OK);
  } catch (error) {
    throw cannotWrite(folder, (error as Error).message);
  }
}

/** @param fill writes into the folder that it is given, which gets its name at the end. @throws OutputError, and what `fill` throws. */
export function writeNewFolder(folder: string, fill: (temporary: string) => void): void {
  const target = resolve(folder);
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    rmSync(temporary, { recursive: true, force: true });
    makeFolder(temporary);
    fill(temporary);
    demandFreeFolder(folder);
    if (existsSync(target)) rmdirSync(target);
    renameSync(temporary, target);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary, { recursive: true, force: true });
    if (!(error instanceof Error && "code" in error)) throw error;
    throw cannotWrite(folder, error.message);
  }
}

/** @returns paths within the folder, sorted, with sizes. */
export function filesIn(folder: string): { readonly path: string; readonly bytes: number }[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => ({ path, stats: statSync(join(folder, path)) }))
    .filter(({ stats }) => stats.isFile())
    .map(({ path, stats }) => ({ path, bytes: stats.size }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
