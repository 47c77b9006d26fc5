/** @file The record of a boundary search over 42 matrices, by formula. Its figures are plausible, not measured. */
import type { Estimate } from "../src/records/arm-figures.js";
import type {
  ActionBoundary,
  BoundaryRecord,
  BoundarySavings,
  ConfirmationRecord,
  SeedDeltaRecord,
  TriedSet,
} from "../src/records/boundary-record.js";
import { sampleTestRecord } from "./sample-test-record.js";

const margin = 0.5;
const parameters = 15_191_712;

const shapes: readonly (readonly [role: string, rows: number, cols: number])[] = [
  ["self_attn.q_proj", 288, 288],
  ["self_attn.k_proj", 288, 288],
  ["self_attn.v_proj", 288, 288],
  ["self_attn.o_proj", 288, 288],
  ["mlp.gate_proj", 768, 288],
  ["mlp.up_proj", 768, 288],
  ["mlp.down_proj", 288, 768],
];

const candidates: BoundaryRecord["candidates"] = Array.from({ length: 6 }, (_, layer) =>
  shapes.map(([role, rows, cols]) => ({ name: `layers.${layer}.${role}`, layer, role, rows, cols })),
).flat();

const elements = new Map(candidates.map(({ name, rows, cols }) => [name, rows * cols]));
const elementsOf = (names: readonly string[]) => names.reduce((sum, name) => sum + (elements.get(name) ?? 0), 0);
const sized = (names: readonly string[]) => ({
  size: names.length,
  parameters: elementsOf(names),
  share: elementsOf(names) / parameters,
});

/** Alike in no two places, between -1 and 1. */
const wobble = (place: number, seed: number) => Math.sin(12.9898 * place + 78.233 * seed);

/** Two-sided 95% quantiles of Student's t by the number of seeds. Fisher's table. */
const quantile: Readonly<Record<number, number>> = { 2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776 };

/** Of the seeds, as the record has it. */
function estimateOf(deltas: SeedDeltaRecord): Estimate {
  const n = deltas.length;
  const values = deltas.flatMap(([, delta]) => (delta === null ? [] : [delta]));
  if (values.length < n) return { mean: null, low: null, high: null, n };
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, low: null, high: null, n };
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const half = (quantile[n] * deviation) / Math.sqrt(n);
  return { mean, low: mean - half, high: mean + half, n };
}

interface Shape {
  readonly action: string;
  readonly arm: (place: number) => string;
  /** Percent of the cheapest and of the dearest matrix. */
  readonly single: readonly [number, number];
  /** Of all together, more than the sum of the single ones. */
  readonly together: number;
  /** Standard deviation over seeds, percent. */
  readonly noise: number;
  readonly sizes: readonly number[];
  /** Places of the order that are passed over, with the size of the set that failed. */
  readonly passedOver: readonly (readonly [place: number, size: number])[];
  /** Matrices that were kept in the end. */
  readonly held: number;
}

/** What the matrix at a place of the order costs: little for long, then steeply more. Those that are passed over cost more than their evidence says. */
const cost = ({ single: [least, most] }: Shape, place: number) =>
  least + (most - least) * (place / (candidates.length - 1)) ** 5;
const surplus = ({ passedOver }: Shape, place: number) =>
  passedOver.some(([passed]) => passed === place) ? margin : 0;

/** The matrices of the last layers come first in the order, those of the first layer last. */
const order = [...candidates]
  .sort((a, b) => (b.layer ?? 0) - (a.layer ?? 0) + 0.6 * wobble(b.cols + (b.layer ?? 0), b.rows + b.role.length))
  .map(({ name }) => name);

function deltasOf(shape: Shape, names: readonly string[], seeds: readonly number[]): SeedDeltaRecord {
  const places = names.map((name) => order.indexOf(name));
  const alone = names.length === 1;
  const sum = places.reduce((total, place) => total + cost(shape, place) + (alone ? 0 : surplus(shape, place)), 0);
  const more = shape.together * (names.length / candidates.length) ** 3;
  const noise = (seed: number) =>
    shape.noise * (alone ? 0.3 * wobble(places[0] + 50, seed) : wobble(names.length, seed));
  return seeds.map((seed) => [seed, sum + more + noise(seed)]);
}

function triedSet(shape: Shape, names: readonly string[]): TriedSet {
  const seeds = names.length % 3 === 0 ? [1, 2, 3, 4, 5] : [1, 2, 3];
  const deltas = deltasOf(shape, names, seeds);
  const deltaPercent = estimateOf(deltas);
  const singles = names.map((name) => deltasOf(shape, [name], [1, 2]));
  const difference = deltas
    .slice(0, 2)
    .map(([seed, delta], index): [number, number | null] => [
      seed,
      (delta ?? 0) - singles.reduce((sum, own) => sum + (own[index][1] ?? 0), 0),
    ]);
  return {
    ...{ matrices: [...names], ...sized(names), deltas, deltaPercent },
    prefix: names.every((name, place) => order[place] === name),
    holds: (deltaPercent.mean ?? margin) + 0.5 * shape.noise < margin,
    interaction: names.length > 1 ? estimateOf(difference) : null,
  };
}

/** Numbers that need not be stored: n m - k (n + m) of a matrix of rank k, none of a frozen one. */
const savedBy = ({ arm }: Shape, names: readonly string[]) =>
  candidates
    .filter(({ name }) => names.includes(name))
    .reduce((sum, { name, rows, cols }) => {
      const [kind, rank] = arm(order.indexOf(name)).split(":");
      if (kind === "frozen") return sum;
      return sum + rows * cols - (kind === "crystal" ? Number(rank) * (rows + cols) : 0);
    }, 0);

interface Attempt {
  readonly names: readonly string[];
  readonly part: number;
  readonly deltas: readonly (number | null)[];
  readonly interval: readonly [mean: number | null, low: number | null, high: number | null];
  readonly result: ConfirmationRecord["result"];
}

const attemptOf = (shape: Shape, { names, part, deltas, interval, result }: Attempt): ConfirmationRecord => ({
  ...{ matrices: names.map((name) => ({ name, arm: shape.arm(order.indexOf(name)) })), ...sized(names), part },
  seeds: deltas.map((_, index) => 1000 * part + index + 1),
  deltas: deltas.map((delta, index) => [1000 * part + index + 1, delta]),
  ...{ mean: interval[0], low: interval[1], high: interval[2], confidence: 1 - 0.05 / 3, result },
});

function actionOf(
  shape: Shape,
  attempts: (held: readonly string[]) => readonly Attempt[],
  savings: BoundarySavings | null,
): ActionBoundary {
  const passed = shape.passedOver.map(([place]) => order[place]);
  const kept = order.filter((name) => !passed.includes(name)).slice(0, shape.held);
  const grown = shape.sizes.map((size) => order.slice(0, size));
  const without = passed.length > 0 ? [kept] : [];
  const made = attempts(kept).map((attempt) => attemptOf(shape, attempt));
  const confirmed = made.findIndex(({ result }) => result === "confirmed");
  return {
    action: shape.action,
    evidence: order.map((name, place) => {
      const deltas = deltasOf(shape, [name], [1, 2]);
      const { mean } = estimateOf(deltas);
      const saved = shape.action === "freeze" ? elementsOf([name]) : savedBy(shape, [name]);
      return { name, arm: shape.arm(place), deltas, mean, high: (mean ?? 0) + 1.2 * shape.noise, saved };
    }),
    tried: [...grown, ...without].map((names) => triedSet(shape, names)),
    passedOver: shape.passedOver.map(([place, size]) => ({ name: order[place], size })),
    held: kept,
    stopped: passed.length > 0 ? "passed over enough" : "complete",
    attempts: made,
    confirmed: confirmed < 0 ? null : confirmed,
    savings,
    trials: 84 + 4 * (grown.length + without.length) + made.reduce((sum, { deltas }) => sum + deltas.length, 0),
  };
}

const freeze: Shape = {
  ...{ action: "freeze", arm: () => "frozen", single: [0.002, 0.06], together: 1, noise: 0.06 },
  ...{ sizes: [1, 2, 4, 8, 16, 24, 25, 26, 28, 32, 42], passedOver: [[25, 25]], held: 29 },
};
const crystal: Shape = {
  ...{ action: "crystal", arm: (place) => `crystal:${[1, 2, 4, 8][place % 4]}`, single: [0.01, 4.2], together: 24 },
  ...{ noise: 0.12, sizes: [1, 2, 4, 8, 9, 10, 12, 16, 32, 42], passedOver: [], held: 9 },
};
const random: Shape = {
  ...{ action: "random", arm: () => "random", single: [0.04, 9.5], together: 61, noise: 0.15 },
  ...{
    sizes: [1, 2, 4, 5, 6, 8, 16, 32, 42],
    passedOver: [
      [5, 5],
      [7, 6],
    ],
    held: 6,
  },
};

const stepFlops = 61_203_283_968;
/** Of a training step: four rows of 256. */
const positions = 1024;

/** In float32. Of a frozen matrix the gradient's product is saved, of one of rank k also most of the other two. */
function savingsOf(shape: Shape, names: readonly string[]): BoundarySavings {
  const treated = elementsOf(names);
  const stored = savedBy(shape, names);
  const trainableLeft = parameters - treated;
  return {
    ...{ parameters, effectiveParameters: parameters - stored, bytes: 4 * parameters },
    ...{ effectiveBytes: 4 * (parameters - stored), trainableParameters: parameters, trainableLeft },
    ...{ trainingBytes: 16 * parameters, trainingBytesLeft: 4 * (parameters - stored) + 12 * trainableLeft },
    ...{ stepFlops, stepFlopsLeft: stepFlops - positions * (2 * treated + 4 * stored) },
  };
}

/** Frozen: the first attempt fails, the second is confirmed. */
const freezeAction = () =>
  actionOf(
    freeze,
    (held) => [
      {
        ...{ names: held, part: 1, deltas: [0.68, 0.74, 0.71], interval: [0.71, 0.5023, 0.9177] },
        result: "failed",
      },
      {
        ...{ names: held.slice(0, 16), part: 2, deltas: [0.11, 0.06, 0.12], interval: [0.0967, -0.1257, 0.319] },
        result: "confirmed",
      },
    ],
    savingsOf(freeze, order.slice(0, 16)),
  );

const crystalAction = () =>
  actionOf(
    crystal,
    (held) => [
      {
        ...{ names: held, part: 1, deltas: [0.24, 0.19, 0.11, 0.2], interval: [0.185, 0.0035, 0.3665] },
        result: "confirmed",
      },
    ],
    savingsOf(crystal, order.slice(0, 9)),
  );

/** Random: one seed of the first attempt diverged, the second is undecided at the last look. */
const randomAction = () =>
  actionOf(
    random,
    (held) => [
      {
        names: held,
        part: 1,
        deltas: [0.62, null, 0.81, 0.42, 0.5],
        interval: [null, null, null],
        result: "undecided",
      },
      {
        ...{
          names: held.slice(0, 4),
          part: 2,
          deltas: [0.31, 0.62, 0.12, 0.55, 0.4],
          interval: [0.4, -0.0543, 0.8543],
        },
        result: "undecided",
      },
    ],
    null,
  );

function groups(): NonNullable<BoundaryRecord["groups"]> {
  const named = (test: (one: (typeof candidates)[number]) => boolean) =>
    candidates.filter(test).map(({ name }) => name);
  const one = (label: string, matrices: string[], at: number | null, printed: number | null) => {
    const deltas: SeedDeltaRecord = [1, 2, 3].map((seed) => [
      seed,
      at === null ? null : at * (1 + 0.05 * wobble(3, seed)),
    ]);
    return { label, matrices, parameters: elementsOf(matrices), deltas, deltaPercent: estimateOf(deltas), printed };
  };
  return [
    one(
      "attention output of layer 0",
      named(({ layer, role }) => layer === 0 && role.endsWith("o_proj")),
      0.12,
      0.6,
    ),
    one(
      "all attention outputs",
      named(({ role }) => role.endsWith("o_proj")),
      0.64,
      5.3,
    ),
    one(
      "all attention",
      named(({ role }) => role.startsWith("self_attn")),
      1.94,
      15.2,
    ),
    one(
      "attention and MLP",
      named(() => true),
      4.1,
      79.3,
    ),
    one(
      "the first layer",
      named(({ layer }) => layer === 0),
      0.93,
      10.6,
    ),
    one(
      "the first 4 layers",
      named(({ layer }) => (layer ?? 9) < 4),
      null,
      40.4,
    ),
  ];
}

/** Six layers, all matrices of each; two actions confirmed, one not. Tests change what they are about. */
export function sampleBoundaryRecord(): BoundaryRecord {
  const { model, data, sft } = sampleTestRecord();
  return {
    schema: "deadweight/boundary@1",
    version: "0.1.0",
    model,
    data: { ...data, confirmation: [256, 256, 255] },
    sft: { ...sft, seeds: [1, 2, 3, 4, 5, 1001, 1002, 1003, 1004, 1005, 2001, 2002, 2003, 2004, 2005] },
    margin,
    confidence: 0.95,
    seeds: { evidence: 2, search: 3, searchMost: 5, firstLook: 3, lastLook: 5 },
    candidates: candidates.map((one) => ({ ...one })),
    full: {
      lossBefore: { mean: 2.8134, low: 2.8134, high: 2.8134, n: 15 },
      lossAfter: { mean: 1.9472, low: 1.9391, high: 1.9553, n: 15 },
    },
    actions: [freezeAction(), crystalAction(), randomAction()],
    groups: groups(),
    warnings: ["2 trials failed and count for nothing; run the same command to repeat them."],
    trials: { finished: 411, diverged: 1, failed: 2 },
    trialSeconds: 8123,
  };
}
