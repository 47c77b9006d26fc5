/** @file What a boundary search was run on and how: data, model, learning rate, seeds, hashes, time. */
import type { BoundaryRecord } from "../records/boundary-record.js";
import { learningRates } from "./configuration-section.js";
import { absent, count, counted, duration, fixed } from "./figure-text.js";
import { type Html, html } from "./html.js";

type Entry = readonly [term: string, what: string | Html];

const entries = (list: readonly Entry[]) =>
  html`<dl>${list.map(([term, what]) => html`<dt>${term}</dt><dd>${what}</dd>\n`)}</dl>`;

function sources(list: readonly string[], otherwise: string): Html {
  if (list.length === 0) return html`${otherwise}`;
  return html`${list.map((source, index) => html`${index > 0 ? ", " : ""}<code>${source}</code>`)}`;
}

function dataEntries({ data }: BoundaryRecord): Entry[] {
  const { examples, scoredTokens, rows, confirmation } = data;
  return [
    ["Training data", sources(data.sources, absent)],
    ["Held-out data", sources(data.evalSources, "a part of the same rows, split off beforehand")],
    ["Format", `${data.format}; chat template: ${data.chatTemplate ?? "none"}`],
    ["Loss on", data.trainOn === "all" ? "all tokens" : "completions only"],
    [
      "Examples",
      `${count(examples.training)} training; held out ${count(examples.heldOut)} for the search, ${confirmation.map(count).join(" + ") || "none"} for confirmations, a part for each; for the learning rate ${count(examples.calibrationTraining)} and ${count(examples.calibrationHeldOut)} others`,
    ],
    [
      "Scored tokens",
      `${count(scoredTokens.training)} training, ${count(scoredTokens.heldOut)} held out; an example has at most ${counted(data.maxLength, "token")}`,
    ],
    [
      "Rows",
      `${count(rows.read)} read; ${count(rows.truncated)} cut to the longest length, ${count(rows.withoutScored)} left out since the cut left nothing to learn, ${count(rows.repeated)} since a held-out example is the same, ${count(rows.beyond)} beyond the number wanted`,
    ],
  ];
}

export function boundarySetting(record: BoundaryRecord): Html {
  const { model, sft, seeds, trials, actions } = record;
  const list: Entry[] = [
    ["deadweight", `version ${record.version}`],
    [
      "Model",
      html`<code>${model.source}</code>: ${model.architecture}, ${count(model.parameters)} parameters, context ${count(model.contextLength)}, vocabulary ${count(model.vocabularySize)}`,
    ],
    ["SHA-256 of the weights", html`<code>${model.sha256}</code>`],
    ...dataEntries(record),
    [
      "Fine-tuning",
      `${counted(sft.steps, "step")} of about ${fixed(sft.scoredTokensPerStep, 0)} scored tokens; learning rate ${sft.learningRate}; held-out loss of full ${fixed(record.full.lossBefore.mean, 4)} before, ${fixed(record.full.lossAfter.mean, 4)} after`,
    ],
    [
      "Batch",
      `${counted(sft.rows, "row")} of ${count(sft.length)} positions with at most ${count(sft.slots)} scored; ${counted(sft.rowsAtOnce, "row")} at once`,
    ],
    [
      "Seeds",
      `${seeds.evidence} of each matrix alone; ${seeds.search} to ${seeds.searchMost} of a set in the search; ${seeds.firstLook} to ${seeds.lastLook} of a confirmation, judged after each`,
    ],
    ["Boundary", `margin ${record.margin}%, confidence ${fixed(record.confidence * 100, 0)}%`],
    [
      "Trials",
      `${count(trials.finished)} finished, ${count(trials.diverged)} diverged, ${count(trials.failed)} failed; by action ${actions.map(({ action, trials: own }) => `${action} ${count(own)}`).join(", ") || absent} (trials of full fine-tuning are shared)`,
    ],
    ...(sft.backend === undefined ? [] : [["Computed by", sft.backend] as const]),
    ["Time of all trials", `${duration(record.trialSeconds)}, added up: with several at a time less has passed`],
  ];
  return html`<section id="configuration"><h2>What was run</h2>
${entries(list)}
<div class="grid"><div>${learningRates(record)}</div></div></section>`;
}
