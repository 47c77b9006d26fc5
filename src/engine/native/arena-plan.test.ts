import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planArena } from "./arena-plan.js";
import type { Storage } from "./placement.js";

const bound = { kind: "input", name: "x" } as const;
const bytesOf = ({ elements }: Storage) => 64 * Math.ceil(elements / 16);

const storage = fc
  .record({ elements: fc.integer({ min: 1, max: 200 }), begin: fc.nat(20), calls: fc.nat(8), isBound: fc.boolean() })
  .map(({ elements, begin, calls, isBound }): Storage => {
    return { elements, begin, end: begin + calls, bound: isBound && calls % 4 === 0 ? bound : null };
  });
const storages = fc.array(storage, { maxLength: 40 });

const free = (elements: number, begin: number, end: number): Storage => ({ elements, begin, end, bound: null });

describe("the arena", () => {
  it("gives storages that are alive at the same time places that do not overlap", () => {
    fc.assert(
      fc.property(storages, (drawn) => {
        const { offsets, bytes } = planArena(drawn);
        drawn.forEach((a, i) => {
          expect(offsets[i] === null).toBe(a.bound !== null);
          if (a.bound) return;
          const begin = offsets[i]!;
          expect(begin % 64).toBe(0);
          expect(begin + 4 * a.elements).toBeLessThanOrEqual(bytes);
          drawn.slice(0, i).forEach((b, j) => {
            if (b.bound || a.end < b.begin || b.end < a.begin) return;
            const isApart = begin + 4 * a.elements <= offsets[j]! || offsets[j]! + 4 * b.elements <= begin;
            expect(isApart, `${i} and ${j}`).toBe(true);
          });
        });
      }),
      { numRuns: 500 },
    );
  });

  it("is between the most that is alive at once and all together", () => {
    fc.assert(
      fc.property(storages, (drawn) => {
        const inside = drawn.filter((one) => one.bound === null);
        const sum = (some: readonly Storage[]) => some.reduce((total, one) => total + bytesOf(one), 0);
        const { bytes } = planArena(drawn);
        for (let call = 0; call < 30; call++)
          expect(bytes).toBeGreaterThanOrEqual(sum(inside.filter(({ begin, end }) => begin <= call && call <= end)));
        expect(bytes).toBeLessThanOrEqual(sum(inside));
      }),
    );
  });

  it("takes no more than the largest where they follow one another", () => {
    expect(planArena([free(16, 0, 1), free(160, 2, 3), free(48, 4, 9)])).toEqual({ offsets: [0, 0, 0], bytes: 640 });
  });

  it("keeps apart what the same call ends and begins", () => {
    expect(planArena([free(16, 0, 1), free(16, 1, 2), free(16, 2, 3)])).toEqual({ offsets: [0, 64, 0], bytes: 128 });
  });

  it("fills a gap between two that live longer", () => {
    const { offsets, bytes } = planArena([
      free(64, 0, 9),
      free(32, 0, 3),
      free(48, 0, 9),
      free(16, 5, 7),
      free(16, 5, 9),
    ]);
    expect(bytes).toBe(4 * (64 + 48 + 32));
    expect(offsets.slice(3)).toEqual([448, 512]);
  });

  it("is empty without storages", () => {
    expect(planArena([])).toEqual({ offsets: [], bytes: 0 });
  });
});
