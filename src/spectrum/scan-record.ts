/** @file A whole scan as one record. Knows nothing of how matrices are measured. */
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { parameterCount } from "../checkpoint/parameter-count.js";
import { listSkipped } from "../checkpoint/weight-names.js";
import { version } from "../foundation/version.js";
import type { MatrixScanRecord, ScanRecord } from "../records/scan-record.js";
import { type ScanOptions, scanCheckpoint } from "./scan.js";

/** The record of what has been measured so far. @throws InputError where the files cannot be hashed. */
export function scanRecordOf(
  checkpoint: Checkpoint,
  matrices: readonly MatrixScanRecord[],
  { seed = 0, base }: Pick<ScanOptions, "seed" | "base">,
): ScanRecord {
  // A part says nothing that its whole does not.
  const names = new Set(matrices.map(({ name }) => name));
  const isPart = (name: string) => names.has(name.slice(0, name.lastIndexOf(".")));
  const judged = matrices.filter(({ name, noiseLike }) => noiseLike !== null && !isPart(name));
  return {
    schema: "deadweight/scan@1",
    version,
    model: modelRecord(checkpoint),
    ...(base && { base: modelRecord(base) }),
    seed,
    matrices: [...matrices],
    skipped: listSkipped(checkpoint).map((tensor) => ({ ...tensor, shape: [...tensor.shape] })),
    noiseCheck: { measured: judged.length, noiseLike: judged.filter(({ noiseLike }) => noiseLike).length },
  };
}

/** @throws InputError, InterruptedError */
export async function scanRecord(checkpoint: Checkpoint, options: ScanOptions = {}): Promise<ScanRecord> {
  const matrices: MatrixScanRecord[] = [];
  for await (const matrix of scanCheckpoint(checkpoint, options)) matrices.push(matrix);
  return scanRecordOf(checkpoint, matrices, options);
}

function modelRecord(checkpoint: Checkpoint): ScanRecord["model"] {
  return {
    source: checkpoint.source,
    sha256: checkpoint.sha256(),
    architecture: architectureOf(checkpoint),
    parameters: parameterCount(checkpoint),
  };
}

/** The class or the type that the config names; a file without config has none. */
function architectureOf({ config }: Checkpoint): string {
  const named = Array.isArray(config?.architectures) ? config.architectures[0] : config?.model_type;
  return typeof named === "string" ? named : "unknown";
}
