/** @file A model given as a local path or as a hub id, as a local path. Knows nothing of tensors. */
import { join } from "node:path";
import { DeadweightError, InputError } from "../foundation/errors.js";
import { downloadBlob } from "./hub-blob.js";
import {
  blobPath,
  cachedCommit,
  holdsFile,
  linkBlob,
  markAbsent,
  modelFolder,
  snapshotFolder,
  snapshotState,
  writeRef,
} from "./hub-cache.js";
import { type Fetch, failure, hubFetch, UnreachableError } from "./hub-fetch.js";
import { type HubId, isCommitHash, isHubId, parseHubId } from "./hub-id.js";
import { type Extent, type ListedFile, namesBeside, parseListed, weightsEntry } from "./hub-listing.js";
import { type Environment, type HubSettings, hubSettings } from "./hub-settings.js";
import { shownName } from "./shown-name.js";
import { indexName, readShardNames } from "./weight-files.js";

export interface DownloadProgress {
  /** The file that is coming in. */
  readonly file: string;
  /** Of all files of this download together: so far, and in the end. The shards' index is not counted. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface LocalModelOptions {
  readonly environment: Environment;
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
  readonly fetch?: Fetch;
  /** Leaves the tokenizer out. */
  readonly only?: "weights";
}

export interface LocalModel {
  readonly path: string;
  /** The commit; null for a local path. */
  readonly revision: string | null;
}

// As in Python's huggingface_hub (constants.DEFAULT_ETAG_TIMEOUT).
const answerTimeoutMs = 10_000;

interface Hub {
  readonly source: string;
  readonly id: HubId;
  readonly settings: HubSettings;
  readonly model: string;
  readonly extent: Extent;
  readonly fetch: Fetch;
  readonly options: LocalModelOptions;
}

/**
 * A local path is returned as it is; a hub id becomes its snapshot in the ordinary cache of the hub, downloaded where it is not there yet.
 * A branch is asked for anew, and its cached snapshot serves where the hub cannot be reached.
 * @throws InputError, OutputError, InterruptedError
 */
export async function localModel(source: string, options: LocalModelOptions): Promise<LocalModel> {
  if (!isHubId(source)) return { path: source, revision: null };
  const id = parseHubId(source);
  const settings = hubSettings(options.environment);
  const model = modelFolder(settings.cacheFolder, id.name);
  const extent = options.only ?? "everything";
  const cached = cachedCommit(model, id.revision);
  const state = cached === null ? null : snapshotState(model, cached, extent);
  const local = (commit: string) => ({ path: snapshotFolder(model, commit), revision: commit });
  if (cached === id.revision && state?.kind === "complete") return local(cached);
  let reason = "HF_HUB_OFFLINE is set";
  if (!settings.offline) {
    const request = hubFetch(id, settings, options.signal, options.fetch ?? fetch);
    try {
      return local(await fetchSnapshot({ source, id, settings, model, extent, fetch: request, options }));
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      reason = error.message;
    }
  }
  if (cached !== null && state !== null && state.kind !== "lacking") return local(cached);
  const lack = state?.kind === "lacking" && cached !== null ? `lacks ${state.name} at ${cached}` : "does not hold it";
  throw new InputError(
    `${source}: is no local path, ${reason}, and the cache (${model}) ${lack}. Connect to the hub, or run 'hf download ${id.name} --revision ${id.revision}' where it can be reached and copy the cache.`,
  );
}

/** @returns the commit, whose snapshot is then complete. */
async function fetchSnapshot(hub: Hub): Promise<string> {
  const { id, model, extent } = hub;
  const commit = isCommitHash(id.revision) ? id.revision : await askCommit(hub);
  if (snapshotState(model, commit, extent).kind !== "complete") await fillSnapshot(hub, commit);
  // Last, so that until then the revision leads to the snapshot that was complete before.
  writeRef(model, id.revision, commit);
  return commit;
}

async function fillSnapshot(hub: Hub, commit: string): Promise<void> {
  const { model, extent, source } = hub;
  const files = await askFiles(hub, commit);
  const entry = weightsEntry(files, source);
  const shards: ListedFile[] = [];
  if (entry.path === indexName) {
    await fetchBlobs(hub, commit, [entry], false);
    for (const name of new Set(readShardNames(blobPath(model, entry.digest)).values())) {
      const shard = files.get(name);
      if (shard === undefined) {
        throw new InputError(`${source}: its index names the shard ${shownName(name)}, which the repository lacks.`);
      }
      shards.push(shard);
    }
  }
  const beside = namesBeside(extent).map((name) => files.get(name));
  const wanted = [...beside.filter((file) => file !== undefined), ...shards, entry];
  await fetchBlobs(hub, commit, wanted, true);
  // Once all blobs are whole, the weights last: what has its weights has all.
  for (const name of namesBeside(extent)) if (!files.has(name)) markAbsent(model, commit, name);
  for (const file of wanted) linkBlob(model, commit, file);
}

async function fetchBlobs(hub: Hub, commit: string, files: readonly ListedFile[], shows: boolean): Promise<void> {
  const { id, settings, model, options } = hub;
  const snapshot = snapshotFolder(model, commit);
  const absent = files.filter(
    ({ path, bytes, digest }) => !holdsFile(blobPath(model, digest), bytes) && !holdsFile(join(snapshot, path), bytes),
  );
  const totalBytes = absent.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  for (const file of absent) {
    await downloadBlob({
      url: `${settings.endpoint}/${id.name}/resolve/${commit}/${encodeURIComponent(file.path)}`,
      file,
      target: blobPath(model, file.digest),
      fetch: hub.fetch,
      failure: (error) => failure(error, settings, options.signal),
      onBytes: (bytes) => shows && options.onProgress?.({ file: file.path, bytes: before + bytes, totalBytes }),
    });
    before += file.bytes;
  }
}

async function askCommit(hub: Hub): Promise<string> {
  const { id, source } = hub;
  const { sha } = await asking(hub, async (library, fetch) =>
    library.modelInfo({
      name: id.name,
      revision: id.revision,
      additionalFields: ["sha"],
      fetch,
      hubUrl: hub.settings.endpoint,
    }),
  );
  if (typeof sha !== "string" || !isCommitHash(sha)) {
    throw new InputError(`${source}: the hub names no commit for it. Is HF_ENDPOINT a hub of models?`);
  }
  return sha;
}

/** @returns the files at the top of the repository, by name. */
async function askFiles(hub: Hub, commit: string): Promise<ReadonlyMap<string, ListedFile>> {
  const { id, source, settings } = hub;
  return asking(hub, async (library, fetch) => {
    const files = new Map<string, ListedFile>();
    const repo = { type: "model", name: id.name } as const;
    for await (const entry of library.listFiles({ repo, revision: commit, fetch, hubUrl: settings.endpoint })) {
      const file = parseListed(entry, source);
      if (file !== null) files.set(file.path, file);
    }
    return files;
  });
}

async function asking<T>(
  { settings, options, fetch }: Hub,
  ask: (library: typeof import("@huggingface/hub"), fetch: Fetch) => Promise<T>,
): Promise<T> {
  // Loaded only when it is needed: local models need not wait for it.
  const library = await import("@huggingface/hub");
  try {
    return await ask(library, (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(answerTimeoutMs) }));
  } catch (error) {
    throw error instanceof DeadweightError ? error : failure(error, settings, options.signal);
  }
}
