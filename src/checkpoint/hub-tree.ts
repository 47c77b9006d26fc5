/** @file The listing of a commit in the cache, in the format of Python's huggingface_hub (_tree_cache.py). Knows nothing of the network. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../foundation/errors.js";
import { replaceFile } from "./hub-cache.js";
import { type ListedFile, parseListed } from "./hub-listing.js";

const formatVersion = 1;

const treePath = (repository: string, commit: string) => join(repository, "trees", `${commit}.json`);

/** @returns all files of the repository at the commit, by path; null where the cache has no listing that can be read. */
export function readTree(repository: string, commit: string): ReadonlyMap<string, ListedFile> | null {
  const path = treePath(repository, commit);
  try {
    const { format_version, files } = Object(JSON.parse(readFileSync(path, "utf8")));
    if (format_version !== formatVersion) return null;
    const listed = Object.entries(Object(files)).map(([name, entry]) => {
      const { size, blob_id, lfs_sha256, lfs_size, xet_hash } = Object(entry);
      const lfs = lfs_sha256 === undefined ? undefined : { oid: lfs_sha256, size: lfs_size };
      return parseListed({ type: "file", path: name, size, oid: blob_id, lfs, xetHash: xet_hash }, path)!;
    });
    return new Map(listed.map((file) => [file.path, file]));
  } catch (error) {
    // It can be asked for again.
    if (error instanceof InputError || error instanceof SyntaxError || "code" in Object(error)) return null;
    throw error;
  }
}

/** Keeps a whole listing: a commit never changes. @throws OutputError */
export function writeTree(repository: string, commit: string, files: ReadonlyMap<string, ListedFile>): void {
  const listed = [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  // Python's reader wants git's digest of each.
  if (listed.some(({ gitDigest }) => gitDigest === null)) return;
  const entries = listed.map(({ path, bytes, digest, gitDigest, xetDigest }) => {
    const large = digest === gitDigest ? {} : { lfs_sha256: digest, lfs_size: bytes };
    const xet = xetDigest === null ? {} : { xet_hash: xetDigest };
    return [path, { size: bytes, blob_id: gitDigest, ...large, ...xet }] as const;
  });
  const tree = { format_version: formatVersion, files: Object.fromEntries(entries) };
  replaceFile(treePath(repository, commit), JSON.stringify(tree, null, 1));
}
