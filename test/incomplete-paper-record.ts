/** @file The sample paper record with what can be missing missing: diverged arms, failed controls, figures that do not exist. */
import type { PaperRecord } from "../src/records/paper-record.js";
import { samplePaperRecord } from "./sample-paper-record.js";

const nothing = { mean: null, low: null, high: null, n: 0 } as const;

/** Random diverged for two seeds, zero is far off, a control failed, the target has no nonlinear fit, a matrix holds NaN. */
export function incompletePaperRecord(): PaperRecord {
  const record = samplePaperRecord();
  const [, , , random, zero] = record.arms;
  Object.assign(random, {
    lossAfter: nothing,
    deltaPercent: { ...nothing, n: 5 },
    likePaper: { trainLossLast: null, deltaPercent: null },
    curve: [],
  });
  zero.deltaPercent = { mean: 35, low: 33, high: 37, n: 5 };
  const [verdict] = record.verdicts.matrices;
  Object.assign(verdict, {
    verdict: "undecided",
    strongestClaim: "at least low-rank: frozen and crystal hold",
    seedsToDecide: 9,
  });
  Object.assign(verdict.arms.random, { meanDeltaPercent: null, low: null, high: null, diverged: 2, holds: false });
  Object.assign(verdict.arms.zero, { meanDeltaPercent: 35, low: 33, high: 37, holds: false, shownWorse: true });
  record.verdicts.floor = { deltaStdPercent: null, meanAbsoluteDeltaPercent: null, n: 0 };
  record.verdicts.controls["all attention at random"] = { passed: false, text: "was not shown to be worse" };
  record.verdicts.warnings.push("1 trial diverged");
  const target = record.scan.matrices.find(({ name }) => name === record.target)!;
  target.note = "nonlinear fit: not run";
  target.amplitudes = target.amplitudes!.filter(({ fit }) => fit === "projection");
  Object.assign(record.scan.matrices[3], { pr: null, prSingular: null, pc1: null, note: "holds NaN", amplitudes: [] });
  record.spectrum.edge = null;
  record.sft.learningRateCandidates = [];
  return record;
}

/** One seed: means without intervals, curves without spread. */
export function oneSeedPaperRecord(): PaperRecord {
  const record = samplePaperRecord();
  record.sft.seeds = [1];
  record.verdicts.seeds = [1];
  for (const row of record.arms) {
    for (const key of ["lossBefore", "lossAfter", "deltaBeforePercent", "deltaPercent"] as const)
      row[key] = { mean: row[key].mean, low: null, high: null, n: row[key].mean === null ? 0 : 1 };
    row.curve = row.curve.map(({ step, mean }) => ({ step, mean, low: mean, high: mean }));
  }
  const [verdict] = record.verdicts.matrices;
  verdict.verdict = "undecided";
  for (const arm of Object.values(verdict.arms))
    Object.assign(arm, { low: null, high: null, n: 1, pNoninferior: null, holds: false });
  return record;
}

/** Nothing was scanned, judged or finished. */
export function emptyPaperRecord(): PaperRecord {
  const record = samplePaperRecord();
  record.arms = record.arms.map((row) => ({
    ...row,
    lossBefore: nothing,
    lossAfter: nothing,
    deltaBeforePercent: nothing,
    deltaPercent: nothing,
    likePaper: { trainLossLast: null, deltaPercent: null },
    curve: [],
  }));
  record.scan.matrices = [];
  record.layers = [];
  record.spectrum = { singularValues: [], nullSingularValues: [], edge: null };
  record.base.trainCurve = [];
  record.base.heldOutCurve = [];
  record.verdicts.matrices = [];
  record.verdicts.controls = {};
  record.verdicts.seeds = [];
  record.sft.seeds = [];
  record.corpus.sources = [];
  return record;
}
