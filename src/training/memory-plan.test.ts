import { describe, expect, it } from "vitest";
import { parseGpt2Config } from "../checkpoint/gpt2-config.js";
import { InputError } from "../foundation/errors.js";
import { gpt2 } from "../model/gpt2.js";
import { planMemory } from "./memory-plan.js";

const model = gpt2(
  parseGpt2Config({ model_type: "gpt2", n_layer: 4, n_embd: 64, n_head: 4, vocab_size: 1000, n_positions: 128 }),
);
const batch = { rows: 12, length: 256, slots: 1024 };
const mebibyte = 2 ** 20;

describe("the memory plan", () => {
  it("takes the whole batch and keeps three models where there is room", () => {
    expect(planMemory(model, batch, 8 * 2 ** 30)).toMatchObject({ rowsAtOnce: 12, keptTrainers: 3 });
  });

  it("gives up kept models first, then rows, and stays within the budget", () => {
    const plans = [600, 400, 300, 250, 200, 160, 140].map((size) => planMemory(model, batch, size * mebibyte));
    plans.forEach((plan, index) => {
      expect(plan.bytes).toBeLessThanOrEqual([600, 400, 300, 250, 200, 160, 140][index] * mebibyte);
    });
    const rows = plans.map(({ rowsAtOnce }) => rowsAtOnce);
    expect(rows).toEqual([...rows].sort((a, b) => b - a));
    expect(rows[0]).toBe(12);
    expect(rows.at(-1)).toBeLessThan(4);
  });

  it("says how much one row takes where even that does not fit", () => {
    expect(() => planMemory(model, batch, 100 * mebibyte)).toThrow(InputError);
    expect(() => planMemory(model, batch, 100 * mebibyte)).toThrow(
      /One row of 256 tokens takes about 0\.1 GiB.*--memory/,
    );
  });
});
