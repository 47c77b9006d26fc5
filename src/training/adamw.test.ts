import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { maximumDifference } from "../../test/relative-difference.js";
import { adamW } from "./adamw.js";
import { createParameterStore, type ParameterStore } from "./parameter-store.js";

const parameters = [
  { name: "matrix", shape: [3, 5] },
  { name: "vector", shape: [7] },
  { name: "frozen", shape: [2, 2] },
];

function filled(arenaBytes?: number): ParameterStore {
  const store = createParameterStore(parameters, (name) => name !== "frozen", arenaBytes);
  for (const values of store.weights.values()) for (let i = 0; i < values.length; i++) values[i] = 1 + i / 8;
  return store;
}

function setGradients(store: ParameterStore, value: number): void {
  for (const gradient of store.gradients.values()) gradient.fill(value);
}

/** Global norm of `setGradients`: 15 + 7 numbers. */
const normOf = (value: number) => Math.abs(value) * Math.sqrt(22);

describe("AdamW", () => {
  it("moves each weight by the learning rate in the first step, whatever the gradient's size", () => {
    for (const size of [1e-3, -5, 1e4]) {
      const store = filled();
      setGradients(store, size);
      adamW(store, { weightDecay: 0, gradientClip: Number.POSITIVE_INFINITY }).update(1, 0.01);
      for (const name of ["matrix", "vector"])
        store.weights.get(name)!.forEach((weight, i) => {
          expect(weight, `${name} ${i}`).toBeCloseTo(1 + i / 8 - Math.sign(size) * 0.01, 5);
        });
    }
  });

  it("gives the global norm before clipping", () => {
    const store = filled();
    const optimizer = adamW(store, { gradientClip: 1 });
    setGradients(store, 3);
    expect(optimizer.update(1, 0)).toBeCloseTo(normOf(3), 10);
    setGradients(store, -0.01);
    expect(optimizer.update(2, 0)).toBeCloseTo(normOf(0.01), 7);
  });

  it("clips a large gradient to the norm, and leaves a small one", () => {
    const [large, small] = [filled(), filled()];
    setGradients(large, 3);
    setGradients(small, 0.1);
    adamW(large, { gradientClip: 0.5 }).update(1, 0);
    adamW(small, { gradientClip: 0.5 }).update(1, 0);
    // The first moment after one step is 0.1 of the clipped gradient; PyTorch clips to norm / (norm + 1e-6) of the bound.
    const norm = normOf(3);
    expect(large.arenas[0].state.firstMoment[0]).toBeCloseTo(0.1 * 3 * (0.5 / (norm + 1e-6)), 7);
    const sum = large.arenas[0].state.firstMoment.reduce((total, m) => total + (m / 0.1) ** 2, 0);
    expect(Math.sqrt(sum)).toBeCloseTo(0.5, 5);
    expect(small.arenas[0].state.firstMoment[0]).toBeCloseTo(0.1 * 0.1, 7);
  });

  it("adds 1e-6 to the norm that it clips by, as PyTorch does", () => {
    const store = filled();
    const gradient = 1e-6 / Math.sqrt(22);
    setGradients(store, gradient);
    expect(adamW(store, { gradientClip: 5e-7 }).update(1, 0)).toBeCloseTo(1e-6, 12);
    // 5e-7 / (1e-6 + 1e-6) = 1/4
    expect(store.arenas[0].state.firstMoment[0] / (0.1 * gradient)).toBeCloseTo(0.25, 5);
  });

  it("shrinks matrices alone", () => {
    const store = filled();
    setGradients(store, 0);
    adamW(store, { weightDecay: 0.5 }).update(1, 0.1);
    expect(store.weights.get("matrix")![8]).toBeCloseTo(2 * (1 - 0.05), 6);
    expect(store.weights.get("vector")![4]).toBe(1.5);
    expect(store.weights.get("frozen")![0]).toBe(1);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "updates nothing on a gradient of %d",
    (value) => {
      const store = filled();
      setGradients(store, 1);
      store.gradients.get("vector")![6] = value;
      const norm = adamW(store).update(1, 0.1);
      expect(Number.isFinite(norm)).toBe(false);
      expect(store.weights.get("matrix")![8]).toBe(2);
      expect(new Set(store.arenas[0].state.firstMoment)).toEqual(new Set([0]));
      expect(new Set(store.arenas[0].state.secondMoment)).toEqual(new Set([0]));
    },
  );

  it("does the same over several arenas, whose gradients are clipped by their common norm", () => {
    const [one, two] = [filled(), filled(256)];
    expect([one.arenas.length, two.arenas.length]).toEqual([1, 2]);
    for (const store of [one, two]) {
      for (const [name, gradient] of store.gradients)
        for (let i = 0; i < gradient.length; i++) gradient[i] = Math.cos(i + name.length);
      for (const step of [1, 2]) expect(adamW(store).update(step, 0.01)).toBeGreaterThan(1);
    }
    for (const [name, values] of one.weights) expect([...two.weights.get(name)!]).toEqual([...values]);
    setGradients(two, 3);
    expect(adamW(two).update(3, 0)).toBeCloseTo(normOf(3), 6);
  });

  it("has nothing to do where nothing is trainable", () => {
    const store = createParameterStore(parameters, () => false);
    store.weights.get("matrix")!.fill(2);
    expect(adamW(store).update(1, 0.1)).toBe(0);
    expect(new Set(store.weights.get("matrix")!)).toEqual(new Set([2]));
  });

  it("manages with matrices alone and with vectors alone", () => {
    for (const only of ["matrix", "vector"]) {
      const store = createParameterStore(parameters, (name) => name === only);
      store.gradients.get(only)!.fill(1);
      adamW(store, { weightDecay: 0, gradientClip: Number.POSITIVE_INFINITY }).update(1, 0.25);
      store.weights.get(only)!.forEach((weight) => {
        expect(weight).toBeCloseTo(-0.25, 5);
      });
    }
  });
});

/** As `make_adamw.py` describes it. */
interface Fixture {
  readonly optimizer: { readonly beta1: number; readonly beta2: number; readonly epsilon: number };
  readonly learningRates: readonly number[];
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly initial: Readonly<Record<string, readonly number[]>>;
  readonly gradients: readonly Readonly<Record<string, readonly number[]>>[];
  readonly free: Run;
  readonly clipped: Run;
}

interface Run {
  readonly gradientClip: number | null;
  readonly gradientNorms: readonly number[];
  readonly trajectory: readonly Readonly<Record<string, readonly number[]>>[];
}

describe("AdamW against PyTorch over 50 steps", () => {
  const fixture: Fixture = JSON.parse(
    readFileSync(new URL("../../test/fixtures/adamw/adamw.json", import.meta.url), "utf8"),
  );

  it.each(["free", "clipped"] as const)("%s: every value of every step", (label) => {
    const { gradientClip, gradientNorms, trajectory } = fixture[label];
    const { beta1, beta2, epsilon } = fixture.optimizer;
    const store = createParameterStore(
      Object.entries(fixture.shapes).map(([name, shape]) => ({ name, shape })),
      () => true,
    );
    for (const [name, values] of Object.entries(fixture.initial)) store.weights.get(name)!.set(values);
    const optimizer = adamW(store, {
      beta1,
      beta2,
      epsilon,
      weightDecay: 0.1,
      gradientClip: gradientClip ?? Number.POSITIVE_INFINITY,
    });
    expect(trajectory).toHaveLength(50);
    trajectory.forEach((expected, step) => {
      for (const [name, values] of Object.entries(fixture.gradients[step])) store.gradients.get(name)!.set(values);
      const norm = optimizer.update(step + 1, fixture.learningRates[step]);
      expect(Math.abs(norm / gradientNorms[step] - 1), `norm of step ${step}`).toBeLessThan(1e-12);
      for (const [name, values] of Object.entries(expected))
        expect(maximumDifference(store.weights.get(name)!, values), `${name} after step ${step}`).toBeLessThan(1e-6);
    });
  });
});
