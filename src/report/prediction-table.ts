/** @file Does any measure of a matrix predict what an arm costs? Rank correlations as a table and in a sentence. Knows neither terminal nor page. */
import type { SpectralPrediction, TestRecord } from "../records/test-record.js";
import { absent, counted, exists, fixed, signed } from "./figure-text.js";
import type { Column, ReportTable } from "./report-table.js";

/** Error of each interval of the record. */
const level = 0.05;

function correlation({ rho, low, high }: SpectralPrediction): string {
  if (!exists(rho)) return absent;
  return exists(low) && exists(high)
    ? `${signed(rho, 2)} [${signed(low, 2)}, ${signed(high, 2)}]`
    : `${signed(rho, 2)} [no interval]`;
}

function pText(p: number | null): string {
  if (!exists(p)) return absent;
  return p < 0.001 ? "< 0.001" : fixed(p, 3);
}

const excludesZero = ({ low, high }: SpectralPrediction) => exists(low) && exists(high) && (low > 0 || high < 0);

/** Null where the record holds none. */
export function predictionTable({ prediction = [] }: TestRecord): ReportTable | null {
  if (prediction.length === 0) return null;
  const measures = [...new Set(prediction.map(({ measure }) => measure))];
  const arms = [...new Set(prediction.map(({ arm }) => arm))];
  const found = new Map(prediction.map((one) => [JSON.stringify([one.measure, one.arm]), one]));
  const numbers = new Set(prediction.map(({ n }) => n));
  const uneven = numbers.size > 1;
  const right = { align: "right" } as const;
  return {
    title: `Rank correlation with the delta${uneven ? "" : `, over ${counted([...numbers][0], "matrix", "matrices")}`}`,
    columns: [
      { heading: "Measure" },
      ...arms.flatMap((group): Column[] => [
        { heading: "rho [95% interval]", group, ...right },
        { heading: "p", group, ...right },
        ...(uneven ? [{ heading: "n", group, ...right }] : []),
      ]),
    ],
    rows: measures.map((measure) => ({
      cells: [
        measure,
        ...arms.flatMap((arm) => {
          const one = found.get(JSON.stringify([measure, arm]));
          const cells = one ? [correlation(one), pText(one.p), String(one.n)] : [absent, absent, absent];
          return cells.slice(0, uneven ? 3 : 2);
        }),
      ],
    })),
    notes: [
      "Spearman's rho over single matrices between the measure and the mean delta of the arm: +1 where the matrix with more of the measure always costs more. Interval: bootstrap over matrices, which with few of them is too narrow rather than too wide. p: two-sided, by permutation, not corrected for the number of tries. A dash: not defined, as where all matrices have the same value.",
    ],
  };
}

/** The answer in one sentence, with what chance alone would give; null where the record holds none. */
export function predictionSentence({ prediction = [] }: TestRecord): string | null {
  if (prediction.length === 0) return null;
  const tried = prediction.filter(({ rho, low, high }) => exists(rho) && exists(low) && exists(high));
  const tests = tried.filter(({ p }) => exists(p));
  if (tests.length === 0)
    return "Whether any measure predicts the cost cannot be said: no correlation has an interval.";
  const outside = tried.filter(excludesZero).length;
  const [first] = [...tests].sort((a, b) => a.p! - b.p! || Math.abs(b.rho!) - Math.abs(a.rho!));
  const corrected = Math.min(1, first.p! * tests.length);
  const shown = corrected < level && excludesZero(first);
  const pair = `${first.measure} with ${first.arm}`;
  const answer = shown
    ? `${first.measure} is shown to go with the cost of ${first.arm}`
    : "No measure is shown to predict the cost";
  const many = `of ${counted(tried.length, "pair")} of measure and arm, ${outside === 0 ? "none" : outside} ${outside > 1 ? "have" : "has"} a 95% interval that excludes zero (by chance about ${fixed(level * tried.length, 1)} would)`;
  return `${answer}: ${many}, and the smallest p, ${pText(first.p)} uncorrected (${pair}), is ${pText(corrected)} when multiplied by the number of tries.`;
}

/** What the answer does not say. */
export const predictionCaution =
  "Such finds come in bunches, since measures and arms are related among themselves. Where nothing is shown there may still be something: with few matrices only strong relations show.";
