/** @file What a test was run on and how: data, model, learning rate, seeds, hashes, time. */
import type { TestRecord } from "../records/test-record.js";
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

function rowsText({ read, truncated, withoutScored, repeated, beyond }: TestRecord["data"]["rows"]): string {
  const left = [
    [truncated, "cut to the longest length"],
    [withoutScored, "left out, since the cut left nothing to learn"],
    [repeated, "left out, since a held-out example is the same"],
    [beyond, "beyond the number wanted"],
  ] as const;
  const parts = left.filter(([number]) => number > 0).map(([number, what]) => `${count(number)} ${what}`);
  return `${count(read)} read${parts.length > 0 ? `; ${parts.join("; ")}` : ", all used"}`;
}

export function dataSection({ data }: Pick<TestRecord, "data">): Html {
  const { examples, scoredTokens } = data;
  return html`<section id="data"><h2>Data</h2>
${entries([
  ["Training", sources(data.sources, absent)],
  ["Held out", sources(data.evalSources, "a part of the same rows, split off beforehand")],
  ["Format", data.format],
  ["Chat template", data.chatTemplate ?? "none"],
  ["Loss on", data.trainOn === "all" ? "all tokens" : "completions only"],
  [
    "Examples",
    `${count(examples.training)} training, ${count(examples.heldOut)} held out; for the learning rate ${count(examples.calibrationTraining)} and ${count(examples.calibrationHeldOut)} others${examples.general === undefined ? "" : `; ${count(examples.general)} of general text`}`,
  ],
  ["Scored tokens", `${count(scoredTokens.training)} training, ${count(scoredTokens.heldOut)} held out`],
  ["Longest example", counted(data.maxLength, "token")],
  ["Rows", rowsText(data.rows)],
])}</section>`;
}

export function settingSection(record: TestRecord): Html {
  const { model, sft, verdicts, trials } = record;
  return html`<section id="configuration"><h2>What was run</h2>
${entries([
  ["deadweight", `version ${record.version}`],
  [
    "Model",
    html`<code>${model.source}</code>: ${model.architecture}, ${count(model.parameters)} parameters, context ${count(model.contextLength)}, vocabulary ${count(model.vocabularySize)}`,
  ],
  ["SHA-256 of the weights", html`<code>${model.sha256}</code>`],
  [
    "Fine-tuning",
    `${counted(sft.steps, "step")} of about ${fixed(sft.scoredTokensPerStep, 0)} scored tokens; learning rate ${sft.learningRate}`,
  ],
  [
    "Batch",
    `${counted(sft.rows, "row")} of ${count(sft.length)} positions with at most ${count(sft.slots)} scored; ${counted(sft.rowsAtOnce, "row")} at once`,
  ],
  ["Seeds", `${sft.seeds.join(", ") || absent} (${counted(sft.seeds.length, "seed")})`],
  [
    "Test",
    `margin ${verdicts.margin}%, confidence ${fixed(verdicts.confidence * 100, 0)}%; judged ${verdicts.sequential ? `after each seed from ${verdicts.sequential.firstLook} to ${verdicts.sequential.lastLook}` : "once"}`,
  ],
  [
    "Trials",
    `${count(trials.finished)} finished, ${count(trials.diverged)} diverged, ${count(trials.failed)} failed${trials.fixedDesign === undefined ? "" : `; ${count(trials.fixedDesign)} in the fixed design`}`,
  ],
  ...(sft.backend === undefined ? [] : [["Computed by", sft.backend] as const]),
  ["Time of all trials", `${duration(record.trialSeconds)}, added up: with several at a time less has passed`],
])}
<div class="grid"><div>${learningRates(record)}</div></div></section>`;
}
