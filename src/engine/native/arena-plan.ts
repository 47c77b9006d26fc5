/** @file Lays the storages of a schedule out in one arena, so that what is needed at different times shares memory. */
import type { Storage } from "./placement.js";

export interface ArenaPlan {
  /** Byte offset of each storage, null where it is an array of the caller's. */
  readonly offsets: readonly (number | null)[];
  readonly bytes: number;
}

const alignment = 64;
const bytesOf = ({ elements }: Storage): number => Math.ceil((elements * 4) / alignment) * alignment;

interface Laid {
  readonly begin: number;
  readonly end: number;
  readonly offset: number;
  readonly bytes: number;
}

/** Largest first, each at the lowest offset that is free over its whole life (Pisarchyk & Lee 2020, greedy by size). */
export function planArena(storages: readonly Storage[]): ArenaPlan {
  const offsets: (number | null)[] = storages.map(() => null);
  const order = storages
    .map((storage, index) => ({ storage, index }))
    .filter(({ storage }) => storage.bound === null)
    .sort((a, b) => bytesOf(b.storage) - bytesOf(a.storage) || a.index - b.index);
  const laid: Laid[] = [];
  for (const { storage, index } of order) {
    const bytes = bytesOf(storage);
    const offset = lowestGap(
      laid.filter(({ begin, end }) => begin <= storage.end && end >= storage.begin),
      bytes,
    );
    offsets[index] = offset;
    laid.push({ begin: storage.begin, end: storage.end, offset, bytes });
  }
  return { offsets, bytes: laid.reduce((most, { offset, bytes }) => Math.max(most, offset + bytes), 0) };
}

function lowestGap(neighbours: readonly Laid[], bytes: number): number {
  let offset = 0;
  for (const other of [...neighbours].sort((a, b) => a.offset - b.offset)) {
    if (other.offset >= offset + bytes) break;
    offset = Math.max(offset, other.offset + other.bytes);
  }
  return offset;
}
