import { describe, expect, it } from "vitest";
import { ropeFixtures } from "../../test/architecture-fixture.js";
import { parseRope } from "../checkpoint/rope-config.js";
import { rotaryFrequencies } from "./rotary-frequencies.js";

const reading = { where: "config.json", theta: 10_000 };

describe("rotary frequencies", () => {
  it.each(ropeFixtures)("are those of transformers: $parameters.rope_type, head of $headWidth", (fixture) => {
    const { headWidth, contextLength, parameters, frequencies, attentionFactor } = fixture;
    const rope = parseRope({ rope_parameters: parameters }, { ...reading, contextLength });
    const found = rotaryFrequencies(rope, headWidth);
    expect(found.frequencies).toHaveLength(frequencies.length);
    found.frequencies.forEach((frequency, pair) => {
      expect(Math.abs(frequency / frequencies[pair] - 1), `pair ${pair}`).toBeLessThan(1e-5);
    });
    expect(found.scoreFactor).toBeCloseTo(attentionFactor ** 2, 10);
  });

  it("are read from the old spelling too", () => {
    const { parameters, contextLength } = ropeFixtures[1];
    const { rope_type: type, rope_theta: theta, ...rest } = parameters;
    const old = { rope_theta: Number(theta), rope_scaling: { type: String(type), ...rest } };
    expect(parseRope(old, { ...reading, contextLength })).toEqual(
      parseRope({ rope_parameters: parameters }, { ...reading, contextLength }),
    );
  });

  it("leave what lies beyond the rotated share", () => {
    const rope = { theta: 100, scaling: { kind: "none" }, rotatedShare: 0.25 } as const;
    expect(rotaryFrequencies(rope, 16).frequencies).toEqual([1, 0.1]);
  });

  it("are refused for a scaling that is not known, or lacks a key", () => {
    const of = (parameters: Record<string, string | number>) => () =>
      parseRope({ rope_scaling: parameters }, { ...reading, contextLength: 64 });
    expect(of({ type: "longrope" })).toThrow(/"longrope"; supported are default, linear, dynamic, llama3 and yarn/);
    expect(of({ rope_type: "llama3", factor: 8 })).toThrow(/rope_scaling lacks 'low_freq_factor'/);
  });
});
