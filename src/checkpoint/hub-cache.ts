/** @file The cache of what came from the hub, laid out as Python's huggingface_hub does. Knows nothing of the network. */
import {
  copyFileSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { InputError, OutputError } from "../foundation/errors.js";
import { makeFolder } from "../foundation/make-folder.js";
import { isCommitHash, type RepositoryKind } from "./hub-id.js";
import { configName, type Extent, type ListedFile, tokenizerNames } from "./hub-listing.js";
import { indexName, readShardNames, wholeName } from "./weight-files.js";

/** `complete`: nothing is left to ask for; `usable`: all but, perhaps, files of the tokenizer; `lacking`: names what is absent. */
export type SnapshotState = { kind: "complete" } | { kind: "usable" } | { kind: "lacking"; name: string };

/** One repository's folder in the cache: blobs by their digest, refs from a revision to a commit, snapshots of links to blobs. */
export const repositoryFolder = (cacheFolder: string, kind: RepositoryKind, name: string) =>
  join(cacheFolder, `${kind}s--${name.replace("/", "--")}`);
export const snapshotFolder = (repository: string, commit: string) => join(repository, "snapshots", commit);
export const blobPath = (repository: string, digest: string) => join(repository, "blobs", digest);
const absentPath = (repository: string, commit: string, name: string) => join(repository, ".no_exist", commit, name);

/** @returns the commit that the cache last saw under the revision; null where it saw none. */
export function cachedCommit(repository: string, revision: string): string | null {
  if (isCommitHash(revision)) return revision;
  try {
    const commit = readFileSync(join(repository, "refs", revision), "utf8").trim();
    return isCommitHash(commit) ? commit : null;
  } catch {
    return null;
  }
}

export function snapshotState(repository: string, commit: string, extent: Extent): SnapshotState {
  const folder = snapshotFolder(repository, commit);
  const present = (name: string) => existsSync(join(folder, name));
  const known = (name: string) => present(name) || existsSync(absentPath(repository, commit, name));
  const name = lackingWeights(folder) ?? (known(configName) ? null : configName);
  if (name !== null) return { kind: "lacking", name };
  // Where the repository has no tokenizer, each of its names is marked absent.
  const complete = extent === "weights" || tokenizerNames.some(present) || tokenizerNames.every(known);
  return { kind: complete ? "complete" : "usable" };
}

/** @returns the paths of the files in the snapshot, separated by `/`, sorted; a link to a blob that is absent is no file. */
export function snapshotFiles(repository: string, commit: string): readonly string[] {
  const folder = snapshotFolder(repository, commit);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path), { throwIfNoEntry: false })?.isFile() === true)
    .map((path) => path.split(sep).join("/"))
    .sort();
}

function lackingWeights(folder: string): string | null {
  if (existsSync(join(folder, wholeName))) return null;
  const index = join(folder, indexName);
  if (!existsSync(index)) return wholeName;
  try {
    const shards = [...new Set(readShardNames(index).values())].sort();
    return shards.find((shard) => !existsSync(join(folder, shard))) ?? null;
  } catch (error) {
    if (error instanceof InputError) return indexName;
    throw error;
  }
}

/** Whether the file's content is in the cache already, by its digest and size. */
export function holdsFile(path: string, bytes: number): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.size === bytes;
}

/** Puts a finished blob under its name into the snapshot. @throws OutputError */
export function linkBlob(repository: string, commit: string, { path: name, bytes, digest }: ListedFile): void {
  const link = join(snapshotFolder(repository, commit), name);
  const blob = blobPath(repository, digest);
  if (holdsFile(link, bytes)) return;
  writing(link, () => {
    makeFolder(dirname(link));
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) rmSync(link);
    try {
      symlinkSync(relative(dirname(link), blob), link);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Another process was faster.
      if (code === "EEXIST") return;
      if (code !== "EPERM" && code !== "ENOTSUP") throw error;
      // Windows lets only some users make links.
      const temporary = `${link}.${process.pid}.incomplete`;
      copyFileSync(blob, temporary);
      renameSync(temporary, link);
    }
  });
}

/** Marks a name that the repository lacks at the commit, so that it is not asked for again. @throws OutputError */
export function markAbsent(repository: string, commit: string, name: string): void {
  replaceFile(absentPath(repository, commit, name), "");
}

/** Remembers which commit a branch or tag was last seen at. @throws OutputError */
export function writeRef(repository: string, revision: string, commit: string): void {
  if (revision === commit || cachedCommit(repository, revision) === commit) return;
  replaceFile(join(repository, "refs", revision), commit);
}

/** Writes a file beside and renames it. @throws OutputError */
export function replaceFile(path: string, text: string): void {
  writing(path, () => {
    makeFolder(dirname(path));
    const temporary = `${path}.${process.pid}.tmp`;
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  });
}

/** @throws OutputError for what the file system refuses. */
export function writing<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

export function cannotWrite(path: string, error: unknown): OutputError {
  return new OutputError(
    `${path}: cannot be written (${(error as Error).message}). Set HF_HUB_CACHE to a writable folder with free space.`,
  );
}
