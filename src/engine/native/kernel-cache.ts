/**
 * @file Compiled libraries, kept for the next process. A file's name holds the key of what it was made from and the digest of what is in
 * it: a truncated file is noticed, and processes that compile at once do not disturb each other. Knows nothing of what is compiled.
 */
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { DeadweightError, OutputError } from "../../foundation/errors.js";
import { makeFolder } from "../../foundation/make-folder.js";
import { sha256OfBytes } from "../../foundation/sha256.js";
import { CompilerError, type Environment } from "./c-compiler.js";

export interface CachedFile {
  readonly path: string;
  /** Whether it was made now. */
  readonly made: boolean;
}

export interface CacheEntry {
  /** "kernels-avx512" */
  readonly name: string;
  /** Hexadecimal digest of all that the file depends on. */
  readonly key: string;
  /** Makes the file; `folder` is for what it needs along the way. */
  make(folder: string, output: string): Promise<void>;
}

const shownDigits = 16;

function homeOfUser(): string | null {
  try {
    return homedir();
  } catch {
    // A user that the system does not know, as in some containers.
    return null;
  }
}

/** The platform's place for what can be made again. Null where the user has no home. */
function usualFolder(environment: Environment): string | null {
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = environment;
  if (xdg && isAbsolute(xdg)) return join(xdg, "deadweight");
  if (process.platform === "win32" && local) return join(local, "deadweight");
  const home = environment.HOME || homeOfUser();
  if (home === null || !isAbsolute(home)) return null;
  return join(home, ...(process.platform === "darwin" ? ["Library", "Caches"] : [".cache"]), "deadweight");
}

export interface CacheFolder {
  readonly path: string;
  /** Whether others can put a folder there under its name. */
  readonly amongOthers: boolean;
}

/** Best first: where that cannot be written, this user's own folder among the temporary files stands in. */
export function cacheFolders(environment: Environment): readonly CacheFolder[] {
  const wanted = environment.DEADWEIGHT_CACHE || usualFolder(environment);
  const fallback = join(environment.TMPDIR || tmpdir(), `deadweight-${process.getuid?.() ?? "cache"}`);
  return [...(wanted === null ? [] : [{ path: wanted, amongOthers: false }]), { path: fallback, amongOthers: true }];
}

/** A library is code: it is not taken from a folder that others may write to. @throws OutputError */
function demandOwn({ path, amongOthers }: CacheFolder): void {
  if (!amongOthers || process.getuid === undefined) return;
  const { uid, mode } = lstatSync(path);
  if (uid !== process.getuid() || (mode & 0o022) !== 0) throw new OutputError("others may write to it");
}

function find(folder: CacheFolder, { name, key }: CacheEntry): string | null {
  const begin = `${name}-${key.slice(0, shownDigits)}-`;
  try {
    demandOwn(folder);
    for (const file of readdirSync(folder.path)) {
      if (!file.startsWith(begin) || !file.endsWith(".so")) continue;
      const path = join(folder.path, file);
      const digest = sha256OfBytes(readFileSync(path)).slice(0, shownDigits);
      if (file === `${begin}${digest}.so`) return path;
    }
  } catch {
    // What cannot be read is made again.
  }
  return null;
}

/** @throws the system's error, OutputError, or what `make` throws. */
async function makeIn(folder: CacheFolder, entry: CacheEntry): Promise<string> {
  if (!existsSync(folder.path)) {
    makeFolder(dirname(folder.path));
    // Recursive, since another process may have been faster.
    mkdirSync(folder.path, { recursive: true, mode: 0o700 });
  }
  demandOwn(folder);
  const scratch = mkdtempSync(join(folder.path, "making-"));
  try {
    const output = join(scratch, "library");
    await entry.make(scratch, output);
    const digest = sha256OfBytes(readFileSync(output)).slice(0, shownDigits);
    const path = join(folder.path, `${entry.name}-${entry.key.slice(0, shownDigits)}-${digest}.so`);
    renameSync(output, path);
    return path;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Whether another folder may do where this one did not. */
function isOfTheFolder(error: unknown): boolean {
  if (error instanceof CompilerError)
    return /No space left|Disk quota exceeded|Read-only file system|Permission denied/i.test(error.message);
  return error instanceof OutputError || !(error instanceof DeadweightError);
}

/**
 * The file from the first folder that has it, or else made in the first that can be written.
 * @throws CompilerError where it cannot be made, InterruptedError, OutputError where it can be put nowhere.
 */
export async function cachedFile(entry: CacheEntry, folders: readonly CacheFolder[]): Promise<CachedFile> {
  for (const folder of folders) {
    const path = find(folder, entry);
    if (path !== null) return { path, made: false };
  }
  const failures: string[] = [];
  for (const folder of folders) {
    try {
      return { path: await makeIn(folder, entry), made: true };
    } catch (error) {
      if (!isOfTheFolder(error)) throw error;
      failures.push(`${folder.path}: ${(error as Error).message}`);
    }
  }
  throw new OutputError(
    `The compiled kernels can be written nowhere (${failures.join("; ")}). Set DEADWEIGHT_CACHE to a writable folder with free space.`,
  );
}
