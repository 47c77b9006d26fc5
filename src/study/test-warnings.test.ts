import { expect, test } from "vitest";
import { sampleTestRecord } from "../../test/sample-test-record.js";
import { targetFacts, testWarnings, type WarningFacts } from "./test-warnings.js";

const record = sampleTestRecord();
/** Nothing to warn of. */
const sound: WarningFacts = {
  ...{ heldOutTokens: 1e5, lossAfter: 2 },
  targets: [{ name: "h.0.x", share: 0.1, noiseLike: [] }],
  ...{ controlled: true, learningRate: 1e-3, triedRates: [1e-4, 1e-3, 1e-2] },
  verdicts: { floor: { deltaStdPercent: 0.1, meanAbsoluteDeltaPercent: 0.1, n: 3 }, matrices: [] },
};
const [target] = sound.targets;

test("nothing is said where nothing is wrong", () => {
  expect(testWarnings(sound)).toEqual([]);
});

test("each thing that makes a verdict mean little is named", () => {
  expect(testWarnings({ ...sound, heldOutTokens: 300 })).toEqual([expect.stringMatching(/have 300 scored tokens/)]);
  expect(testWarnings({ ...sound, lossAfter: 0.0002 })).toEqual([
    expect.stringMatching(/ends at 0\.00020 nats: the model knows the answers/),
  ]);
  expect(testWarnings({ ...sound, targets: [{ ...target, noiseLike: ["h.0.x"] }] })).toEqual([
    expect.stringMatching(/^h\.0\.x: cannot be told from i\.i\.d\. noise by its spectrum/),
  ]);
  expect(testWarnings({ ...sound, targets: [{ ...target, name: "tiny", share: 1e-6 }] })).toEqual([
    expect.stringMatching(/^tiny: less than 0\.1% of the parameters/),
  ]);
});

test("a test without controls, or at the highest rate that was tried, is named", () => {
  expect(testWarnings({ ...sound, controlled: false })).toEqual([expect.stringMatching(/^No control was run/)]);
  expect(testWarnings({ ...sound, learningRate: 1e-2 })).toEqual([
    expect.stringMatching(/^The learning rate 0\.01 is the highest of those tried/),
  ]);
  expect(testWarnings({ ...sound, triedRates: [] })).toEqual([]);
});

test("what is not on record is said to be unknown, not passed over", () => {
  expect(testWarnings({ ...sound, heldOutTokens: null })).toEqual([
    expect.stringMatching(/scored tokens of the held-out examples are not on record/),
  ]);
  expect(testWarnings({ ...sound, targets: [{ ...target, share: null }, target] })).toEqual([
    expect.stringMatching(/^h\.0\.x: the share of the parameters is not on record/),
  ]);
  expect(testWarnings({ ...sound, targets: [{ ...target, noiseLike: null }] })).toEqual([
    expect.stringMatching(/^h\.0\.x: no spectrum is on record/),
  ]);
});

test("a replacement that did no damage is named, one that did is not", () => {
  const [template] = record.verdicts.matrices;
  const [arm] = Object.values(template.arms);
  const of = (damage: number) => ({
    ...sound,
    verdicts: { ...sound.verdicts, matrices: [{ ...template, name: "m", arms: { random: { ...arm, damage } } }] },
  });
  // The floor is 0.1% of 2 nats.
  expect(testWarnings(of(0.001))[0]).toMatch(/^m: replacing it changes the loss/);
  for (const damage of [0.01, -0.01]) expect(testWarnings(of(damage))).toEqual([]);
});

test("a record tells the share of each target, and which of its matrices are like noise", () => {
  const facts = targetFacts(record);
  expect(facts[0]).toEqual({ name: "layers.0.self_attn.o_proj", share: 288 ** 2 / 15_191_712, noiseLike: [] });
  const group = record.targets.find(({ matrices }) => matrices.length > 1)!;
  const changed = (noiseLike: boolean | undefined) => {
    const [first, ...others] = group.matrices;
    return targetFacts({ ...record, targets: [{ ...group, matrices: [{ ...first, noiseLike }, ...others] }] })[0];
  };
  expect(changed(true).noiseLike).toEqual([group.matrices[0].name]);
  expect(changed(undefined).noiseLike).toBeNull();
});
