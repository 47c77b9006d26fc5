/** @file Reads one stored matrix, whole or by rows, and has it measured. Knows nothing of the order of a scan's rows. */
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { elementBytes } from "../checkpoint/stored-elements.js";
import { InputError, WorkerError } from "../foundation/errors.js";
import type { MatrixScanRecord } from "../records/scan-record.js";
import { type EntryMoments, joinedMoments, noMoments } from "./entry-moments.js";
import type { MeasureReply, StoredBlock, StoredRows } from "./measure-request.js";
import type { MeasurerLease, MeasurerPool } from "./measurer-pool.js";
import type { Measuring } from "./measuring.js";
import type { BaseReader } from "./scan-base.js";
import { pieceBytes, type ScanUnit } from "./scan-plan.js";

export interface UnitUnderWay {
  /** One record for each matrix of the unit. */
  readonly measured: Promise<MatrixScanRecord[]>;
}

/** Resolves when the unit has been read; measuring it goes on, so that nobody waits for the next one. @throws InputError */
export async function measureUnit(
  checkpoint: Checkpoint,
  unit: ScanUnit,
  measuring: Measuring,
  pool: MeasurerPool,
  readBase: BaseReader | undefined,
): Promise<UnitUnderWay> {
  const { tensor, stored, matrices, reading } = unit;
  const { elementBegin, rows: storedRows, cols } = stored;
  const blocks: readonly StoredBlock[] = matrices;
  const elements = checkpoint.elementsOf(tensor);
  if ("unreadable" in elements) throw new InputError(`${checkpoint.source}: '${tensor}' is ${elements.unreadable}.`);
  const size = elementBytes[elements.dtype];
  const rowBytes = cols * size;
  const read = (rowBegin: number, rowEnd: number): StoredRows => {
    const at = elementBegin * size;
    const into = pool.spare((rowEnd - rowBegin) * rowBytes);
    const bytes = checkpoint.readBytes(tensor, at + rowBegin * rowBytes, at + rowEnd * rowBytes, into);
    return { bytes, elements, firstRow: rowBegin, tensorRow: elementBegin / cols + rowBegin, cols };
  };
  const rowsOf = (bytes: number) => Math.max(1, Math.floor(bytes / rowBytes));
  const decodedBytes = storedRows * cols * 4;
  switch (reading) {
    case "whole": {
      const lease = await pool.take(storedRows * rowBytes + (elements.dtype === "F32" ? 0 : decodedBytes));
      const reply = released(lease, () => {
        const base = readBase?.(unit) ?? undefined;
        return lease.run({ kind: "matrix", stored: read(0, storedRows), blocks, measuring, ...(base && { base }) });
      });
      return { measured: reply.then((done) => records(unit, done, readBase)) };
    }
    case "shares": {
      const pieceRows = rowsOf(pieceBytes.shares);
      let sum: Promise<{ gram: Float64Array | null; moments: EntryMoments }> = Promise.resolve({
        gram: null,
        moments: noMoments,
      });
      for (let begin = 0; begin < storedRows; begin += pieceRows) {
        const end = Math.min(storedRows, begin + pieceRows);
        const lease = await pool.take((end - begin) * rowBytes);
        const share = released(lease, () =>
          lease.run({ kind: "share", stored: read(begin, end), depth: measuring.depth }),
        );
        // Added up in the order of the rows, whoever is done first: the same command gives the same numbers.
        sum = Promise.all([sum, share]).then(([before, next]) => added(before, next));
        // Met again when all has been read.
        sum.catch(() => {});
      }
      const finish = async () => {
        const { gram, moments } = await sum;
        const lease = await pool.take(0);
        const request = { kind: "sum", gram: gram!, moments, block: blocks[0], measuring } as const;
        return records(unit, await released(lease, () => lease.run(request)), readBase);
      };
      return { measured: finish() };
    }
    case "kept": {
      const pieceRows = rowsOf(pieceBytes.kept);
      const lease = await pool.take(decodedBytes);
      try {
        for (let begin = 0; ; begin += pieceRows) {
          const end = Math.min(storedRows, begin + pieceRows);
          const last = end === storedRows;
          const request = {
            kind: "keep",
            stored: read(begin, end),
            block: blocks[0],
            measuring: last ? measuring : null,
          } as const;
          const reply = lease.run(request);
          if (last) return { measured: reply.finally(lease.release).then((done) => records(unit, done, readBase)) };
          await reply;
        }
      } catch (error) {
        lease.release();
        throw error;
      }
    }
    default:
      return reading satisfies never;
  }
}

/** Gives the lease back whatever becomes of the work. */
async function released<T>(lease: MeasurerLease, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    lease.release();
  }
}

function added(before: { gram: Float64Array | null; moments: EntryMoments }, share: MeasureReply) {
  if (share.kind !== "share") throw new WorkerError("scan: a share of a matrix was answered with something else.");
  const moments = joinedMoments(before.moments, share.moments);
  if (before.gram === null) return { gram: share.gram, moments };
  const { gram } = before;
  for (let i = 0; i < gram.length; i++) gram[i] += share.gram[i];
  return { gram, moments };
}

function records({ matrices }: ScanUnit, reply: MeasureReply, readBase: BaseReader | undefined): MatrixScanRecord[] {
  if (reply.kind !== "measures")
    throw new WorkerError("scan: measures were asked for and something else was answered.");
  return matrices.map(({ name, tensor, layer, role, expert, rows, cols, dtype }, index) => ({
    ...{ name, tensor, layer, role, expert, rows, cols, dtype },
    ...reply.measures[index],
    ...(readBase && { change: reply.changes[index] ?? null }),
  }));
}
