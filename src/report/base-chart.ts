/** @file The loss of the base model while it was trained from scratch. */
import type { PaperRecord } from "../records/paper-record.js";
import { seriesLook } from "./arm-look.js";
import { count, fixed } from "./figure-text.js";
import type { Html } from "./html.js";
import { lineChart } from "./line-chart.js";

export function baseChart({ base, model }: PaperRecord): Html {
  const uniform = Math.log(model.vocabularySize);
  return lineChart({
    title: "Loss of the base while pre-training",
    description: `Loss in nats per token over ${base.steps} steps of pre-training; held out, it ends at ${fixed(base.heldOutLoss, 3)}. A uniform guess over the vocabulary has ${fixed(uniform, 2)}.`,
    caption: `${count(base.steps)} steps of ${count(base.tokensPerStep)} tokens; held-out loss at the end ${fixed(base.heldOutLoss, 3)}. A uniform guess over ${count(model.vocabularySize)} words has ${fixed(uniform, 2)}.`,
    x: { label: "pre-training step" },
    y: { label: "loss (nats per token)" },
    rules: [{ y: uniform, label: "uniform" }],
    series: [
      { name: "training", look: { ...seriesLook(1), dash: "none" }, points: base.trainCurve, thin: true },
      { name: "held out", look: { ...seriesLook(2), dash: "none" }, points: base.heldOutCurve },
    ],
  });
}
