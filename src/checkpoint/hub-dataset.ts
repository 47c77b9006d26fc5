/** @file A data set given as a local path or as a hub id, as local files. Knows nothing of what they hold. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../foundation/errors.js";
import { cachedCommit, linkBlob, snapshotFiles, snapshotFolder, writeRef } from "./hub-cache.js";
import { type DatasetPart, isHubDatasetId, parseHubDatasetId } from "./hub-dataset-id.js";
import { absentShard, choosePart, type PartChoice } from "./hub-dataset-part.js";
import { AbsentError, UnreachableError } from "./hub-fetch.js";
import type { HubId } from "./hub-id.js";
import type { ListedFile } from "./hub-listing.js";
import {
  askCommit,
  askFiles,
  fetchBlobs,
  type HubOptions,
  hubRepository,
  notCached,
  type Repository,
} from "./hub-repository.js";
import { readTree, writeTree } from "./hub-tree.js";
import { shownName } from "./shown-name.js";

export interface LocalDataset {
  /** Of one format and in order; for a local path that path alone, file or folder. */
  readonly paths: readonly string[];
  /** The commit; null for a local path. */
  readonly revision: string | null;
}

/** Where the hub puts what it converted from the main branch, as `subset/split/0000.parquet`. */
const convertedRevision = "refs/convert/parquet";
const shownParts = 8;

/**
 * A local path is returned as it is; a hub id becomes the files of one split in the ordinary cache of the hub, downloaded where they are not
 * there yet. Where the main branch holds no file of the split, what the hub converted to Parquet is taken. The `configs` in a data set's card
 * are not read. A branch is asked for anew, and the cache serves where the hub cannot be reached.
 * @param source a path, or `org/name[@revision][:part]` (see `parseHubDatasetId`).
 * @throws InputError, OutputError, InterruptedError
 */
export async function localDataset(source: string, options: HubOptions): Promise<LocalDataset> {
  if (!isHubDatasetId(source)) return { paths: [source], revision: null };
  const { id, part } = parseHubDatasetId(source);
  const repositories = places(id).map((place) => hubRepository("dataset", source, place, options));
  if (repositories[0].settings.offline) return cachedPart(repositories, part, "HF_HUB_OFFLINE is set");
  try {
    return await fetchPart(repositories, part);
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    return cachedPart(repositories, part, error.message);
  }
}

/** The conversion is of the main branch; another revision may hold other data. */
const places = (id: HubId): readonly HubId[] =>
  id.revision === "main" ? [id, { ...id, revision: convertedRevision }] : [id];

async function fetchPart(repositories: readonly Repository[], part: DatasetPart): Promise<LocalDataset> {
  let choice: PartChoice = { kind: "absent", parts: [] };
  for (const repository of repositories) {
    const { source, folder, id, options } = repository;
    const commit = repository === repositories[0] ? await askCommit(repository) : await convertedCommit(repository);
    if (commit === null) break;
    const files = await treeOf(repository, commit);
    const next = choosePart(files.keys(), part, source);
    if (next.kind === "found") {
      const wanted = next.paths.map((path) => files.get(path)!);
      await fetchBlobs(repository, commit, wanted, options.onProgress);
      // Once all blobs are whole.
      for (const file of wanted) linkBlob(folder, commit, file);
      writeRef(folder, id.revision, commit);
      return localPart(repository, commit, next.paths);
    }
    if (next.kind === "several" || choice.parts.length === 0) choice = next;
    if (choice.kind === "several" || part.kind === "file") break;
  }
  throw notFound(repositories[0], part, choice);
}

/** @returns null where the hub converted nothing. */
async function convertedCommit(repository: Repository): Promise<string | null> {
  try {
    return await askCommit(repository);
  } catch (error) {
    if (error instanceof AbsentError) return null;
    throw error;
  }
}

async function treeOf(repository: Repository, commit: string): Promise<ReadonlyMap<string, ListedFile>> {
  const known = readTree(repository.folder, commit);
  if (known !== null) return known;
  const files = await askFiles(repository, commit);
  writeTree(repository.folder, commit, files);
  return files;
}

/** Older caches have no listing: then what is there is all, unless the names of shards count more (`-of-00003`). */
function cachedPart(repositories: readonly Repository[], part: DatasetPart, reason: string): LocalDataset {
  for (const repository of repositories) {
    const { source, folder, id } = repository;
    const commit = cachedCommit(folder, id.revision);
    if (commit === null) continue;
    const tree = readTree(folder, commit);
    const choice = choosePart(tree?.keys() ?? snapshotFiles(folder, commit), part, source);
    if (choice.kind === "several") throw notFound(repository, part, choice);
    if (choice.kind === "absent") continue;
    const snapshot = snapshotFolder(folder, commit);
    const isAbsent = (path: string) => !existsSync(join(snapshot, path));
    const lacking = tree === null ? absentShard(choice.paths) : choice.paths.find(isAbsent);
    if (lacking == null) return localPart(repository, commit, choice.paths);
    throw notCached(repository, reason, `lacks ${shownName(lacking)} at ${commit}`);
  }
  throw notCached(repositories[0], reason, "does not hold it");
}

function localPart({ folder }: Repository, commit: string, paths: readonly string[]): LocalDataset {
  const snapshot = snapshotFolder(folder, commit);
  return { paths: paths.map((path) => join(snapshot, path)), revision: commit };
}

function notFound({ source, id }: Repository, part: DatasetPart, choice: Exclude<PartChoice, { kind: "found" }>) {
  const name = id.revision === "main" ? id.name : `${id.name}@${id.revision}`;
  if (choice.kind === "several") {
    const split = part.kind === "split" ? part.split : "";
    return new InputError(
      `${source}: several subsets have the split '${shownName(split)}' (${shownList(choice.subsets)}). Choose one, as in ${name}:${shownName(choice.subsets[0])}/${shownName(split)}.`,
    );
  }
  if (choice.parts.length === 0) {
    return new InputError(
      `${source}: holds no .parquet, .jsonl, .json or .csv file, and the hub has no conversion of it (${convertedRevision}). Convert it to one of these and give the local file.`,
    );
  }
  if (part.kind === "file") {
    return new InputError(
      `${source}: holds no file ${shownName(part.path)}; its data files are ${shownList(choice.parts)}. Correct the path.`,
    );
  }
  const wanted = `${part.subset === null ? "" : `subset '${shownName(part.subset)}' with the `}split '${shownName(part.split)}'`;
  return new InputError(
    `${source}: holds no ${wanted}; by the paths of its files it holds ${shownList(choice.parts)}. Choose one, as in ${name}:${shownName(choice.parts[0])}, or name a file, as in ${name}:path/of/a/file.jsonl.`,
  );
}

function shownList(names: readonly string[]): string {
  const shown = names.slice(0, shownParts).map(shownName).join(", ");
  return names.length > shownParts ? `${shown} and ${names.length - shownParts} more` : shown;
}
