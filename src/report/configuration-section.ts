/** @file What was run: model, text, learning rate, seeds, hashes, version. */
import type { PaperRecord } from "../records/paper-record.js";
import { absent, count, counted, duration, fixed, percent } from "./figure-text.js";
import { type Html, html } from "./html.js";
import { htmlTable } from "./html-table.js";

function sources({ corpus }: PaperRecord): Html {
  return htmlTable({
    title: "Text",
    columns: [{ heading: "Source" }, { heading: "Version" }, { heading: "Licence" }, { heading: "Used for" }],
    rows: corpus.sources.map(({ name, version, licence, what }) => ({ cells: [name, version, licence, what] })),
    notes: [],
  });
}

/** Of what a learning rate was chosen. */
export function learningRates({
  sft,
}: {
  readonly sft: Pick<PaperRecord["sft"], "learningRate" | "learningRateCandidates">;
}): Html {
  if (sft.learningRateCandidates.length === 0)
    return html`<p class="note">The learning rate was given, not chosen among candidates.</p>`;
  return htmlTable({
    title: "Learning rate candidates",
    columns: [{ heading: "Learning rate" }, { heading: "held-out loss of full, nats per token", align: "right" }],
    rows: sft.learningRateCandidates.map(({ learningRate, heldOutLoss }) => ({
      cells: [String(learningRate), heldOutLoss === null ? `${absent} (diverged)` : fixed(heldOutLoss, 4)],
      ...(learningRate === sft.learningRate && { tone: "target" as const }),
    })),
    notes: [
      "Chosen on full fine-tuning alone, with examples that no verdict uses. A high rate makes every freeze look free.",
    ],
  });
}

export function configurationSection(record: PaperRecord): Html {
  const { model, corpus, base, sft, verdicts, scan } = record;
  const entries: readonly (readonly [string, string])[] = [
    ["deadweight", `version ${record.version}, preset ${record.preset}`],
    [
      "Model",
      `${model.architecture}, ${count(model.parameters)} parameters: ${model.layers} layers, width ${model.width}, ${model.heads} heads, context ${model.context}, vocabulary ${count(model.vocabularySize)}`,
    ],
    ["SHA-256 of the base", model.sha256],
    [
      "Pre-training",
      `${count(base.steps)} steps of ${count(base.tokensPerStep)} tokens on ${count(corpus.trainTokens)} tokens; ${count(corpus.heldOutTokens)} held out; ${duration(base.wallSeconds)}`,
    ],
    [
      "Fine-tuning",
      `${sft.steps} steps of about ${fixed(sft.scoredTokensPerStep, 0)} scored tokens; learning rate ${sft.learningRate}; ${count(corpus.sftTrainExamples)} training and ${count(corpus.sftHeldOutExamples)} held-out examples; ${percent(corpus.unknownShare)}% of the held-out tokens are unknown words`,
    ],
    ["Seeds", `${sft.seeds.join(", ") || absent} (${counted(sft.seeds.length, "seed")}); of the noise: ${scan.seed}`],
    ["Test", `margin ${verdicts.margin}%, confidence ${fixed(verdicts.confidence * 100, 0)}%`],
    ...(sft.backend === undefined ? [] : [["Computed by", sft.backend] as const]),
    ["Time of the last sitting", duration(record.wallSeconds)],
  ];
  return html`<section id="configuration"><h2>What was run</h2>
<dl>${entries.map(([term, what]) => html`<dt>${term}</dt><dd>${what}</dd>\n`)}</dl>
<div class="grid"><div>${sources(record)}</div><div>${learningRates(record)}</div></div></section>`;
}
