/** @file A repository on the hub, of a model or of data: its commit, its files, their download. Knows nothing of which files are wanted. */
import { join } from "node:path";
import { DeadweightError, InputError } from "../foundation/errors.js";
import { downloadBlob } from "./hub-blob.js";
import { blobPath, holdsFile, repositoryFolder, snapshotFolder } from "./hub-cache.js";
import { type Fetch, failure, hubFetch } from "./hub-fetch.js";
import { type HubId, isCommitHash, type RepositoryKind, repositoryNoun } from "./hub-id.js";
import { type ListedFile, parseListed } from "./hub-listing.js";
import { type Environment, type HubSettings, hubSettings } from "./hub-settings.js";

export interface DownloadProgress {
  /** The file that is coming in. */
  readonly file: string;
  /** Of all files of this download together: so far, and in the end. The index of a model's shards is not counted. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface HubOptions {
  readonly environment: Environment;
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
  readonly fetch?: Fetch;
}

export interface Repository {
  readonly kind: RepositoryKind;
  /** As the user wrote it, for messages. */
  readonly source: string;
  readonly id: HubId;
  readonly settings: HubSettings;
  /** Its folder in the cache. */
  readonly folder: string;
  readonly fetch: Fetch;
  readonly options: HubOptions;
}

// As in Python's huggingface_hub (constants.DEFAULT_ETAG_TIMEOUT).
const answerTimeoutMs = 10_000;

/** @throws InputError for an environment that makes no sense. */
export function hubRepository(kind: RepositoryKind, source: string, id: HubId, options: HubOptions): Repository {
  const settings = hubSettings(options.environment);
  const folder = repositoryFolder(settings.cacheFolder, kind, id.name);
  const request = hubFetch(kind, id, settings, options.signal, options.fetch ?? fetch);
  return { kind, source, id, settings, folder, fetch: request, options };
}

/** @returns the commit that the revision leads to; asked for unless the revision is one. @throws InputError, InterruptedError */
export async function askCommit(repository: Repository): Promise<string> {
  const { kind, id, source, settings } = repository;
  if (isCommitHash(id.revision)) return id.revision;
  const { sha } = await asking(repository, async (library, fetch) => {
    const wanted = { name: id.name, revision: id.revision, fetch, hubUrl: settings.endpoint };
    return kind === "model"
      ? library.modelInfo({ ...wanted, additionalFields: ["sha"] })
      : library.datasetInfo({ ...wanted, additionalFields: ["sha"] });
  });
  if (typeof sha !== "string" || !isCommitHash(sha)) {
    throw new InputError(
      `${source}: the hub names no commit for it. Is HF_ENDPOINT a hub of ${repositoryNoun(kind)}s?`,
    );
  }
  return sha;
}

/** @returns the files by path: those at the top of a model's repository, all of a data set's. @throws InputError, InterruptedError */
export async function askFiles(repository: Repository, commit: string): Promise<ReadonlyMap<string, ListedFile>> {
  const { kind, id, source, settings } = repository;
  const repo = { type: kind, name: id.name };
  const recursive = kind === "dataset";
  return asking(repository, async (library, fetch) => {
    const files = new Map<string, ListedFile>();
    const listing = library.listFiles({ repo, revision: commit, recursive, fetch, hubUrl: settings.endpoint });
    for await (const entry of listing) {
      const file = parseListed(entry, source);
      if (file !== null) files.set(file.path, file);
    }
    return files;
  });
}

/** Brings those of the files into the cache's blobs that are not in it yet. @throws InputError, OutputError, InterruptedError */
export async function fetchBlobs(
  repository: Repository,
  commit: string,
  files: readonly ListedFile[],
  onProgress: HubOptions["onProgress"],
): Promise<void> {
  const { kind, id, settings, folder, fetch, options } = repository;
  const snapshot = snapshotFolder(folder, commit);
  const absent = files.filter(
    ({ path, bytes, digest }) => !holdsFile(blobPath(folder, digest), bytes) && !holdsFile(join(snapshot, path), bytes),
  );
  const address = `${settings.endpoint}/${kind === "dataset" ? "datasets/" : ""}${id.name}/resolve/${commit}`;
  const totalBytes = absent.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  for (const file of absent) {
    await downloadBlob({
      url: `${address}/${file.path.split("/").map(encodeURIComponent).join("/")}`,
      file,
      target: blobPath(folder, file.digest),
      fetch,
      failure: (error) => failure(error, settings, options.signal),
      onBytes: (bytes) => onProgress?.({ file: file.path, bytes: before + bytes, totalBytes }),
    });
    before += file.bytes;
  }
}

/** What is said where neither the hub nor the cache has it. */
export function notCached({ kind, source, id, folder }: Repository, reason: string, lack: string): InputError {
  const type = kind === "dataset" ? " --repo-type dataset" : "";
  return new InputError(
    `${source}: is no local path, ${reason}, and the cache (${folder}) ${lack}. Connect to the hub, or run 'hf download ${id.name}${type} --revision ${id.revision}' where it can be reached and copy the cache.`,
  );
}

async function asking<T>(
  { settings, options, fetch }: Repository,
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
