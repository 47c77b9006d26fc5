/** @file A whole scan as one record. Knows nothing of how matrices are measured. */
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { parameterCount } from "../checkpoint/parameter-count.js";
import { listSkipped } from "../checkpoint/weight-names.js";
import { version } from "../foundation/version.js";
import type { MatrixScanRecord, ScanRecord } from "../records/scan-record.js";
import { type ScanOptions, scanCheckpoint } from "./scan.js";

type Unhashed<Model> = Omit<Model, "sha256">;

/** A record without the hashes, which only files need: for them every byte has to be read. */
export interface ScanOverview extends Omit<ScanRecord, "model" | "base"> {
  readonly model: Unhashed<ScanRecord["model"]>;
  readonly base?: Unhashed<NonNullable<ScanRecord["base"]>>;
}

/** What has been measured so far. */
export function scanOverview(
  checkpoint: Checkpoint,
  matrices: readonly MatrixScanRecord[],
  { seed = 0, base, kernels }: Pick<ScanOptions, "seed" | "base" | "kernels">,
): ScanOverview {
  // A part says nothing that its whole does not.
  const names = new Set(matrices.map(({ name }) => name));
  const isPart = (name: string) => names.has(name.slice(0, name.lastIndexOf(".")));
  const judged = matrices.filter(({ name, noiseLike }) => noiseLike !== null && !isPart(name));
  return {
    schema: "deadweight/scan@1",
    version,
    model: modelOf(checkpoint),
    ...(base && { base: modelOf(base) }),
    seed,
    ...(kernels !== undefined && { kernels }),
    matrices: [...matrices],
    skipped: listSkipped(checkpoint).map((tensor) => ({ ...tensor, shape: [...tensor.shape] })),
    noiseCheck: { measured: judged.length, noiseLike: judged.filter(({ noiseLike }) => noiseLike).length },
  };
}

/** Reads what has not been hashed yet. @throws InputError */
export function hashedRecord(overview: ScanOverview, checkpoint: Checkpoint, base?: Checkpoint): ScanRecord {
  const { model, base: baseModel, ...others } = overview;
  return {
    ...others,
    model: { ...model, sha256: checkpoint.sha256() },
    ...(baseModel && base && { base: { ...baseModel, sha256: base.sha256() } }),
  };
}

/** @throws InputError, InterruptedError */
export async function scanRecord(checkpoint: Checkpoint, options: ScanOptions = {}): Promise<ScanRecord> {
  const matrices: MatrixScanRecord[] = [];
  for await (const matrix of scanCheckpoint(checkpoint, options)) matrices.push(matrix);
  return hashedRecord(scanOverview(checkpoint, matrices, options), checkpoint, options.base);
}

function modelOf(checkpoint: Checkpoint): ScanOverview["model"] {
  const { source } = checkpoint;
  return { source, architecture: architectureOf(checkpoint), parameters: parameterCount(checkpoint) };
}

/** The class or the type that the config names; a file without config has none. */
function architectureOf({ config }: Checkpoint): string {
  const named = Array.isArray(config?.architectures) ? config.architectures[0] : config?.model_type;
  return typeof named === "string" ? named : "unknown";
}
