/** @file Details of every target, each folded away: its curves, and what the cost of its arms is made of. */
import type { TestRecord } from "../records/test-record.js";
import { distanceCurves, heldOutCurves } from "./arms-charts.js";
import { decompositionNotes, decompositionTable } from "./decomposition-table.js";
import { counted } from "./figure-text.js";
import { type Html, html, trusted, typographic } from "./html.js";
import { htmlTable } from "./html-table.js";
import { verdictSeeds } from "./seeds-used.js";
import { armNamesOf, type TargetResult, targetResults } from "./target-results.js";
import { undecidedSentence } from "./undecided-sentence.js";
import { targetAnchor, verdictChip } from "./verdict-map.js";

/** So few targets are shown unfolded. */
const unfolded = 2;

/** Of `full` and the arms. */
function seedsOfArms({ full, verdicts }: TestRecord, { arms }: TargetResult): { readonly seedsOfArms?: string } {
  const numbers = [full.lossAfter.n, ...arms.map(({ figures }) => figures.lossAfter.n)].filter((n) => n > 0);
  const [fewest, most] = [Math.min(...numbers), Math.max(...numbers)];
  return verdicts.sequential && fewest < most ? { seedsOfArms: `${fewest} to ${counted(most, "seed")}` } : {};
}

const unevenNote =
  "Arms that were decided early had fewer seeds than full. Each curve of held-out losses is over the seeds of its own arm, so part of what lies between two of them may be what seeds differ in; the deltas in the tables are paired seed by seed.";

function members({ target: { matrices } }: TargetResult): Html {
  return matrices.length === 1
    ? html``
    : html`<p class="note">Treated together: ${matrices.map(({ name }, index) => html`${index > 0 ? ", " : ""}<code>${name}</code>`)}.</p>`;
}

export function targetCurves(record: TestRecord): Html {
  const { full, sft, verdicts, data } = record;
  const results = targetResults(record);
  if (results.length === 0) return html``;
  const armNames = armNamesOf(results);
  const tables = results.map(decompositionTable);
  const notes = tables.some((table) => table !== null) ? decompositionNotes(verdicts, data.examples.heldOut) : [];
  if (verdicts.sequential) notes.unshift(unevenNote);
  return html`<section id="curves"><h2>Target by target</h2>
${notes.map((note) => html`<p class="note">${typographic(note)}</p>\n`)}
${results.map((result, index) => {
  const { target, label, verdict, judged } = result;
  const seeds = verdictSeeds(judged, verdicts);
  const table = tables[index];
  const curves = {
    arms: [{ arm: "full", curve: full.curve }, ...target.arms],
    sft,
    verdicts,
    armNames,
    ...seedsOfArms(record, result),
  };
  return html`<details class="target" id="${targetAnchor(index)}"${results.length <= unfolded ? trusted(" open") : ""}><summary>${label} ${verdictChip(verdict)}${seeds === null ? "" : html` <span class="seeds">${seeds}</span>`}</summary>
${members(result)}${judged && verdict === "undecided" ? html`<p>${typographic(undecidedSentence(judged, record.verdicts))}</p>` : ""}
<div class="grid">${heldOutCurves(curves)}${distanceCurves(curves)}</div>${table ? htmlTable(table) : ""}</details>\n`;
})}</section>`;
}
