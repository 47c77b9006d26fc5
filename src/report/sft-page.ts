/** @file The page of a fine-tuning: one HTML file that needs nothing else. Knows no files. */
import type { SftRecord } from "../records/sft-record.js";
import { count } from "./figure-text.js";
import { type Html, html, typographic } from "./html.js";
import { downloadLink, htmlPage } from "./html-page.js";
import { htmlTable } from "./html-table.js";
import { modelName } from "./model-name.js";
import { frozenByStep, lossByStep, lossByTime, paceByStep, trainingLoss } from "./sft-charts.js";
import { runName, sftFindings } from "./sft-findings.js";
import { sftSettingSection } from "./sft-setting.js";
import { checkpointsTable, comparisonTable, eventsTable, phasesTable } from "./sft-table.js";
import { dataSection } from "./test-setting.js";

const reach =
  "Losses, savings and the time they took hold for this model, these data and this machine. The two runs of a comparison share data and order, so that chance in them cancels; time does not: whatever else the machine did is in it.";

function comparison(record: SftRecord): Html {
  const table = comparisonTable(record);
  return table === null
    ? html``
    : html`<section id="comparison"><h2>Beside plain fine-tuning</h2>${htmlTable(table)}</section>`;
}

function freezing(record: SftRecord): Html {
  if (runName(record) === "plain") return html``;
  const events = eventsTable(record);
  return html`<section id="freezing"><h2>What was frozen, and what it saved</h2>
<div class="grid">${frozenByStep(record)}${paceByStep(record)}</div>
${htmlTable(phasesTable(record))}
${events === null ? html`<p class="note">${record.progressive === null ? "What the plan froze was frozen from the first step to the last." : "The rule froze nothing along the way."}</p>` : htmlTable(events)}</section>`;
}

/** @returns a whole HTML document. The record can be saved from it. */
export function sftPage(record: SftRecord): string {
  const { model, version } = record;
  const name = runName(record);
  const title = `Fine-tuning of ${modelName(model.source)}${name === "plain" ? "" : `, ${name}`}`;
  return htmlPage({
    title,
    header: html`<h1>${title}</h1>
<p class="kicker">By deadweight ${version} · ${model.architecture}, ${count(model.parameters)} parameters</p>`,
    main: html`<section id="summary">${sftFindings(record).map((text) => html`<p class="summary">${typographic(text)}</p>\n`)}
<p class="note">${reach}</p></section>
<section id="losses"><h2>Losses</h2><div class="grid">${lossByStep(record)}${lossByTime(record)}${trainingLoss(record)}</div></section>
${comparison(record)}
${freezing(record)}
<section id="checkpoints"><h2>What was kept</h2>${htmlTable(checkpointsTable(record))}</section>
${dataSection(record)}
${sftSettingSection(record)}`,
    footer: html`Made by deadweight ${version}. ${downloadLink("sft.json", "application/json", `${JSON.stringify(record, null, 1)}\n`, "Download the record (JSON)")}`,
    data: html``,
  });
}
