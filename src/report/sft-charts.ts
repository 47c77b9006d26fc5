/** @file The charts of a fine-tuning: losses by step and by time, pace and frozen share through its phases. */
import type { FineTuningRecord, SftRecord } from "../records/sft-record.js";
import { seriesLook } from "./arm-look.js";
import { fixed, percent } from "./figure-text.js";
import type { Html } from "./html.js";
import { lineChart, type Point, type Series } from "./line-chart.js";
import { pace, runName } from "./sft-findings.js";

const plainLook = seriesLook(0);
const runLook = seriesLook(1);

interface Named {
  readonly name: string;
  readonly record: FineTuningRecord;
}

/** This run, and the plain one of its seed where there is one. */
function shown(record: SftRecord): { readonly run: Named; readonly plain: Named | null } {
  const name = runName(record);
  const other = record.comparison?.[0].plain;
  return {
    run: { name, record: record.result },
    plain: other === undefined ? null : { name: "plain", record: other },
  };
}

function pairOf(record: SftRecord, pointsOf: (one: FineTuningRecord) => readonly Point[]): Series[] {
  const { run, plain } = shown(record);
  const look = run.name === "plain" ? plainLook : runLook;
  return [
    ...(plain === null ? [] : [{ name: plain.name, look: plainLook, points: pointsOf(plain.record) }]),
    { name: run.name, look, points: pointsOf(run.record) },
  ];
}

const seedNote = ({ comparison }: SftRecord) =>
  comparison !== null && comparison.length > 1 ? " Of the first seed; the table has the others." : "";

const lossLabel = "nats per token";

function lossesText(record: SftRecord): string {
  const { run, plain } = shown(record);
  return [run, ...(plain === null ? [] : [plain])]
    .map(
      ({ name, record: one }) =>
        `${name}: ${fixed(one.heldOutCurve[0][1], 4)} at first, ${fixed(one.lastLoss, 4)} at the end`,
    )
    .join("; ");
}

export function lossByStep(record: SftRecord): Html {
  return lineChart({
    title: "Held-out loss by step",
    description: `Held-out loss by step. ${lossesText(record)}.`,
    caption: `Mean over the scored tokens of ${record.data.examples.heldOut} held-out examples.${seedNote(record)}`,
    x: { label: "step" },
    y: { label: lossLabel },
    series: pairOf(record, ({ heldOutCurve }) => heldOutCurve),
  });
}

export function lossByTime(record: SftRecord): Html {
  const points = ({ heldOutCurve, secondsCurve }: FineTuningRecord): Point[] => {
    const seconds = new Map<number, number>(secondsCurve);
    return heldOutCurve.map(([step, loss]) => [seconds.get(step) ?? 0, loss]);
  };
  return lineChart({
    title: "Held-out loss by training time",
    description: `Held-out loss by seconds of training. ${lossesText(record)}.`,
    caption: `Seconds of the steps alone, evaluations excluded.${seedNote(record)}`,
    x: { label: "seconds" },
    y: { label: lossLabel },
    series: pairOf(record, points),
  });
}

export function trainingLoss(record: SftRecord): Html {
  return lineChart({
    title: "Training loss by step",
    description: "Training loss by step, the mean of the steps since the last point.",
    caption: `Mean of the steps since the last point, before each update.${seedNote(record)}`,
    x: { label: "step" },
    y: { label: lossLabel },
    series: pairOf(record, ({ trainCurve }) => trainCurve),
  });
}

/** Level within a phase. */
const throughPhases = (
  { phases }: FineTuningRecord,
  figureOf: (phase: FineTuningRecord["phases"][number]) => number | null,
): Point[] =>
  phases.flatMap((phase): Point[] => {
    const value = figureOf(phase);
    return value === null
      ? []
      : [
          [phase.fromStep, value],
          [phase.toStep, value],
        ];
  });

export function paceByStep(record: SftRecord): Html {
  const { phases } = record.result;
  return lineChart({
    title: "Tokens per second",
    description: `Tokens per second through the phases: ${phases.map(({ tokensPerSecond }) => pace(tokensPerSecond)).join(", ")}.`,
    caption: "Tokens that a step was trained on, scored or not; mean of each phase.",
    x: { label: "step" },
    y: { label: "tokens per second", include: [0] },
    series: pairOf(record, (one) => throughPhases(one, ({ tokensPerSecond }) => tokensPerSecond)),
  });
}

export function frozenByStep({ result }: SftRecord): Html {
  return lineChart({
    title: "Share that is frozen",
    description: `Share of the parameters that is frozen: ${result.phases.map(({ frozenShare }) => `${percent(frozenShare)}%`).join(", ")}.`,
    caption: "Of all parameters, biases and norms included.",
    x: { label: "step" },
    y: { label: "percent", include: [0, 100] },
    series: [{ name: "frozen", look: runLook, points: throughPhases(result, ({ frozenShare }) => frozenShare * 100) }],
  });
}
