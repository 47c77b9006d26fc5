/** @file Scans the matrices of a test, for what their spectra say beside what they cost. */
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import type { MatrixScanRecord } from "../records/scan-record.js";
import { scanCheckpoint } from "../spectrum/scan.js";
import type { SourceOptions } from "./local-sources.js";
import { openScanThreads } from "./scan-threads.js";

/** @param names canonical. @throws InterruptedError */
export async function scanTested(
  path: string,
  names: ReadonlySet<string>,
  threads: number,
  { progress, signal }: SourceOptions,
): Promise<MatrixScanRecord[]> {
  const checkpoint = openCheckpoint(path);
  const measuring = openScanThreads(Math.min(threads, names.size));
  try {
    const found: MatrixScanRecord[] = [];
    const scan = scanCheckpoint(checkpoint, {
      only: ({ name }) => names.has(name),
      parts: false,
      measurers: measuring.measurers,
      signal,
      onProgress: ({ doneMatrices, matrices, name }) =>
        progress.update({ stage: "scan", fraction: doneMatrices / matrices, detail: name }),
    });
    for await (const matrix of scan) found.push(matrix);
    return found;
  } finally {
    progress.end();
    await measuring.close();
    checkpoint.close();
  }
}
