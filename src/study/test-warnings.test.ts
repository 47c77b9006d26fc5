import { expect, test } from "vitest";
import { sampleScanRecord } from "../../test/sample-scan-record.js";
import { sampleTestRecord } from "../../test/sample-test-record.js";
import { testWarnings } from "./test-warnings.js";

const [scanned] = (await sampleScanRecord()).matrices;
const record = sampleTestRecord();
/** Nothing to warn of. */
const sound = {
  ...record,
  data: { ...record.data, scoredTokens: { training: 1e6, heldOut: 1e5 } },
  full: { ...record.full, lossAfter: { mean: 2, low: null, high: null, n: 3 } },
  model: { ...record.model, parameters: 1000 },
  targets: record.targets.map((target) => ({ ...target, parameters: 100 })),
  verdicts: { ...record.verdicts, floor: { deltaStdPercent: 0.1, meanAbsoluteDeltaPercent: 0.1, n: 3 }, matrices: [] },
};

test("a sound test has no warning", () => {
  expect(testWarnings(sound, [{ ...scanned, noiseLike: false }])).toEqual([]);
});

test("each thing that makes a verdict mean little is named", () => {
  const few = { ...sound, data: { ...sound.data, scoredTokens: { training: 1e6, heldOut: 300 } } };
  expect(testWarnings(few, [])[0]).toMatch(/have 300 scored tokens/);
  const known = { ...sound, full: { ...sound.full, lossAfter: { mean: 0.0002, low: null, high: null, n: 3 } } };
  expect(testWarnings(known, [])[0]).toMatch(/ends at 0\.00020 nats: the model knows the answers/);
  expect(testWarnings(sound, [{ ...scanned, name: "h.0.x", noiseLike: true }])[0]).toMatch(/^h\.0\.x: cannot be told/);
  const small = {
    ...sound,
    targets: [{ ...sound.targets[0], name: "tiny", parameters: 1 }],
    model: { ...sound.model, parameters: 1e6 },
  };
  expect(testWarnings(small, [])[0]).toMatch(/^tiny: less than 0\.1% of the parameters/);
});

test("a replacement that did no damage is named, one that did is not", () => {
  const [template] = record.verdicts.matrices;
  const [arm] = Object.values(template.arms);
  const of = (damage: number) => ({
    ...sound,
    verdicts: { ...sound.verdicts, matrices: [{ ...template, name: "m", arms: { random: { ...arm, damage } } }] },
  });
  // The floor is 0.1% of 2 nats.
  expect(testWarnings(of(0.001), [])[0]).toMatch(/^m: replacing it changes the loss/);
  expect(testWarnings(of(0.01), [])).toEqual([]);
});
