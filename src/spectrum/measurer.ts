/** @file Answers the requests of a scan: decodes what is stored and has it measured. Knows nothing of files or threads. */
import { regionValues } from "../checkpoint/region-values.js";
import { ShapeError } from "../foundation/errors.js";
import type { DenseKernels } from "../linalg/dense-kernels.js";
import { type GramOptions, type GramSum, gramSum } from "../linalg/gram-sum.js";
import { type HeldMatrix, holdMatrix } from "../linalg/held-matrix.js";
import { type EntryMoments, entryMoments, joinedMoments, noMoments, rootSumOfSquares } from "./entry-moments.js";
import { brokenFindings, gramFindings, gramOptions, heldFindings } from "./findings.js";
import { measureMatrix } from "./matrix-measures.js";
import type { MeasureReply, MeasureRequest, Measurer, StoredBlock, StoredRows } from "./measure-request.js";
import { type Findings, measuresWithNulls } from "./measures-with-nulls.js";
import { type NoiseNulls, openNoiseNulls } from "./noise-null.js";
import { decodedPieces, decodedWhole } from "./stored-pieces.js";

interface Kept {
  readonly matrix: HeldMatrix;
  moments: EntryMoments;
}

/** One for each thread; what it keeps between requests is one large matrix at most. @param kernels WebAssembly by default. */
export function openMeasurer(kernels?: DenseKernels): Measurer {
  let nulls: NoiseNulls | null = null;
  let kept: Kept | null = null;
  const nullsOf = (seed: number) => {
    if (nulls?.seed !== seed) nulls = openNoiseNulls(seed);
    return nulls;
  };
  /** Of a matrix that came in pieces. */
  const judged = (
    { rows, cols }: StoredBlock,
    moments: EntryMoments,
    seed: number,
    find: () => Findings,
  ): MeasureReply => {
    const findings = moments.broken > 0 ? brokenFindings(moments) : find();
    const measures = measuresWithNulls({ rows, cols, moments, findings }, nullsOf(seed).spectral(rows, cols));
    return { kind: "measures", measures: [measures], changes: [] };
  };
  return async (request: MeasureRequest): Promise<MeasureReply> => {
    switch (request.kind) {
      case "matrix":
        return measureStored(request, nullsOf(request.measuring.seed), kernels);
      case "share": {
        const { gram, moments } = gramOfRows(request.stored, gramOptions(request.depth, kernels));
        return { kind: "share", gram: gram.upper(), moments, bytes: request.stored.bytes };
      }
      case "sum": {
        const { block, moments, measuring } = request;
        const { rows, cols } = block;
        return judged(block, moments, measuring.seed, () => {
          const gram = gramSum(Math.min(rows, cols), gramOptions("full", kernels));
          gram.addUpper(request.gram);
          return gramFindings(gram, rows, cols, measuring.depth);
        });
      }
      case "keep": {
        const { stored, block, measuring } = request;
        if (stored.firstRow === 0)
          kept = { matrix: holdMatrix(block.stored.rows, block.stored.cols, kernels), moments: noMoments };
        if (kept === null) throw new ShapeError("measurer: rows of a large matrix came without its first ones.");
        const { matrix } = kept;
        for (const { values, firstRow } of decodedPieces(stored)) {
          matrix.putRows(values, firstRow);
          kept.moments = joinedMoments(kept.moments, entryMoments(values, kernels));
        }
        if (measuring === null) return { kind: "kept", bytes: stored.bytes };
        const { moments } = kept;
        kept = null;
        const { seed } = measuring;
        return judged(block, moments, seed, () => heldFindings(matrix, block.rows, block.cols, moments, seed));
      }
      default:
        return request satisfies never;
    }
  };
}

function gramOfRows(stored: StoredRows, options: GramOptions): { gram: GramSum; moments: EntryMoments } {
  const gram = gramSum(stored.cols, options);
  let moments = noMoments;
  for (const { values } of decodedPieces(stored)) {
    gram.addRows(values, values.length / stored.cols);
    moments = joinedMoments(moments, entryMoments(values, options.kernels));
  }
  return { gram, moments };
}

type MatrixRequest = Extract<MeasureRequest, { kind: "matrix" }>;

function measureStored(
  { stored, base, blocks, measuring }: MatrixRequest,
  nulls: NoiseNulls,
  kernels: DenseKernels | undefined,
): MeasureReply {
  const values = decodedWhole(stored);
  const measured = ({ stored: region, transposed }: StoredBlock) => {
    const selected = regionValues(values, region);
    const { depth, amplitudes } = measuring;
    return measureMatrix(selected.values, selected.rows, selected.cols, {
      ...{ nulls, depth, amplitudes, transposed },
      ...(kernels && { kernels }),
    });
  };
  const measures = blocks.map(measured);
  if (!base) return { kind: "measures", measures, changes: [] };
  const before = decodedWhole({ ...stored, ...base });
  const norms = blocks.map((block) => rootSumOfSquares(entryMoments(regionValues(before, block.stored).values)));
  for (let i = 0; i < values.length; i++) values[i] -= before[i];
  const changes = blocks.map((block, index) => {
    const change = measured(block);
    const norm = norms[index];
    return { ...change, relativeChange: change.frobenius !== null && norm > 0 ? change.frobenius / norm : null };
  });
  return { kind: "measures", measures, changes };
}
