/** @file Measures stored matrices: decodes, finds the spectrum in the way that the request wants, sets it beside the nulls. */
import { endianness } from "node:os";
import { decodeElements, elementBytes } from "../checkpoint/stored-elements.js";
import { ShapeError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { bidiagonalSingularValues } from "../linalg/bidiagonal-singular-values.js";
import { type GramSum, gramSum } from "../linalg/gram-sum.js";
import { type HeldMatrix, holdMatrix } from "../linalg/held-matrix.js";
import { largestEigenvalue } from "../linalg/largest-eigenvalue.js";
import { estimateSpectrum } from "../linalg/spectral-quadrature.js";
import type { MeasuresRecord } from "../records/scan-record.js";
import { measureAmplitudes } from "./amplitude-measures.js";
import { type EntryMoments, entryMoments, joinedMoments, noMoments, rootSumOfSquares } from "./entry-moments.js";
import { estimatedFindings } from "./estimated-spectrum.js";
import { brokenNote, fitsOf, gramResolution } from "./matrix-measures.js";
import {
  type Depth,
  largestExactSide,
  type MeasureReply,
  type MeasureRequest,
  type Measurer,
  type Measuring,
  type StoredBlock,
  type StoredRows,
} from "./measure-request.js";
import { type Findings, measuresWithNulls } from "./measures-with-nulls.js";
import { type NoiseNulls, openNoiseNulls } from "./noise-null.js";
import { selectBlock, transposedValues } from "./stored-block.js";

type Values = Float32Array | Float64Array;

const littleEndian = endianness() === "LE";

/** Elements decoded at a time where a matrix need not lie in memory as a whole. */
const pieceElements = 1 << 18;

interface Kept {
  readonly matrix: HeldMatrix;
  moments: EntryMoments;
}

/** One for each thread; what it keeps between requests is one large matrix at most. */
export function openMeasurer(): Measurer {
  let nulls: NoiseNulls | null = null;
  let kept: Kept | null = null;
  const nullsOf = (seed: number) => {
    if (nulls?.seed !== seed) nulls = openNoiseNulls(seed);
    return nulls;
  };
  const judged = (
    block: StoredBlock,
    moments: EntryMoments,
    { seed }: Measuring,
    find: () => Findings,
  ): MeasureReply => {
    const findings = moments.broken > 0 ? broken(moments) : find();
    const measures = measuresWithNulls({ ...block, moments, findings }, expectedOf(block, nullsOf(seed)));
    return { kind: "measures", measures: [measures], changes: [] };
  };
  return async (request: MeasureRequest): Promise<MeasureReply> => {
    switch (request.kind) {
      case "matrix":
        return measureStored(request, nullsOf(request.measuring.seed));
      case "share": {
        const { gram, moments } = gramOfRows(request.stored, request.depth);
        return { kind: "share", gram: gram.upper(), moments, bytes: request.stored.bytes };
      }
      case "sum": {
        const { block, moments, measuring } = request;
        return judged(block, moments, measuring, () => {
          const gram = gramSum(Math.min(block.rows, block.cols));
          gram.addUpper(request.gram);
          return gramFindings(gram, block, measuring);
        });
      }
      case "keep": {
        const { stored, block, measuring } = request;
        if (stored.firstRow === 0) {
          const matrix = block.transposed ? holdMatrix(block.cols, block.rows) : holdMatrix(block.rows, block.cols);
          kept = { matrix, moments: noMoments };
        }
        if (kept === null) throw new ShapeError("measurer: rows of a large matrix came without its first ones.");
        const { matrix } = kept;
        for (const { values, firstRow } of decodedPieces(stored)) {
          matrix.putRows(values, firstRow);
          kept.moments = joinedMoments(kept.moments, entryMoments(values));
        }
        if (measuring === null) return { kind: "kept", bytes: stored.bytes };
        const { moments } = kept;
        kept = null;
        return judged(block, moments, measuring, () => estimate(matrix, block, moments, measuring.seed));
      }
      default:
        return request satisfies never;
    }
  };
}

const expectedOf = ({ rows, cols }: StoredBlock, nulls: NoiseNulls) => nulls.spectral(rows, cols);
const broken = (moments: EntryMoments): Findings => ({ kind: "nothing", note: brokenNote(moments) });

function estimate(matrix: HeldMatrix, { rows, cols }: StoredBlock, moments: EntryMoments, seed: number): Findings {
  const found = estimateSpectrum(matrix, randomStream(seed, `quadrature ${rows}x${cols}`));
  return estimatedFindings(found, rows, cols, rootSumOfSquares(moments) ** 2);
}

/** Consumes the sum. */
function gramFindings(gram: GramSum, { rows, cols }: StoredBlock, { depth }: Measuring): Findings {
  if (depth !== "norms") {
    const singular = gram.eigenvalues().map((value) => Math.sqrt(Math.max(0, value)));
    return { kind: "spectrum", method: "gram", spectrum: { rows, cols, singular, resolution: gramResolution } };
  }
  const { trace, squares } = gram.sums();
  const spectralNorm = Math.sqrt(largestEigenvalue(gram.product, gram.n));
  return { kind: "norms", pr: squares > 0 ? (trace / squares) * trace : null, spectralNorm };
}

/** Whole rows. */
interface Piece {
  readonly values: Values;
  readonly firstRow: number;
}

/** Pieces are looked at one by one and share this memory. */
let scratch = new Float32Array(0);

/** What one piece holds is void with the next. */
function* decodedPieces({ bytes, elements, firstRow, tensorRow, cols }: StoredRows): Generator<Piece> {
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
function decodedWhole({ bytes, elements, tensorRow, cols }: StoredRows): Values {
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
    throw new ShapeError(`measurer: ${bytes.byteLength} bytes are no whole rows of ${cols} elements of ${dtype}.`);
  }
  return size * cols;
}

/** What small eigenvalues do not matter to is summed up at single precision. */
const precisionOf = (depth: Depth) => ({ precision: depth === "norms" ? "float32" : "float64" }) as const;

function gramOfRows(stored: StoredRows, depth: Depth): { gram: GramSum; moments: EntryMoments } {
  const gram = gramSum(stored.cols, precisionOf(depth));
  let moments = noMoments;
  for (const piece of decodedPieces(stored)) {
    gram.addRows(piece.values, piece.values.length / stored.cols);
    moments = joinedMoments(moments, entryMoments(piece.values));
  }
  return { gram, moments };
}

type MatrixRequest = Extract<MeasureRequest, { kind: "matrix" }>;

function measureStored({ stored, base, blocks, measuring }: MatrixRequest, nulls: NoiseNulls): MeasureReply {
  const values = decodedWhole(stored);
  const measured = (block: StoredBlock) => {
    const selected = selectBlock(values, stored.cols, block);
    const moments = entryMoments(selected.values);
    return { moments, measures: measureBlock(selected, block, moments, measuring, nulls) };
  };
  const measures = blocks.map((block) => measured(block).measures);
  if (!base) return { kind: "measures", measures, changes: [] };
  const before = decodedWhole({ ...stored, ...base });
  const norms = blocks.map((block) => rootSumOfSquares(entryMoments(selectBlock(before, stored.cols, block).values)));
  for (let i = 0; i < values.length; i++) values[i] -= before[i];
  const changes = blocks.map((block, index) => {
    const { moments, measures: change } = measured(block);
    const norm = norms[index];
    const exists = moments.broken === 0 && norm > 0;
    return { ...change, relativeChange: exists ? rootSumOfSquares(moments) / norm : null };
  });
  return { kind: "measures", measures, changes };
}

function measureBlock(
  { values, rows: storedRows, cols: storedCols }: { values: Values; rows: number; cols: number },
  block: StoredBlock,
  moments: EntryMoments,
  measuring: Measuring,
  nulls: NoiseNulls,
): MeasuresRecord {
  const { rows, cols, transposed } = block;
  if (moments.broken > 0) {
    return measuresWithNulls({ rows, cols, moments, findings: broken(moments) }, expectedOf(block, nulls));
  }
  const side = Math.min(storedRows, storedCols);
  let findings: Findings;
  if (measuring.depth === "exact") {
    const singular = bidiagonalSingularValues(values, storedRows, storedCols);
    findings = { kind: "spectrum", method: "bidiagonal", spectrum: { rows, cols, singular, resolution: 1e-14 } };
  } else if (side > largestExactSide) {
    const matrix = holdMatrix(storedRows, storedCols);
    matrix.putRows(values, 0);
    findings = estimate(matrix, block, moments, measuring.seed);
  } else {
    const gram = gramSum(side, precisionOf(measuring.depth));
    if (storedRows >= storedCols) gram.addRows(values, storedRows);
    else gram.addColumns(values, storedCols);
    findings = gramFindings(gram, block, measuring);
  }
  const w = () => Float32Array.from(transposed ? transposedValues(values, storedRows, storedCols) : values);
  const fits = fitsOf[measuring.amplitudes].map((fit) => measureAmplitudes(w(), rows, cols, fit, nulls));
  return measuresWithNulls(
    {
      ...{ rows, cols, moments, findings },
      amplitudes: fits.map(({ record }) => record),
      notes: fits.flatMap(({ notes }) => notes),
    },
    expectedOf(block, nulls),
  );
}
