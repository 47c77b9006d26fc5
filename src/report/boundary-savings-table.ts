/** @file What the confirmed sets of a boundary search save: storage, memory, operations. Knows neither terminal nor page. */
import type { BoundaryRecord, BoundarySavings } from "../records/boundary-record.js";
import { count, fixed, percent } from "./figure-text.js";
import type { Column, ReportTable } from "./report-table.js";

/** 1,234,567 bytes: `1.2 MB`. */
function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const index = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${fixed(bytes / 1000 ** index, index === 0 ? 0 : 1)} ${units[index]}`;
}

interface Saving {
  readonly name: string;
  readonly before: (savings: BoundarySavings) => number;
  readonly left: (savings: BoundarySavings) => number;
  readonly text: (value: number) => string;
}

const savingRows: readonly Saving[] = [
  { name: "Parameters to store", before: (one) => one.parameters, left: (one) => one.effectiveParameters, text: count },
  { name: "Bytes of the weights", before: (one) => one.bytes, left: (one) => one.effectiveBytes, text: size },
  {
    name: "Trained parameters",
    before: (one) => one.trainableParameters,
    left: (one) => one.trainableLeft,
    text: count,
  },
  {
    name: "Training memory without activations",
    before: (one) => one.trainingBytes,
    left: (one) => one.trainingBytesLeft,
    text: size,
  },
  {
    name: "Operations of a training step",
    before: (one) => one.stepFlops,
    left: (one) => one.stepFlopsLeft,
    text: count,
  },
];

/** Null where nothing is confirmed. */
export function savingsTable({ actions, margin, confidence }: BoundaryRecord): ReportTable | null {
  const saving = actions.flatMap(({ action, savings }) => (savings === null ? [] : [{ action, savings }]));
  if (saving.length === 0) return null;
  return {
    title: "What the confirmed sets save",
    columns: [
      { heading: "" },
      { heading: "now", align: "right" },
      ...saving.flatMap(({ action }): Column[] => [
        { heading: "left", group: action, align: "right", dropFirst: 1 },
        { heading: "saved %", group: action, align: "right" },
      ]),
    ],
    rows: savingRows.map(({ name, before, left, text }) => ({
      cells: [
        name,
        text(before(saving[0].savings)),
        ...saving.flatMap(({ savings }) => [text(left(savings)), percent(1 - left(savings) / before(savings))]),
      ],
    })),
    notes: [
      `Parameters to store, left: the effective parameters at a margin of ${margin}% and a confidence of ${fixed(confidence * 100, 0)}%. A random matrix is restored from its seed, one of rank k from k (n + m) numbers; a frozen one must be stored, but needs no gradient and no moments. Training memory: weights, and gradients and moments in float32.`,
    ],
  };
}
