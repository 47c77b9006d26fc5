/** @file The scan of a checkpoint: every stored matrix read once, in the order of the file, measured by whoever is free. */
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import { listMatrices, listSkipped } from "../checkpoint/weight-names.js";
import { InterruptedError } from "../foundation/errors.js";
import type { MatrixScanRecord } from "../records/scan-record.js";
import type { Measurer } from "./measure-request.js";
import { openMeasurer } from "./measurer.js";
import { measurerPool } from "./measurer-pool.js";
import type { AmplitudeChoice, Depth } from "./measuring.js";
import { baseReader } from "./scan-base.js";
import { scanUnits } from "./scan-plan.js";
import { measureUnit } from "./scan-unit.js";

export interface ScanOptions {
  /** Which matrices; all by default. */
  readonly only?: (matrix: CheckpointMatrix) => boolean;
  /** Whether packed weights are also measured part by part. */
  readonly parts?: boolean;
  readonly depth?: Depth;
  /** Amplitude fits; none by default. */
  readonly amplitudes?: AmplitudeChoice;
  /** Of everything that is drawn. */
  readonly seed?: number;
  /** Who measures, each one matrix at a time; this thread by default. */
  readonly measurers?: readonly Measurer[];
  /** Who computes for the measurers, for the record; WebAssembly by default. */
  readonly kernels?: string;
  /** Another checkpoint of the same architecture: what has changed since is measured too. */
  readonly base?: Checkpoint;
  /** Called as matrices are finished. */
  readonly onProgress?: (progress: ScanProgress) => void;
  /** Heeded between matrices. */
  readonly signal?: AbortSignal;
}

export interface ScanProgress {
  readonly doneMatrices: number;
  readonly matrices: number;
  readonly doneBytes: number;
  readonly bytes: number;
  /** The one finished last. */
  readonly name: string;
}

/** The matrices that a scan measures, in the order of its rows: by layer, and what belongs to none at the end. */
export function scannedMatrices(
  checkpoint: Checkpoint,
  { only = () => true, parts = true }: ScanOptions,
): CheckpointMatrix[] {
  const skipped = new Set(listSkipped(checkpoint).map(({ tensor }) => tensor));
  const matrices = listMatrices(checkpoint, { parts }).filter((matrix) => !skipped.has(matrix.tensor) && only(matrix));
  const last = Number.POSITIVE_INFINITY;
  return matrices
    .map((matrix, index) => ({ matrix, index }))
    .sort((a, b) => {
      const [first, second] = [a.matrix.layer ?? last, b.matrix.layer ?? last];
      return first === second ? a.index - b.index : first - second;
    })
    .map(({ matrix }) => matrix);
}

/** Of the process beside what is under way, and of each thread. Measured 2026-11 on Linux x64; see docs/log.md. */
const processBytes = 110e6;
const threadBytes = 24e6;
/** So much is free in any case: small matrices should not wait for each other. */
const fewestBytes = 40e6;

/** A scan is to take less than twice the largest matrix and 150 MB: what is left of that for matrices under way. */
function bytesUnderWay(largest: number, threads: number): number {
  return Math.max(fewestBytes, 2 * largest + 150e6 - processBytes - threads * threadBytes);
}

/**
 * Yields a record for each matrix in the order of `scannedMatrices`, as soon as it and those before it are finished.
 * @throws InputError where a tensor cannot be read, InterruptedError after `signal` fired; what was finished has been yielded.
 */
export async function* scanCheckpoint(
  checkpoint: Checkpoint,
  options: ScanOptions = {},
): AsyncGenerator<MatrixScanRecord, void, undefined> {
  const {
    depth = "full",
    amplitudes = "none",
    seed = 0,
    measurers = [openMeasurer()],
    base,
    onProgress,
    signal,
  } = options;
  const matrices = scannedMatrices(checkpoint, options);
  const units = scanUnits(matrices, checkpoint.dataOrder, {
    depth,
    whole: amplitudes !== "none" || base !== undefined,
  });
  const elements = ({ stored }: (typeof units)[number]) => stored.rows * stored.cols;
  const largest = units.reduce((most, unit) => Math.max(most, elements(unit) * 4), 0);
  // The largest is let through in any case.
  const pool = measurerPool(measurers, bytesUnderWay(largest, measurers.length));
  const readBase = base && baseReader(checkpoint, base);
  const finished = new Map<string, MatrixScanRecord>();
  const bytes = units.reduce((sum, unit) => sum + elements(unit), 0);
  let doneBytes = 0;
  let doneMatrices = 0;
  let wake = () => {};
  let state: { kind: "running" } | { kind: "stopped" } | { kind: "ended" } | { kind: "failed"; error: unknown } = {
    kind: "running",
  };

  const work = async () => {
    const running: Promise<void>[] = [];
    for (const unit of units) {
      if (state.kind !== "running" || signal?.aborted) break;
      const { measured } = await measureUnit(checkpoint, unit, { depth, amplitudes, seed }, pool, readBase);
      const done = measured.then((records) => {
        for (const record of records) finished.set(record.name, record);
        doneBytes += elements(unit);
        doneMatrices += records.length;
        onProgress?.({ doneMatrices, matrices: matrices.length, doneBytes, bytes, name: unit.matrices[0].name });
        wake();
      });
      done.catch((error: unknown) => {
        state = { kind: "failed", error };
        wake();
      });
      running.push(done);
    }
    await Promise.all(running);
  };
  const worked = work().then(
    () => {
      if (state.kind === "running") state = { kind: "ended" };
      wake();
    },
    (error: unknown) => {
      state = { kind: "failed", error };
      wake();
    },
  );
  try {
    let next = 0;
    const current = () => state;
    for (;;) {
      const ended = current().kind !== "running";
      for (let record = finished.get(matrices[next]?.name); record; record = finished.get(matrices[next]?.name)) {
        yield record;
        finished.delete(record.name);
        next++;
      }
      if (ended) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (current().kind !== "running" || finished.has(matrices[next]?.name)) resolve();
      });
    }
    const end = current();
    if (end.kind === "failed") throw end.error;
    // After an interrupt there are gaps: what is finished behind them is not lost.
    for (const { name } of matrices.slice(next)) {
      const record = finished.get(name);
      if (record) yield record;
    }
    if (signal?.aborted && doneMatrices < matrices.length) {
      throw new InterruptedError(
        `${checkpoint.source}: the scan was stopped after ${doneMatrices} of ${matrices.length} matrices.`,
      );
    }
  } finally {
    if (state.kind === "running") state = { kind: "stopped" };
    await worked;
  }
}
