import { describe, expect, test } from "vitest";
import { randomStream } from "../foundation/random.js";
import { planBatches } from "./batch-plan.js";
import { evaluationBatches } from "./packing.js";
import type { SftExample } from "./sft-example.js";

const wish = { scoredTokens: 512, perPosition: 1e6, perScored: 1e6, width: 256 };

/** Prompts and completions of lengths that vary around a mean. */
function examples(count: number, prompt: number, completion: number): SftExample[] {
  const chance = randomStream(7, "lengths");
  return Array.from({ length: count }, () => {
    const before = 1 + Math.floor(prompt * (0.5 + chance.uniform()));
    const after = 1 + Math.floor(completion * (0.5 + chance.uniform()));
    const scored = Uint8Array.from({ length: before + after }, (_, i) => (i < before ? 0 : 1));
    return { tokens: Int32Array.from(scored, (_, i) => i), scored };
  });
}

describe("the batches' shape", () => {
  test.each([
    ["short ones", 8, 10],
    ["questions and answers", 60, 120],
    ["long prompts", 700, 60],
    ["long answers", 30, 400],
  ])("scores about what is wanted, with little padding: %s", (_, prompt, completion) => {
    const given = examples(400, prompt, completion);
    const plan = planBatches(given, wish);
    expect(Math.abs(plan.meanScored / 512 - 1)).toBeLessThan(0.12);
    expect(plan.filled).toBeGreaterThan(0.6);
    const longest = Math.max(...given.map(({ tokens }) => tokens.length));
    expect(plan.length).toBeGreaterThanOrEqual(longest);
  });

  test("holds the longest example, even if only held-out ones are that long", () => {
    const long = examples(1, 900, 700);
    const plan = planBatches(examples(50, 10, 10), wish, [...examples(50, 10, 10), ...long]);
    expect(evaluationBatches(long, plan)).toHaveLength(1);
  });

  test("is the same for the same examples", () => {
    expect(planBatches(examples(50, 60, 60), wish)).toEqual(planBatches(examples(50, 60, 60), wish));
  });

  test("is found for a single example", () => {
    expect(planBatches(examples(1, 5, 5), wish).rows).toBeGreaterThan(0);
  });
});

test("held-out examples are packed with little padding", () => {
  const given = examples(200, 60, 120);
  const shape = { rows: 2, length: 384, slots: 600 };
  const batches = evaluationBatches(given, shape);
  const tokens = given.reduce((sum, example) => sum + example.tokens.length, 0);
  expect(tokens / (batches.length * shape.rows * shape.length)).toBeGreaterThan(0.85);
  const seen = new Set(batches.flatMap(({ exampleOfSlot }) => [...exampleOfSlot].filter((index) => index >= 0)));
  expect(seen.size).toBe(200);
});
