/** @file Models and data sets given by path or hub id, as local paths, with the download's progress. */
import { isHubDatasetId } from "../checkpoint/hub-dataset-id.js";
import { isHubId } from "../checkpoint/hub-id.js";
import type { DownloadProgress, HubOptions } from "../checkpoint/hub-repository.js";
import type { TerminalProgress } from "./terminal-progress.js";

export interface SourceOptions {
  readonly progress: TerminalProgress;
  readonly signal: AbortSignal;
}

function hubOptions({ progress, signal }: SourceOptions): HubOptions {
  return {
    environment: process.env,
    signal,
    onProgress: ({ file, bytes, totalBytes }: DownloadProgress) =>
      progress.update({ stage: "download", fraction: totalBytes > 0 ? bytes / totalBytes : 0, detail: file }),
  };
}

/** @param only leaves the tokenizer out. @throws InputError, OutputError, InterruptedError */
export async function modelPath(source: string, options: SourceOptions & { only?: "weights" }): Promise<string> {
  if (!isHubId(source)) return source;
  // Loaded only when it is needed: local models need not wait for it.
  const { localModel } = await import("../checkpoint/hub-model.js");
  const { only } = options;
  const { path } = await localModel(source, { ...hubOptions(options), ...(only && { only }) });
  options.progress.end();
  return path;
}

/** @throws InputError, OutputError, InterruptedError */
export async function dataPaths(sources: readonly string[], options: SourceOptions): Promise<string[]> {
  const paths: string[] = [];
  for (const source of sources) {
    if (!isHubDatasetId(source)) {
      paths.push(source);
      continue;
    }
    const { localDataset } = await import("../checkpoint/hub-dataset.js");
    paths.push(...(await localDataset(source, hubOptions(options))).paths);
    options.progress.end();
  }
  return paths;
}
