/** @file Stored rows as numbers, a piece at a time or all at once. Knows nothing of measures. */
import { endianness } from "node:os";
import { decodeElements, elementBytes } from "../checkpoint/stored-elements.js";
import { ShapeError } from "../foundation/errors.js";
import type { StoredRows } from "./measure-request.js";

type Values = Float32Array | Float64Array;

const littleEndian = endianness() === "LE";

/** Elements decoded at a time where a matrix need not lie in memory as a whole. */
const pieceElements = 1 << 18;

/** Whole rows. */
export interface Piece {
  readonly values: Values;
  readonly firstRow: number;
}

/** Pieces are looked at one by one and share this memory. */
let scratch = new Float32Array(0);

/** What one piece holds is void with the next. */
export function* decodedPieces({ bytes, elements, firstRow, tensorRow, cols }: StoredRows): Generator<Piece> {
  const rowBytes = bytesPerRow(bytes, elements.dtype, cols);
  const count = bytes.byteLength / rowBytes;
  const step = Math.max(1, Math.floor(pieceElements / cols));
  if (scratch.length < step * cols) scratch = new Float32Array(Math.max(pieceElements, cols));
  for (let begin = 0; begin < count; begin += step) {
    const rows = Math.min(step, count - begin);
    const piece = bytes.subarray(begin * rowBytes, (begin + rows) * rowBytes);
    const values = elements.dtype === "F64" ? new Float64Array(rows * cols) : scratch.subarray(0, rows * cols);
    decodeElements(piece, elements, values, tensorRow + begin, cols);
    yield { values, firstRow: firstRow + begin };
  }
}

/** All at once; the bytes themselves where they are what is wanted. */
export function decodedWhole({ bytes, elements, tensorRow, cols }: StoredRows): Values {
  const length = (bytes.byteLength / bytesPerRow(bytes, elements.dtype, cols)) * cols;
  const ready = elements.dtype === "F32" && elements.scale === null && littleEndian && bytes.byteOffset % 4 === 0;
  if (ready) return new Float32Array(bytes.buffer, bytes.byteOffset, length);
  const values = elements.dtype === "F64" ? new Float64Array(length) : new Float32Array(length);
  decodeElements(bytes, elements, values, tensorRow, cols);
  return values;
}

function bytesPerRow(bytes: Uint8Array, dtype: StoredRows["elements"]["dtype"], cols: number): number {
  const size = elementBytes[dtype];
  if (bytes.byteLength % (size * cols) !== 0) {
    throw new ShapeError(`stored rows: ${bytes.byteLength} bytes are no whole rows of ${cols} elements of ${dtype}.`);
  }
  return size * cols;
}
