/** @file The paper's scan of the base: the 16 attention matrices, with the amplitude fits, and the target's whole spectrum. */
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import { listMatrices, readMatrix } from "../checkpoint/weight-names.js";
import { shareOut } from "../dispatch/share-out.js";
import type { TaskRunner } from "../dispatch/task.js";
import { randomStream } from "../foundation/random.js";
import { singularValues } from "../linalg/singular-values.js";
import type { PaperRecord } from "../records/paper-record.js";
import { appendRecord, cutUnfinishedLine, parseRecord, readRecordLines, writeRecord } from "../records/record-file.js";
import type { RunFolder } from "../records/run-folder.js";
import { matrixScanRecord, type ScanRecord } from "../records/scan-record.js";
import { hashedRecord, scanOverview } from "../spectrum/scan-record.js";

export interface ScanBaseOptions {
  readonly model: string;
  readonly folder: RunFolder;
  readonly seed: number;
  readonly runners: readonly TaskRunner[];
  readonly onProgress: (progress: { stage: string; fraction: number; detail: string }) => void;
  readonly signal: AbortSignal;
}

const scanTask = new URL("./scan-task.js", import.meta.url);

/** Scans the attention matrices one by one, each kept when it is done, and writes scan.json. @throws InterruptedError */
export async function scanAttention({
  model,
  folder,
  seed,
  runners,
  onProgress,
  signal,
}: ScanBaseOptions): Promise<ScanRecord> {
  const checkpoint = openCheckpoint(model);
  try {
    const names = listMatrices(checkpoint)
      .filter(({ role }) => role.startsWith("attn."))
      .map(({ name }) => name);
    const path = folder.file("scan.jsonl");
    cutUnfinishedLine(path);
    const rows = new Map(readRecordLines(path, matrixScanRecord).map((row) => [row.name, row]));
    const report = (name: string) =>
      onProgress({
        stage: "scan",
        fraction: rows.size / names.length,
        detail: `${rows.size} of ${names.length} matrices done; ${name}`,
      });
    const missing = names.filter((name) => !rows.has(name));
    await shareOut(runners, missing, async (runner, name) => {
      report(name);
      const row = parseRecord(matrixScanRecord, await runner.run(scanTask, { model, name, seed }, { signal }), name);
      appendRecord(path, row);
      rows.set(name, row);
      report(name);
    });
    const empty = hashedRecord(scanOverview(checkpoint, [], { seed }), checkpoint);
    // The folder is named as the user sees it from inside the run: a path would differ between machines.
    const record = {
      ...empty,
      model: { ...empty.model, source: "base" },
      matrices: names.map((name) => rows.get(name)!),
    };
    writeRecord(folder.file("scan.json"), record);
    return record;
  } finally {
    checkpoint.close();
  }
}

/** Singular values of a matrix, and of i.i.d. normal noise of its shape and root mean square. */
export function spectrumOf(model: string, name: string, { matrices, seed }: ScanRecord): PaperRecord["spectrum"] {
  const checkpoint = openCheckpoint(model);
  try {
    const matrix = listMatrices(checkpoint).find((candidate) => candidate.name === name)!;
    const { rows, cols } = matrix;
    const singular = singularValues(readMatrix(checkpoint, matrix), rows, cols);
    const energy = singular.reduce((sum, value) => sum + value * value, 0);
    const noise = new Float32Array(rows * cols);
    randomStream(seed, `noise beside ${name}`).fillNormal(noise, Math.sqrt(energy / noise.length));
    return {
      singularValues: [...singular],
      nullSingularValues: [...singularValues(noise, rows, cols)],
      edge: matrices.find((row) => row.name === name)?.edge ?? null,
    };
  } finally {
    checkpoint.close();
  }
}
