import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { allKernels } from "../../test/dense-kernels.js";
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import { bidiagonalSingularValues } from "../linalg/bidiagonal-singular-values.js";
import { singularValues } from "../linalg/singular-values.js";
import { comparedMeasures } from "../records/compared-measures.js";
import type { Measurer } from "./measure-request.js";
import { openMeasurer } from "./measurer.js";
import type { Depth } from "./measuring.js";

// Written by make_measures.py: NumPy in float64.
const folder = new URL("../../test/fixtures/measures/", import.meta.url);
const expected = JSON.parse(readFileSync(new URL("measures.json", folder), "utf8")) as Record<string, Expected>;
const checkpoint = openCheckpoint(fileURLToPath(new URL("matrices.safetensors", folder)));

// Spikes rest on an edge of our own.
const compared = [
  ...comparedMeasures.filter((name) => name !== "spikes" && name !== "spikeEnergy"),
  ...(["noiseScale", "tailCount", "tailStart"] as const),
];
const quickly = ["pr", "pc1", "stableRank", "frobenius", "spectralNorm", "entryStd", "kurtosis"] as const;
type Expected = { readonly singular: number[] } & Readonly<Record<(typeof compared)[number], number | null>>;

const names = [...checkpoint.tensors.keys()];

async function measuredBy(measurer: Measurer, name: string, depth: Depth) {
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

describe.each(allKernels)("all measures by $name agree with NumPy", ({ kernels }) => {
  const measurer = openMeasurer(kernels);
  const measured = (name: string, depth: Depth) => measuredBy(measurer, name, depth);

  it("on at least thirty matrices", () => expect(names.length).toBeGreaterThanOrEqual(30));

  it.each(names)("%s", async (name) => {
    const found = await measured(name, "full");
    const wanted = expected[name];
    for (const key of compared) agree(found[key], wanted[key], key, key === "entryStd" ? 1e-9 * wanted.frobenius! : 0);
  });

  it.each(names)("%s, quickly", async (name) => {
    const found = await measured(name, "norms");
    const wanted = expected[name];
    for (const key of quickly) agree(found[key], wanted[key], key, key === "entryStd" ? 1e-9 * wanted.frobenius! : 0);
  });

  it.each(names)("%s, exactly", async (name) => {
    const found = await measured(name, "exact");
    const wanted = expected[name];
    for (const key of compared) agree(found[key], wanted[key], key, key === "entryStd" ? 1e-9 * wanted.frobenius! : 0);
  });
});

describe.each(allKernels)("singular values by $name agree with NumPy", ({ kernels }) => {
  it.each(names)("%s", (name) => {
    const [rows, cols] = checkpoint.tensors.get(name)!.shape;
    const w = checkpoint.readFloat32(name);
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
