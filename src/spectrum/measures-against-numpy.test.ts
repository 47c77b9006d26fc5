import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { allKernels } from "../../test/dense-kernels.js";
import { absence, trainedFolder } from "../../test/trained-fixture.js";
import { type Checkpoint, openCheckpoint } from "../checkpoint/checkpoint.js";
import { sha256OfBytes } from "../foundation/sha256.js";
import { bidiagonalSingularValues } from "../linalg/bidiagonal-singular-values.js";
import { singularValues } from "../linalg/singular-values.js";
import { comparedMeasures } from "../records/compared-measures.js";
import type { Measurer } from "./measure-request.js";
import { openMeasurer } from "./measurer.js";
import type { Depth } from "./measuring.js";

const fixtures = new URL("../../test/fixtures/measures/", import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, fixtures), "utf8"));

interface Source {
  readonly source: string;
  readonly expected: Readonly<Record<string, Expected>>;
  readonly names: readonly string[];
  /** A sentence where the matrices are not here. */
  readonly absent: string | null;
  readonly checkpoint: () => Checkpoint;
}

function sourceOf(
  source: string,
  path: string,
  expected: Readonly<Record<string, Expected>>,
  absent: string | null,
): Source {
  let opened: Checkpoint | null = null;
  const checkpoint = () => {
    opened ??= openCheckpoint(path);
    return opened;
  };
  return { source, expected, names: Object.keys(expected), absent, checkpoint };
}

// Written by make_measures.py and make_trained.py: NumPy in float64.
const trained = read("trained.json") as Record<string, { weightsSha256: string; matrices: Record<string, Expected> }>;
const made = sourceOf(
  "made matrices",
  fileURLToPath(new URL("matrices.safetensors", fixtures)),
  read("measures.json"),
  null,
);
const sources: readonly Source[] = [
  made,
  ...Object.entries(trained).map(([name, { matrices }]) =>
    sourceOf(name, trainedFolder(name), matrices, absence(name)),
  ),
];
const cases = sources.flatMap((source) => allKernels.map(({ name, kernels }) => ({ ...source, by: name, kernels })));

// Spikes rest on an edge of our own.
const compared = [
  ...comparedMeasures.filter((name) => name !== "spikes" && name !== "spikeEnergy"),
  ...(["noiseScale", "tailCount", "tailStart"] as const),
];
const quickly = ["pr", "pc1", "stableRank", "frobenius", "spectralNorm", "entryStd", "kurtosis"] as const;
type Expected = { readonly singular: number[] } & Readonly<Record<(typeof compared)[number], number | null>>;

async function measuredBy(measurer: Measurer, checkpoint: Checkpoint, name: string, depth: Depth) {
  const { shape } = checkpoint.tensors.get(name)!;
  const [rows, cols] = shape;
  const bytes = checkpoint.readBytes(name, 0, rows * cols * 4);
  const stored = { bytes, elements: { dtype: "F32", scale: null }, firstRow: 0, tensorRow: 0, cols } as const;
  const blocks = [{ rows, cols, transposed: false, stored: { elementBegin: 0, rows, cols } }];
  const reply = await measurer({ kind: "matrix", stored, blocks, measuring: { depth, amplitudes: "none", seed: 0 } });
  if (reply.kind !== "measures") throw new TypeError(reply.kind);
  return reply.measures[0];
}

/** Equal to 1e-5; where nothing but rounding is left of a figure, to rounding. */
function agree(found: number | null, wanted: number | null, label: string, floor = 0): void {
  if (found === null || wanted === null) {
    expect(found, label).toBe(wanted);
    return;
  }
  expect(Math.abs(found - wanted), `${label}: ${found} for ${wanted}`).toBeLessThanOrEqual(
    Math.max(1e-5 * Math.abs(wanted), floor),
  );
}

it("at least thirty made matrices, and the trained ones that the numbers are of", () => {
  expect(made.names.length).toBeGreaterThanOrEqual(30);
  for (const [name, { weightsSha256 }] of Object.entries(trained))
    if (absence(name) === null)
      expect(sha256OfBytes(readFileSync(`${trainedFolder(name)}/model.safetensors`))).toBe(weightsSha256);
});

describe.each(cases)("all measures of $source by $by agree with NumPy", (source) => {
  const { expected, names, absent, checkpoint, kernels } = source;
  const measurer = openMeasurer(kernels);

  it.for(names)("%s", async (name, { skip }) => {
    skip(absent !== null, absent ?? "");
    const wanted = expected[name];
    const rounding = (key: string) => (key === "entryStd" ? 1e-9 * wanted.frobenius! : 0);
    for (const depth of ["full", "exact"] as const) {
      const found = await measuredBy(measurer, checkpoint(), name, depth);
      for (const key of compared) agree(found[key], wanted[key], `${key}, ${depth}`, rounding(key));
    }
    const found = await measuredBy(measurer, checkpoint(), name, "norms");
    for (const key of quickly) agree(found[key], wanted[key], `${key}, quickly`, rounding(key));
  });
});

describe.each(cases)("singular values of $source by $by agree with NumPy", (source) => {
  const { expected, names, absent, checkpoint, kernels } = source;

  it.for(names)("%s", (name, { skip }) => {
    skip(absent !== null, absent ?? "");
    const [rows, cols] = checkpoint().tensors.get(name)!.shape;
    const w = checkpoint().readFloat32(name);
    const wanted = expected[name].singular;
    const largest = wanted[0];
    const gram = singularValues(w, rows, cols, kernels);
    const exact = bidiagonalSingularValues(w, rows, cols);
    expect(gram.length).toBe(wanted.length);
    wanted.forEach((value, i) => {
      // Squaring costs half of the digits of the small ones.
      expect(Math.abs(gram[i] - value)).toBeLessThanOrEqual(1e-7 * largest);
      if (value > 1e-3 * largest) expect(Math.abs(gram[i] - value)).toBeLessThanOrEqual(1e-11 * largest);
      expect(Math.abs(exact[i] - value)).toBeLessThanOrEqual(1e-13 * largest);
    });
  });
});
