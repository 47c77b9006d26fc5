/** @file What a test is held against on a page: measures of the matrices, other learning rates, the paper's way. Nothing where there is none. */
import type { TestRecord } from "../records/test-record.js";
import { type Html, html, typographic } from "./html.js";
import { htmlTable } from "./html-table.js";
import { likePaperTable } from "./like-paper-table.js";
import { predictionCaution, predictionSentence, predictionTable } from "./prediction-table.js";
import type { ReportTable } from "./report-table.js";
import { sensitivitySentence, sensitivityTable } from "./sensitivity-table.js";

function section(id: string, heading: string, sentences: readonly (string | null)[], table: ReportTable | null): Html {
  if (table === null) return html``;
  return html`<section id="${id}"><h2>${heading}</h2>
${sentences.filter((sentence) => sentence !== null).map((sentence) => html`<p>${typographic(sentence)}</p>\n`)}
${htmlTable(table)}</section>`;
}

export function predictionSection(record: TestRecord): Html {
  return section(
    "prediction",
    "Does any measure predict the cost?",
    [predictionSentence(record), predictionCaution],
    predictionTable(record),
  );
}

export function sensitivitySection(record: TestRecord): Html {
  return section(
    "sensitivity",
    "Do the verdicts hang on the learning rate?",
    [sensitivitySentence(record)],
    sensitivityTable(record),
  );
}

/** Folded away: what it shows is no result. */
export function likePaperSection(record: TestRecord): Html {
  const table = likePaperTable(record);
  if (table === null) return html``;
  const [differing] = table.notes;
  return html`<section id="like-paper"><h2>The paper's way</h2>
<p>${typographic(differing)}</p>
<details class="target"><summary>Every arm, the paper's way beside ours</summary>${htmlTable({ ...table, notes: table.notes.slice(1) })}</details></section>`;
}
