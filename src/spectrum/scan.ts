/** @file The scan of a checkpoint: the measures of its matrices, one in memory at a time. Knows nothing of how they are shown. */
import { setImmediate } from "node:timers/promises";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { parameterCount } from "../checkpoint/parameter-count.js";
import { type CheckpointMatrix, listMatrices, readMatrix } from "../checkpoint/weight-names.js";
import { isDtype, isFloatDtype } from "../foundation/dtype.js";
import { InterruptedError } from "../foundation/errors.js";
import { version } from "../foundation/version.js";
import type { MatrixScanRecord, ScanRecord } from "../records/scan-record.js";
import { type AmplitudeChoice, measureMatrix, unmeasured } from "./matrix-measures.js";
import { type NoiseNulls, openNoiseNulls } from "./noise-null.js";

export interface ScanOptions {
  /** Which matrices; all by default. */
  readonly only?: (matrix: CheckpointMatrix) => boolean;
  /** Seed of the noise nulls. */
  readonly seed?: number;
  /** Nulls of that seed that are known already; a fresh set by default. */
  readonly nulls?: NoiseNulls;
  /** Amplitude fits, for all matrices or for each. */
  readonly amplitudes?: AmplitudeChoice | ((matrix: CheckpointMatrix) => AmplitudeChoice);
  /** Called before each matrix with the number of those finished. */
  readonly onProgress?: (done: number, total: number, name: string) => void;
  /** Heeded between matrices. */
  readonly signal?: AbortSignal;
}

/**
 * Yields a record for each matrix, in the order of `listMatrices`, and control to the event loop between them.
 * @throws InputError where a tensor cannot be read, InterruptedError after `signal` fired.
 */
export async function* scanCheckpoint(
  checkpoint: Checkpoint,
  options: ScanOptions = {},
): AsyncGenerator<MatrixScanRecord, void, undefined> {
  const {
    only = () => true,
    seed = 0,
    nulls = openNoiseNulls(seed),
    amplitudes = "projection",
    onProgress,
    signal,
  } = options;
  const matrices = listMatrices(checkpoint).filter(only);
  for (const [done, matrix] of matrices.entries()) {
    await setImmediate();
    if (signal?.aborted) {
      throw new InterruptedError(
        `${checkpoint.source}: the scan was stopped after ${done} of ${matrices.length} matrices.`,
      );
    }
    onProgress?.(done, matrices.length, matrix.name);
    const { name, tensor, layer, role, rows, cols, dtype } = matrix;
    const measuring = { nulls, amplitudes: typeof amplitudes === "function" ? amplitudes(matrix) : amplitudes };
    const measures =
      isDtype(dtype) && isFloatDtype(dtype)
        ? measureMatrix(readMatrix(checkpoint, matrix), rows, cols, measuring)
        : unmeasured(rows, cols, `stored as ${dtype}, which is not read`, measuring);
    yield { name, tensor, layer, role, dtype, ...measures };
  }
}

/** The whole scan as one record. @throws InputError, InterruptedError */
export async function scanRecord(checkpoint: Checkpoint, options: ScanOptions = {}): Promise<ScanRecord> {
  const matrices: MatrixScanRecord[] = [];
  for await (const matrix of scanCheckpoint(checkpoint, options)) matrices.push(matrix);
  return {
    schema: "deadweight/scan@1",
    version,
    model: {
      source: checkpoint.source,
      sha256: checkpoint.sha256(),
      architecture: architectureOf(checkpoint),
      parameters: parameterCount(checkpoint),
    },
    seed: options.seed ?? 0,
    matrices,
  };
}

/** The class or the type that the config names; a file without config has none. */
function architectureOf({ config }: Checkpoint): string {
  const named = Array.isArray(config?.architectures) ? config.architectures[0] : config?.model_type;
  return typeof named === "string" ? named : "unknown";
}
