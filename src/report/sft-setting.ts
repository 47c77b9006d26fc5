/** @file What a fine-tuning was run on and how: model, schedule, batch, plan, rule of freezing, hashes, memory. */
import type { SftRecord } from "../records/sft-record.js";
import { learningRates } from "./configuration-section.js";
import { count, counted, fixed, percent } from "./figure-text.js";
import { type Html, html } from "./html.js";
import { htmlTable } from "./html-table.js";
import type { ReportTable } from "./report-table.js";
import { trainingTime } from "./sft-findings.js";

function matricesTable({ frozenMatrices }: SftRecord): ReportTable {
  return {
    title: "Matrices that held still to the end",
    columns: [{ heading: "matrix" }, { heading: "action" }, { heading: "rank, or seed and deviation" }],
    rows: frozenMatrices.map(({ name, action, rank, seed, deviation }) => ({
      cells: [
        name,
        action,
        action === "crystal"
          ? `rank ${rank}`
          : action === "random"
            ? `seed ${seed}${deviation === undefined ? "" : `, ${deviation.toPrecision(4)}`}`
            : "",
      ],
    })),
    notes: [],
  };
}

function ruleText({ progressive }: SftRecord): string {
  if (progressive === null) return "none";
  const { what, every, after, threshold, most, tolerance } = progressive;
  const groups = what === "prefix" ? "the next group from the bottom (embeddings, block 0, ...)" : "any matrix";
  return `every ${counted(every, "step")} after step ${after}: ${groups} whose relative update, divided by the learning rates of the interval, is below ${threshold} of its first one; up to ${percent(most, 0)}% of the parameters; taken back where the held-out loss stays ${tolerance}% above its lowest`;
}

const planText = ({ plan }: SftRecord): Html =>
  plan === null
    ? html`none`
    : html`<code>${plan.path}</code>, ${counted(plan.matrices.length, "matrix", "matrices")}; SHA-256 <code>${plan.sha256}</code>`;

export function sftSettingSection(record: SftRecord): Html {
  const { model, settings, result, frozenMatrices } = record;
  const entries: readonly (readonly [string, string | Html])[] = [
    ["deadweight", `version ${record.version}`],
    [
      "Model",
      html`<code>${model.source}</code>: ${model.architecture}, ${count(model.parameters)} parameters, context ${count(model.contextLength)}, vocabulary ${count(model.vocabularySize)}`,
    ],
    ["SHA-256 of the weights before", html`<code>${model.sha256}</code>`],
    [
      "Length",
      `${counted(settings.steps, "step")}, ${fixed(settings.epochs, 2)} epochs, of about ${fixed(settings.scoredTokensPerStep, 0)} scored tokens each`,
    ],
    [
      "Optimizer",
      `AdamW, learning rate ${settings.learningRate}, ${settings.schedule} after ${counted(settings.warmupSteps, "step")} of warm-up, weight decay ${settings.weightDecay}, gradients ${settings.gradientClip === null ? "not clipped" : `clipped to a norm of ${settings.gradientClip}`}`,
    ],
    [
      "Batch",
      `${counted(settings.rows, "row")} of ${count(settings.length)} positions with at most ${count(settings.slots)} scored; ${counted(settings.rowsAtOnce, "row")} at once`,
    ],
    ["Evaluation", `every ${counted(settings.evaluateEvery, "step")}`],
    ["Seed", String(settings.seed)],
    ["Plan", planText(record)],
    ["Freezing along the way", ruleText(record)],
    ["Machine", `${settings.backend ?? settings.device}, ${counted(settings.threads, "thread")}`],
    [
      "Memory",
      `at most ${fixed(result.peakBytes / 1e9, 2)} GB of the process; ${fixed(settings.cacheBytes / 1e9, 2)} GB were allowed for kept activations`,
    ],
    ["Time of the steps", trainingTime(result.seconds)],
    ["Checkpoints in", settings.dtype === "source" ? "the types of the model" : settings.dtype],
  ];
  return html`<section id="configuration"><h2>What was run</h2>
<dl>${entries.map(([term, what]) => html`<dt>${term}</dt><dd>${what}</dd>\n`)}</dl>
<div class="grid"><div>${learningRates({ sft: settings })}</div><div>${frozenMatrices.length > 0 ? htmlTable(matricesTable(record), { tall: true }) : ""}</div></div></section>`;
}
