/** @file The record of a compact checkpoint held against the tensors of its file. Reads no values. */
import type { SafetensorsFile } from "../checkpoint/safetensors-file.js";
import type { WritableDtype } from "../checkpoint/safetensors-writer.js";
import { shownName } from "../checkpoint/shown-name.js";
import { InputError } from "../foundation/errors.js";
import { factorsAreSmaller } from "../foundation/factored-matrix.js";

import type { CompactRecord } from "./compact-record.js";

// A few bytes can ask for any matrix. The largest of Llama 3.1 405B, its embedding, holds 2.1e9 numbers. Assumption, not studied.
const elementsLimit = 2 ** 31;

export interface PlainTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: WritableDtype;
}

export interface CheckedCompact {
  /** Tensors that are stored under their own names. */
  readonly plain: readonly PlainTensor[];
}

const isWritable = (dtype: string): dtype is WritableDtype => dtype === "F32" || dtype === "F16" || dtype === "BF16";
const elementsOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** @throws InputError where a tensor is missing, comes twice or has another shape or type, or a matrix is too large. */
export function checkedCompact({ path, header }: SafetensorsFile, record: CompactRecord): CheckedCompact {
  const refused = (name: string, problem: string) =>
    new InputError(`${path}: '${shownName(name)}' ${problem}. Export the checkpoint again.`);
  const shapes = new Map<string, readonly number[]>();
  const factors = new Set<string>();
  const demandFactor = (name: string, dtype: string, wanted: readonly number[]) => {
    const found = header.tensors.get(name);
    if (found === undefined) throw refused(name, "is named as a factor, but the file holds no such tensor");
    if (factors.has(name)) throw refused(name, "is the factor of two matrices");
    if (found.dtype !== dtype || found.shape.join() !== wanted.join())
      throw refused(
        name,
        `is ${found.dtype} [${found.shape.join(", ")}], but as a factor ${dtype} [${wanted.join(", ")}] is wanted`,
      );
    factors.add(name);
  };
  for (const matrix of record.matrices) {
    const { name, shape, dtype } = matrix;
    const [rows, columns] = shape;
    if (shapes.has(name) || header.tensors.has(name)) throw refused(name, "is there twice");
    if (!(rows * columns <= elementsLimit))
      throw refused(
        name,
        `is said to be ${rows} x ${columns}, more than the ${elementsLimit} numbers that are restored`,
      );
    if (matrix.form === "factors") {
      const { rank } = matrix;
      if (!factorsAreSmaller(rank, rows, columns))
        throw refused(name, `is ${rows} x ${columns} in factors of rank ${rank}, which are not smaller`);
      demandFactor(matrix.left, dtype, [rows, rank]);
      demandFactor(matrix.right, dtype, [rank, columns]);
    }
    shapes.set(name, shape);
  }
  const plain = [...header.tensors.values()].flatMap(({ name, shape, dtype }): PlainTensor[] => {
    if (factors.has(name)) return [];
    if (!isWritable(dtype)) throw refused(name, `is stored as ${dtype}, which no export writes`);
    if (shapes.has(name)) throw refused(name, "is there twice");
    shapes.set(name, shape);
    return [{ name, shape, dtype }];
  });
  demandCount(path, "parameters", record.parameters, [...shapes.values()]);
  const stored = [...header.tensors.values()].map(({ shape }) => shape);
  demandCount(path, "stored numbers", record.effectiveParameters, stored);
  demandCopies(record, shapes, header.tensors, refused);
  return { plain };
}

function demandCount(path: string, what: string, wanted: number, shapes: readonly (readonly number[])[]): void {
  const found = shapes.reduce((sum, shape) => sum + elementsOf(shape), 0);
  if (found !== wanted)
    throw new InputError(
      `${path}: its tensors have ${found} ${what}, but its record says ${wanted}. Is a tensor missing? Export the checkpoint again.`,
    );
}

function demandCopies(
  { copies }: CompactRecord,
  shapes: ReadonlyMap<string, readonly number[]>,
  stored: ReadonlyMap<string, unknown>,
  refused: (name: string, problem: string) => InputError,
): void {
  const seen = new Set<string>();
  for (const { name, of } of copies) {
    if (seen.has(name) || shapes.has(name) || stored.has(name)) throw refused(name, "is there twice");
    if (!shapes.has(of)) throw refused(name, `repeats '${shownName(of)}', which is not there`);
    seen.add(name);
  }
}
