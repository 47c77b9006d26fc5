import { describe, expect, test } from "vitest";
import { InputError } from "../foundation/errors.js";
import { pickLearningRate } from "./learning-rate.js";

const candidate = (learningRate: number, heldOutLoss: number | null) => ({ learningRate, heldOutLoss });

describe("the choice of the learning rate", () => {
  test("is the lowest held-out loss", () => {
    expect(pickLearningRate([candidate(1e-4, 3.2), candidate(1e-3, 3), candidate(1e-2, 3.4)])).toBe(1e-3);
  });
  test("is the lowest rate among those that do as well", () => {
    expect(pickLearningRate([candidate(1e-2, 2.999), candidate(1e-3, 3), candidate(1e-4, 3.01)])).toBe(1e-3);
  });
  test("passes over what diverged, and fails where everything did", () => {
    expect(pickLearningRate([candidate(1e-3, 3), candidate(1, null)])).toBe(1e-3);
    expect(() => pickLearningRate([candidate(1, null)])).toThrow(InputError);
  });
});
