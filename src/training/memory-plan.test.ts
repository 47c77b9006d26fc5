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
    expect(planMemory(model, batch, 8 * 2 ** 30, "onnx")).toMatchObject({ rowsAtOnce: 12, keptTrainers: 3 });
  });

  it("gives up kept models first, then rows, and stays within the budget", () => {
    const plans = [600, 400, 300, 250, 200, 160, 140].map((size) => planMemory(model, batch, size * mebibyte, "onnx"));
    plans.forEach((plan, index) => {
      expect(plan.bytes).toBeLessThanOrEqual([600, 400, 300, 250, 200, 160, 140][index] * mebibyte);
    });
    const rows = plans.map(({ rowsAtOnce }) => rowsAtOnce);
    expect(rows).toEqual([...rows].sort((a, b) => b - a));
    expect(rows[0]).toBe(12);
    expect(rows.at(-1)).toBeLessThan(4);
  });

  it("says how much one row takes where even that does not fit", () => {
    expect(() => planMemory(model, batch, 100 * mebibyte, "onnx")).toThrow(InputError);
    expect(() => planMemory(model, batch, 100 * mebibyte, "onnx")).toThrow(
      /One row of 256 tokens takes about 0\.1 GiB.*--memory/,
    );
  });

  it("needs less of the native kernels, which keep no probabilities and share one arena", () => {
    const [native, onnx] = (["native", "onnx"] as const).map((name) => planMemory(model, batch, 8 * 2 ** 30, name));
    expect(native.bytes).toBeLessThan(0.6 * onnx.bytes);
    expect(native).toMatchObject({ rowsAtOnce: 12, keptTrainers: 3, arenaLimitBytes: null });
  });

  it("has the native kernels compute part of one row again where it does not fit whole", () => {
    const long = { rows: 4, length: 4096, slots: 4096 };
    const budgets = Array.from({ length: 12 }, (_, i) => (130 + 16 * i) * mebibyte);
    const plans = budgets.flatMap((budget) => {
      try {
        return [planMemory(model, long, budget, "native")];
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        return [];
      }
    });
    const limits = plans.map(({ arenaLimitBytes }) => arenaLimitBytes);
    const again = limits.filter((limit) => limit !== null);
    expect(again.length).toBeGreaterThan(0);
    expect(again).toEqual([...again].sort((a, b) => a - b));
    expect(limits.slice(again.length)).toEqual(new Array(limits.length - again.length).fill(null));
    expect(limits.at(-1)).toBeNull();
    for (const { arenaLimitBytes, rowsAtOnce } of plans) if (arenaLimitBytes !== null) expect(rowsAtOnce).toBe(1);
  });
});
