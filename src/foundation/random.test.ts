import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ShapeError } from "./errors.js";
import { exactLog, normalQuantile } from "./normal-quantile.js";
import { philox4x32 } from "./philox.js";
import { RandomStream, randomStream } from "./random.js";

interface Fixture {
  blocks: { counter: number[]; key: number[]; output: number[] }[];
  streams: { seed: number; name: string; words: number[]; uniform: number[]; normal: number[] }[];
  golden: { first: number[]; sha256: string };
  quantiles: [number, number][];
  logs: [number, number][];
}
// Written by make_random.py: plain integers and SciPy.
const fixture = JSON.parse(
  readFileSync(new URL("../../test/fixtures/random/random.json", import.meta.url), "utf8"),
) as Fixture;

function philox(counter: number[], key: number[]): number[] {
  const output = new Uint32Array(4);
  philox4x32(Uint32Array.from(counter), Uint32Array.from(key), output);
  return [...output];
}

function largestRelativeError(pairs: [number, number][], f: (x: number) => number): number {
  return Math.max(...pairs.map(([x, expected]) => Math.abs(f(x) - expected) / (Math.abs(expected) || 1)));
}

describe("philox4x32", () => {
  // The known-answer vectors of the authors' Random123 library (kat_vectors, philox4x32 10).
  const f = 0xffffffff;
  it.each([
    [[0, 0, 0, 0], [0, 0], "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    [[f, f, f, f], [f, f], "408f276d 41c83b0e a20bc7c6 6d5451fd"],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], "d16cfe09 94fdcceb 5001e420 24126ea1"],
  ])("gives the published block for counter %j", (counter, key, expected) => {
    const words = philox(counter, key).map((word) => word.toString(16).padStart(8, "0"));
    expect(words.join(" ")).toBe(expected);
  });

  it("agrees with an implementation in plain integers", () => {
    for (const { counter, key, output } of fixture.blocks) expect(philox(counter, key)).toEqual(output);
  });
});

describe("normalQuantile", () => {
  it("agrees with SciPy in both tails and the centre", () => {
    expect(largestRelativeError(fixture.quantiles, normalQuantile)).toBeLessThan(2e-15);
  });

  it("rests on a logarithm that is right within one unit in the last place", () => {
    expect(largestRelativeError(fixture.logs, exactLog)).toBeLessThan(2 ** -52);
  });
});

describe("randomStream", () => {
  it.each(fixture.streams)("gives the golden words, uniforms and normals of seed $seed, $name", (golden) => {
    const words = randomStream(golden.seed, golden.name);
    expect(golden.words.map(() => words.nextUint32())).toEqual(golden.words);
    const uniforms = randomStream(golden.seed, golden.name);
    expect(golden.uniform.map(() => uniforms.uniform())).toEqual(golden.uniform);
    const normals = randomStream(golden.seed, golden.name);
    for (const expected of golden.normal) {
      expect(Math.abs(normals.normal() / expected - 1)).toBeLessThan(2e-15);
    }
  });

  // Every operation is exact by IEEE 754, so these hold to the last bit on every platform.
  it("restores the same bits of a normal matrix anywhere", () => {
    const matrix = new Float32Array(1000);
    randomStream(63, "golden").fillNormal(matrix, 0.02);
    expect([...matrix.subarray(0, 3)]).toEqual(fixture.golden.first);
    expect(createHash("sha256").update(new Uint8Array(matrix.buffer)).digest("hex")).toBe(fixture.golden.sha256);
  });

  it("fills in order with draws rounded once", () => {
    const filled = new Float32Array(5);
    randomStream(1, "a").fillNormal(filled, 0.5);
    const stream = randomStream(1, "a");
    expect([...filled]).toEqual([0, 1, 2, 3, 4].map(() => Math.fround(stream.normal() * 0.5)));
  });

  it("carries into the second counter word", () => {
    const stream = new RandomStream(Uint32Array.of(1, 2), Uint32Array.of(0xffffffff, 5, 0, 0));
    const drawn = Array.from({ length: 8 }, () => stream.nextUint32());
    expect(drawn).toEqual([...philox([0xffffffff, 5, 0, 0], [1, 2]), ...philox([0, 6, 0, 0], [1, 2])]);
  });

  it("has the moments of a standard normal distribution", () => {
    const n = 400_000;
    const stream = randomStream(5, "moments");
    const sums = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const x = stream.normal();
      sums[0] += x;
      sums[1] += x * x;
      sums[2] += x ** 3;
      sums[3] += x ** 4;
    }
    // Within four standard errors: var x^k = 1, 2, 15, 96.
    [0, 1, 0, 3].forEach((moment, k) => {
      expect(Math.abs(sums[k] / n - moment)).toBeLessThan(4 * Math.sqrt([1, 2, 15, 96][k] / n));
    });
  });

  it("gives uncorrelated streams for other names and other seeds", () => {
    const n = 100_000;
    const draw = (seed: number, name: string) => {
      const values = new Float32Array(n);
      randomStream(seed, name).fillNormal(values, 1);
      return values;
    };
    const first = draw(0, "a");
    for (const other of [draw(0, "b"), draw(1, "a"), draw(10, "a")]) {
      const correlation = first.reduce((sum, x, i) => sum + x * other[i], 0) / n;
      expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(n));
    }
  });

  it("refuses a seed that JSON would not keep", () => {
    for (const seed of [0.5, 2 ** 53, Number.NaN]) expect(() => randomStream(seed, "a")).toThrow(ShapeError);
  });
});

describe("RandomStream.integer", () => {
  it("is uniform where the plain remainder is not", () => {
    // 3 * 2^30 divides 2^32 badly: by the remainder alone, values below 2^30 would come twice as often.
    const below = 3 * 2 ** 30;
    const stream = randomStream(2, "integer");
    const n = 30_000;
    let low = 0;
    for (let i = 0; i < n; i++) if (stream.integer(below) < 2 ** 30) low++;
    expect(Math.abs(low / n - 1 / 3)).toBeLessThan(4 * Math.sqrt(2 / 9 / n));
  });

  it("reaches every value and no other", () => {
    const stream = randomStream(2, "dice");
    const seen = new Set(Array.from({ length: 500 }, () => stream.integer(6)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(stream.integer(1)).toBe(0);
    expect(stream.integer(2 ** 32)).toBeLessThan(2 ** 32);
  });

  it("refuses bounds outside [1, 2^32]", () => {
    for (const below of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) {
      expect(() => randomStream(0, "a").integer(below)).toThrow(ShapeError);
    }
  });
});

describe("RandomStream.permutation", () => {
  it("holds every index once", () => {
    const order = randomStream(1, "permutation").permutation(1000);
    expect([...order]).not.toEqual([...order].sort((a, b) => a - b));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(randomStream(1, "a").permutation(0).length).toBe(0);
  });

  it("draws the orders of four equally often", () => {
    const stream = randomStream(4, "orders");
    const counts = new Map<string, number>();
    const n = 24_000;
    for (let i = 0; i < n; i++) {
      const order = stream.permutation(4).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - n / 24) ** 2 / (n / 24), 0);
    expect(counts.size).toBe(24);
    // The 0.9999 quantile of chi-square with 23 degrees of freedom is 56.
    expect(chiSquare).toBeLessThan(56);
  });
});
