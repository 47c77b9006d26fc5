import { describe, expect, it } from "vitest";
import { InputError } from "../foundation/errors.js";
import { createParameterStore } from "./parameter-store.js";

const parameters = [
  { name: "embedding", shape: [5, 3] },
  { name: "norm", shape: [3] },
  { name: "frozen", shape: [3, 3] },
  { name: "matrix", shape: [3, 7] },
  { name: "bias", shape: [17] },
  { name: "frozen bias", shape: [2] },
];
const isTrainable = (name: string) => !name.startsWith("frozen");

describe("the parameter store", () => {
  it("has room for all weights, and gradients for the trainable ones", () => {
    const store = createParameterStore(parameters, isTrainable);
    expect([...store.weights].map(([name, { length }]) => [name, length])).toEqual([
      ["embedding", 15],
      ["norm", 3],
      ["frozen", 9],
      ["matrix", 21],
      ["bias", 17],
      ["frozen bias", 2],
    ]);
    expect([...store.gradients].map(([name, { length }]) => [name, length])).toEqual([
      ["embedding", 15],
      ["norm", 3],
      ["matrix", 21],
      ["bias", 17],
    ]);
    expect(store.trainable).toEqual(["embedding", "norm", "matrix", "bias"]);
    expect(store.trainableParameters).toBe(15 + 3 + 21 + 17);
  });

  it("begins with zeros", () => {
    const { arenas, weights } = createParameterStore(parameters, isTrainable);
    for (const { memory } of arenas) expect(new Set(new Uint8Array(memory.buffer))).toEqual(new Set([0]));
    expect(new Set(weights.get("frozen"))).toEqual(new Set([0]));
  });

  it("keeps every array apart from every other", () => {
    const store = createParameterStore(parameters, isTrainable);
    const [{ state, sections, sectionBytes }] = store.arenas;
    const arrays = [...store.weights.values(), ...store.gradients.values(), state.firstMoment, state.secondMoment];
    arrays.forEach((array, index) => {
      array.fill(index + 1);
    });
    arrays.forEach((array, index) => {
      expect(new Set(array)).toEqual(new Set([index + 1]));
    });
    expect(sections).toEqual({
      weight: 0,
      gradient: sectionBytes,
      firstMoment: 2 * sectionBytes,
      secondMoment: 3 * sectionBytes,
    });
  });

  it("aligns every array to 64 bytes", () => {
    const store = createParameterStore(parameters, isTrainable);
    for (const array of [...store.weights.values(), ...store.gradients.values()]) expect(array.byteOffset % 64).toBe(0);
    expect(store.arenas[0].sectionBytes % 64).toBe(0);
  });

  it("puts the decayed matrices into one stretch and the vectors into the next", () => {
    const store = createParameterStore(parameters, isTrainable);
    // 15 numbers take a stretch of 64 bytes; 21 and 17 take 128 each; 3 take 64.
    const [arena] = store.arenas;
    expect(arena.groups).toEqual([
      { decayed: true, byteBegin: 0, byteEnd: 192 },
      { decayed: false, byteBegin: 192, byteEnd: 384 },
    ]);
    const decayed = [...arena.weights].filter(([, { byteOffset }]) => byteOffset < 192).map(([name]) => name);
    expect(decayed).toEqual(["embedding", "matrix"]);
    for (const name of store.trainable) {
      const weight = store.weights.get(name)!;
      expect(store.gradients.get(name)!.byteOffset - weight.byteOffset, name).toBe(arena.sectionBytes);
    }
  });

  it("shows the trainable weights of its state in place", () => {
    const store = createParameterStore(parameters, isTrainable);
    const [{ state, sectionBytes }] = store.arenas;
    store.weights.get("matrix")![2] = 0.5;
    expect(state.weight[store.weights.get("matrix")!.byteOffset / 4 + 2]).toBe(0.5);
    expect(state.weight).toHaveLength(sectionBytes / 4);
  });

  it("can hold frozen weights alone", () => {
    const store = createParameterStore(parameters, () => false);
    expect(store.arenas).toHaveLength(0);
    expect(store.trainableParameters).toBe(0);
    expect(store.gradients.size).toBe(0);
    expect(store.weights.get("bias")).toHaveLength(17);
  });

  it("takes further arenas where one is full, in the order of the parameters", () => {
    const store = createParameterStore(parameters, isTrainable, 4 * 192);
    expect(store.arenas.map(({ weights }) => [...weights.keys()])).toEqual([
      ["embedding", "norm"],
      ["matrix"],
      ["bias"],
    ]);
    expect([...store.gradients.keys()]).toEqual(["embedding", "norm", "matrix", "bias"]);
    expect(store.arenas.every(({ sectionBytes }) => sectionBytes <= 192)).toBe(true);
  });

  it("refuses a weight that no WebAssembly memory holds, before it takes any", () => {
    const large = [{ name: "w", shape: [2 ** 14, 2 ** 14 + 1] }];
    expect(() => createParameterStore(large, () => true)).toThrow(InputError);
    expect(() => createParameterStore(large, () => true)).toThrow(/'w' needs 4\.0 GiB.*Freeze it/);
  });
});
