/** @file Held-out loss of the arms over fine-tuning, as it is and as distance to full fine-tuning. */
import type { ArmFigures } from "../records/arm-figures.js";
import { armLook } from "./arm-look.js";
import { counted, fixed, signed } from "./figure-text.js";
import type { Html } from "./html.js";
import { lineChart } from "./line-chart.js";

interface ArmCurve extends Pick<ArmFigures, "curve" | "deltaCurve"> {
  readonly arm: string;
}

export interface ArmCurves {
  /** `full` among them. */
  readonly arms: readonly ArmCurve[];
  readonly sft: { readonly steps: number; readonly seeds: readonly number[] };
  readonly verdicts: { readonly margin: number };
  /** "3 to 12 seeds" where arms differ in them; the number of `sft` by default. */
  readonly seedsOfArms?: string;
  /** All arms that a page draws, so that each looks the same in every chart; those of `arms` by default. */
  readonly armNames?: readonly string[];
}

const namesOf = ({ arms, armNames = arms.map(({ arm }) => arm) }: ArmCurves) => armNames;

const stepLabel = "fine-tuning step";

function ends({ arm, curve }: ArmCurve): string {
  const last = curve.at(-1);
  return last ? `${arm} ${fixed(curve[0].mean, 3)} to ${fixed(last.mean, 3)}` : `${arm}: no finished trial`;
}

export function heldOutCurves(curves: ArmCurves): Html {
  const { arms, sft, seedsOfArms = counted(sft.seeds.length, "seed") } = curves;
  const names = namesOf(curves);
  const many = sft.seeds.length > 1;
  return lineChart({
    title: "Held-out loss while fine-tuning",
    description: `Held-out loss in nats per token over ${sft.steps} steps: ${arms.map(ends).join("; ")}.`,
    caption: many
      ? `Lines: mean over ${seedsOfArms}. Bands: smallest to largest seed. The bands overlap because seeds differ in their data order, which all arms of a seed share; only paired differences (above) compare arms.`
      : "One seed; there is no band.",
    x: { label: stepLabel },
    y: { label: "held-out loss (nats per token)" },
    series: arms.map(({ arm, curve }) => ({
      name: arm,
      look: armLook(names, arm),
      points: curve.map(({ step, mean }) => [step, mean] as const),
      ...(many && { band: curve.map(({ step, low, high }) => [step, low, high] as const) }),
    })),
  });
}

/** Of older records, which hold no paired differences: percent of full's mean loss at the same step. */
function unpairedDistance(row: ArmCurve, full: ArmCurve | undefined): [number, number][] {
  const baseline = new Map(full?.curve.map(({ step, mean }) => [step, mean]));
  return row.curve.flatMap(({ step, mean }) => {
    const reference = baseline.get(step);
    return reference ? [[step, ((mean - reference) / reference) * 100] as [number, number]] : [];
  });
}

const pairedText =
  "Each seed against full at the same step: mean over the seeds that the arm's delta rests on; it ends at that delta. Bands: smallest to largest seed.";
const unpairedText =
  "Difference of the mean losses at the same step, each over the seeds of its own arm that finished; this record holds no curves that are paired seed by seed, so where an arm has fewer seeds than full, part of its distance may be what seeds differ in.";

export function distanceCurves(curves: ArmCurves): Html {
  const { arms, sft, verdicts } = curves;
  const { margin } = verdicts;
  const full = arms.find(({ arm }) => arm === "full");
  const others = arms.filter((row) => row !== full);
  const names = namesOf(curves);
  const paired = others.every(({ deltaCurve }) => deltaCurve !== undefined);
  const many = sft.seeds.length > 1;
  const series = others.map((row) => {
    const { arm, deltaCurve = [] } = row;
    const points = paired ? deltaCurve.map(({ step, mean }) => [step, mean] as const) : unpairedDistance(row, full);
    const band = deltaCurve.map(({ step, low, high }) => [step, low, high] as const);
    return { name: arm, look: armLook(names, arm), points, ...(paired && many && { band }) };
  });
  const last = series.map(({ name, points }) => `${name} ${signed(points.at(-1)?.[1], 2)}%`);
  return lineChart({
    title: "Distance to full fine-tuning",
    description: `Difference of the held-out loss to full fine-tuning over the steps; at the last step ${last.join(", ")}.`,
    caption: `${paired ? (many ? pairedText : "One seed, against full at the same step.") : unpairedText} What replacing the matrix costs at step 0 and how fine-tuning takes it back. Shaded: within the margin of ±${margin}%.`,
    x: { label: stepLabel },
    y: { label: "loss against full (%)", include: [-margin, margin] },
    shaded: [-margin, margin],
    rules: [{ y: 0, label: "full" }],
    series,
  });
}
