/** @file The controls of a test and its noise floor on a page, and the banner where a control failed. */
import { type Html, html, prose, typographic } from "./html.js";
import { withLabels } from "./target-label.js";
import { controlFailure, controls, failedControls, type Judged, noiseFloorSentence } from "./verdict-sentence.js";

/** Stands above everything else; nothing where all controls passed. */
export function failedControlsBanner(record: Judged): Html {
  const failed = failedControls(record);
  if (failed.length === 0) return html``;
  return html`<div class="banner" role="alert"><h2>${controlFailure(record)}: do not rely on the verdict</h2>
${failed.map(({ name, text, checked }) => html`<p><b>${name}</b>${checked ? "" : " (not checked)"}: ${prose(typographic(text))}</p>\n`)}</div>`;
}

export function controlsSection(record: Judged): Html {
  const all = controls(record);
  return html`<section id="controls"><h2>Noise floor and controls</h2>
<p>${typographic(noiseFloorSentence(record))}</p>
${
  all.length === 0
    ? html`<p>No control on record.</p>`
    : html`<ul class="checks">${all.map(
        ({ name, passed, text, checked }) =>
          html`<li class="${passed ? "passed" : "failed"}"><b>${passed ? "passed" : checked ? "FAILED" : "NOT CHECKED"}</b> ${name}: ${prose(typographic(text))}</li>\n`,
      )}</ul>`
}
${record.verdicts.warnings.map((text) => html`<p class="warning">Warning: ${prose(withLabels(text, record.verdicts.matrices))}</p>\n`)}</section>`;
}
