/** @file The curves of every target, each folded away: as many charts as there are targets. Knows no table. */
import type { TestRecord } from "../records/test-record.js";
import { distanceCurves, heldOutCurves } from "./arms-charts.js";
import { type Html, html, trusted, typographic } from "./html.js";
import { armNamesOf, type TargetResult, targetResults } from "./target-results.js";
import { targetAnchor, verdictChip } from "./verdict-map.js";
import { undecidedSentence } from "./verdict-table.js";

/** So few targets are shown unfolded. */
const unfolded = 2;

function members({ target: { matrices } }: TargetResult): Html {
  return matrices.length === 1
    ? html``
    : html`<p class="note">Treated together: ${matrices.map(({ name }, index) => html`${index > 0 ? ", " : ""}<code>${name}</code>`)}.</p>`;
}

export function targetCurves(record: TestRecord): Html {
  const { full, sft, verdicts } = record;
  const results = targetResults(record);
  if (results.length === 0) return html``;
  const armNames = armNamesOf(results);
  return html`<section id="curves"><h2>While fine-tuning</h2>
${results.map((result, index) => {
  const { target, label, verdict, judged } = result;
  const curves = { arms: [{ arm: "full", curve: full.curve }, ...target.arms], sft, verdicts, armNames };
  return html`<details class="target" id="${targetAnchor(index)}"${results.length <= unfolded ? trusted(" open") : ""}><summary>${label} ${verdictChip(verdict)}</summary>
${members(result)}${judged && verdict === "undecided" ? html`<p>${typographic(undecidedSentence(judged))}</p>` : ""}
<div class="grid">${heldOutCurves(curves)}${distanceCurves(curves)}</div></details>\n`;
})}</section>`;
}
