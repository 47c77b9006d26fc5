import { expect, test } from "vitest";
import { sampleScanRecord } from "../../test/sample-scan-record.js";
import { sampleTestRecord } from "../../test/sample-test-record.js";
import type { MatrixScanRecord } from "../records/scan-record.js";
import type { TestedTarget } from "../records/test-record.js";
import { spectralPrediction } from "./spectral-prediction.js";

const [template] = (await sampleScanRecord()).matrices;
const [target] = sampleTestRecord().targets;
const [arm] = target.arms;

/** Costs of the named matrices; `pr` follows them, `spikes` goes against them, the layer is the same for all. */
function tested(costs: readonly number[]): { targets: TestedTarget[]; scan: MatrixScanRecord[] } {
  const names = costs.map((_, i) => `m${i}`);
  return {
    targets: names.map((name, i) => ({
      ...{ name, parameters: 100, matrices: [{ ...target.matrices[0], name, layer: 3 }] },
      arms: [{ ...arm, arm: "frozen", deltaPercent: { mean: costs[i], low: null, high: null, n: 3 } }],
    })),
    scan: names.map((name, i) => ({ ...template, name, pr: 10 + costs[i], prNull: 100, spikes: -costs[i] })),
  };
}

test("a measure that follows the cost is found, and one that goes against it", () => {
  const { targets, scan } = tested([0.1, 0.5, -0.3, 2, 1, 0.7]);
  const found = new Map(spectralPrediction(targets, scan, []).map(({ measure, rho, p }) => [measure, [rho, p]]));
  expect(found.get("pr / noise")![0]).toBeCloseTo(1, 12);
  expect(found.get("spikes above the edge")![0]).toBeCloseTo(-1, 12);
  // Of 720 orders two are as extreme.
  expect(found.get("pr / noise")![1]).toBeCloseTo(2 / 720, 10);
  // A constant has no rank correlation, and says so.
  expect(found.get("depth")).toEqual([null, null]);
  expect(found.has("relative update by full")).toBe(false);
});

test("matrices of several shapes are also ranked by the measures as they are", () => {
  const { targets, scan } = tested([0.1, 0.5, -0.3, 2]);
  const plain = (matrices: readonly MatrixScanRecord[]) =>
    spectralPrediction(targets, matrices, []).filter(({ measure }) => measure === "pr");
  expect(plain(scan)).toEqual([]);
  const [first, ...others] = scan;
  expect(plain([{ ...first, rows: first.cols, cols: first.rows }, ...others])).toEqual([]);
  const [pr] = plain([{ ...first, rows: 2 * first.rows, prNull: 1 }, ...others]);
  expect(pr.rho).toBeCloseTo(1, 12);
});

test("a matrix of which a seed diverged costs most, and is not left out", () => {
  const { targets, scan } = tested([0.1, 0.5, -0.3, 2]);
  const [diverged] = targets[3].arms;
  const arms = [{ ...diverged, deltaPercent: { mean: null, low: null, high: null, n: 3 } }];
  const [first] = spectralPrediction([...targets.slice(0, 3), { ...targets[3], arms }], scan, []);
  expect(first).toMatchObject({ measure: "pr / noise", n: 4 });
  expect(first.rho).toBeCloseTo(1, 12);
  const unknown = [{ ...diverged, deltaPercent: { mean: null, low: null, high: null, n: 0 } }];
  expect(spectralPrediction([...targets.slice(0, 3), { ...targets[3], arms: unknown }], scan, [])).toEqual([]);
});

test("groups and fewer than four matrices predict nothing", () => {
  const { targets, scan } = tested([1, 2, 3]);
  expect(spectralPrediction(targets, scan, [])).toEqual([]);
  const group = { ...targets[0], matrices: [...targets[0].matrices, ...targets[1].matrices] };
  expect(spectralPrediction([...targets, group], scan, [])).toEqual([]);
});
