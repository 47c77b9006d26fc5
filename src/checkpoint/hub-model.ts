/** @file A model given as a local path or as a hub id, as a local path. Knows nothing of tensors. */
import { InputError } from "../foundation/errors.js";
import { blobPath, cachedCommit, linkBlob, markAbsent, snapshotFolder, snapshotState, writeRef } from "./hub-cache.js";
import { UnreachableError } from "./hub-fetch.js";
import { isHubId, parseHubId } from "./hub-id.js";
import { type Extent, type ListedFile, namesBeside, weightsEntry } from "./hub-listing.js";
import {
  askCommit,
  askFiles,
  fetchBlobs,
  type HubOptions,
  hubRepository,
  notCached,
  type Repository,
} from "./hub-repository.js";
import { shownName } from "./shown-name.js";
import { indexName, readShardNames } from "./weight-files.js";

export interface LocalModelOptions extends HubOptions {
  /** Leaves the tokenizer out. */
  readonly only?: "weights";
}

export interface LocalModel {
  readonly path: string;
  /** The commit; null for a local path. */
  readonly revision: string | null;
}

/**
 * A local path is returned as it is; a hub id becomes its snapshot in the ordinary cache of the hub, downloaded where it is not there yet.
 * A branch is asked for anew, and its cached snapshot serves where the hub cannot be reached.
 * @throws InputError, OutputError, InterruptedError
 */
export async function localModel(source: string, options: LocalModelOptions): Promise<LocalModel> {
  if (!isHubId(source)) return { path: source, revision: null };
  const id = parseHubId(source);
  const repository = hubRepository("model", source, id, options);
  const { folder, settings } = repository;
  const extent = options.only ?? "everything";
  const cached = cachedCommit(folder, id.revision);
  const state = cached === null ? null : snapshotState(folder, cached, extent);
  const local = (commit: string) => ({ path: snapshotFolder(folder, commit), revision: commit });
  if (cached === id.revision && state?.kind === "complete") return local(cached);
  let reason = "HF_HUB_OFFLINE is set";
  if (!settings.offline) {
    try {
      return local(await fetchSnapshot(repository, extent));
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      reason = error.message;
    }
  }
  if (cached !== null && state !== null && state.kind !== "lacking") return local(cached);
  const lack = state?.kind === "lacking" && cached !== null ? `lacks ${state.name} at ${cached}` : "does not hold it";
  throw notCached(repository, reason, lack);
}

/** @returns the commit, whose snapshot is then complete. */
async function fetchSnapshot(repository: Repository, extent: Extent): Promise<string> {
  const { id, folder } = repository;
  const commit = await askCommit(repository);
  if (snapshotState(folder, commit, extent).kind !== "complete") await fillSnapshot(repository, commit, extent);
  // Last, so that until then the revision leads to the snapshot that was complete before.
  writeRef(folder, id.revision, commit);
  return commit;
}

async function fillSnapshot(repository: Repository, commit: string, extent: Extent): Promise<void> {
  const { folder, source, options } = repository;
  const files = await askFiles(repository, commit);
  const entry = weightsEntry(files, source);
  const shards: ListedFile[] = [];
  if (entry.path === indexName) {
    await fetchBlobs(repository, commit, [entry], undefined);
    for (const name of new Set(readShardNames(blobPath(folder, entry.digest)).values())) {
      const shard = files.get(name);
      if (shard === undefined) {
        throw new InputError(`${source}: its index names the shard ${shownName(name)}, which the repository lacks.`);
      }
      shards.push(shard);
    }
  }
  const beside = namesBeside(extent).map((name) => files.get(name));
  const wanted = [...beside.filter((file) => file !== undefined), ...shards, entry];
  await fetchBlobs(repository, commit, wanted, options.onProgress);
  // Once all blobs are whole, the weights last: what has its weights has all.
  for (const name of namesBeside(extent)) if (!files.has(name)) markAbsent(folder, commit, name);
  for (const file of wanted) linkBlob(folder, commit, file);
}
