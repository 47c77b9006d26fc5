/** @file Verdicts and mean deltas at other learning rates beside the main ones. Knows neither terminal nor page. */
import type { RateSensitivity, TestRecord } from "../records/test-record.js";
import { absent, counted, signed } from "./figure-text.js";
import type { Column, ReportTable } from "./report-table.js";
import { targetLabel } from "./target-label.js";
import { targetResults } from "./target-results.js";

/** The verdicts of the run as if they were one of its repetitions. */
function mainRate(record: TestRecord): RateSensitivity {
  return {
    learningRate: record.sft.learningRate,
    matrices: targetResults(record).map(({ target, verdict, arms }) => ({
      name: target.name,
      verdict,
      arms: Object.fromEntries(arms.map(({ arm, figures }) => [arm, figures.deltaPercent.mean])),
    })),
  };
}

const matrixAt = ({ matrices }: RateSensitivity, name: string) => matrices.find((matrix) => matrix.name === name);

/** Where seeds are added until it is decided, the other rates have those of the first look alone. */
function seedsNote({ verdicts: { sequential } }: TestRecord): string {
  return sequential ? `; ${counted(sequential.firstLook, "seed")} each at the other rates, judged once` : "";
}

/** Null where no rate was repeated. A row for each arm of a target; rates ascend. */
export function sensitivityTable(record: TestRecord): ReportTable | null {
  const { sensitivity = [] } = record;
  if (sensitivity.length === 0) return null;
  const main = mainRate(record);
  const rates = [...sensitivity, main].sort((a, b) => a.learningRate - b.learningRate);
  const repeated = main.matrices.filter(({ name }) => sensitivity.some((rate) => matrixAt(rate, name)));
  return {
    title: "At other learning rates",
    columns: [
      { heading: "Target" },
      { heading: "arm" },
      ...rates.flatMap((rate): Column[] => {
        const group = `learning rate ${rate.learningRate}${rate === main ? " (main)" : ""}`;
        return [
          { heading: "verdict", group, ofBlock: true },
          { heading: "mean delta %", group, align: "right" },
        ];
      }),
    ],
    rows: repeated.flatMap(({ name, verdict, arms }) => {
      const all = rates.map((rate) => matrixAt(rate, name));
      const changes = all.some((matrix) => matrix && matrix.verdict !== verdict);
      return Object.keys(arms).map((arm, index) => ({
        cells: [
          targetLabel({ name }),
          arm,
          ...all.flatMap((matrix) => [matrix?.verdict ?? absent, signed(matrix?.arms[arm], 2)]),
        ],
        ...(index > 0 && { continues: true }),
        ...(changes && { tone: "target" as const }),
      }));
    }),
    notes: [
      `Mean deltas against full fine-tuning at the same learning rate${seedsNote(record)}. Shaded: targets with another verdict at another rate; an undecided one contradicts nothing.`,
    ],
  };
}

/** What a target is called at other rates, where that is not its verdict. */
interface OtherVerdicts {
  readonly name: string;
  readonly verdict: string;
  /** By rate. */
  readonly others: readonly (readonly [rate: number, verdict: string])[];
}

const isDecided = (verdict: string) => verdict !== "undecided";

function changesText(changed: readonly OtherVerdicts[]): string {
  return changed
    .map(({ name, verdict, others }) => {
      const found = [...new Set(others.map(([, other]) => other))];
      const texts = found.map((other) => {
        const rates = others.flatMap(([rate, own]) => (own === other ? [rate] : []));
        return `${other} at ${rates.join(" and ")}`;
      });
      return `${targetLabel({ name })} (${verdict}, but ${texts.join(" and ")})`;
    })
    .join("; ");
}

/** Which verdicts another rate contradicts, and which it leaves open or decides; null where no rate was repeated. */
export function sensitivitySentence(record: TestRecord): string | null {
  const { sensitivity = [], sft } = record;
  if (sensitivity.length === 0) return null;
  const main = mainRate(record);
  const rates = [...sensitivity].sort((a, b) => a.learningRate - b.learningRate);
  const repeated = main.matrices.filter(({ name }) => rates.some((rate) => matrixAt(rate, name)));
  const changed = repeated.flatMap(({ name, verdict }): OtherVerdicts[] => {
    const others = rates.flatMap((rate) => {
      const other = matrixAt(rate, name)?.verdict;
      return other === undefined || other === verdict ? [] : [[rate.learningRate, other] as const];
    });
    return others.length === 0 ? [] : [{ name, verdict, others }];
  });
  const contradicts = ({ verdict, others }: OtherVerdicts) =>
    isDecided(verdict) && others.some(([, other]) => isDecided(other));
  const contradicted = changed.filter(contradicts);
  const open = changed.filter((one) => !contradicts(one));
  const at = `learning rates ${rates.map(({ learningRate }) => learningRate).join(" and ")} instead of ${sft.learningRate}`;
  const decided = repeated.filter(({ verdict }) => isDecided(verdict)).length;
  const none = decided === 1 ? "The one decided verdict is not" : `None of ${decided} decided verdicts is`;
  const first =
    decided === 0
      ? `No verdict is decided, so that none can be contradicted at ${at}.`
      : contradicted.length === 0
        ? `${none} contradicted at ${at}.`
        : `${contradicted.length} of ${counted(decided, "decided verdict")} ${contradicted.length === 1 ? "is" : "are"} contradicted at ${at}: ${changesText(contradicted)}.`;
  return open.length === 0 ? first : `${first} Undecided at one rate and not at another: ${changesText(open)}.`;
}
