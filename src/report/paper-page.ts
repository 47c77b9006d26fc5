/** @file The page of the paper's experiment: one HTML file that needs nothing else. Knows no files. */
import type { PaperRecord } from "../records/paper-record.js";
import { distanceCurves, heldOutCurves } from "./arms-charts.js";
import { armsTable, beforeTable } from "./arms-table.js";
import { baseChart } from "./base-chart.js";
import { configurationSection } from "./configuration-section.js";
import { controlsSection, failedControlsBanner } from "./controls-section.js";
import { deltaChart } from "./delta-chart.js";
import { count, counted } from "./figure-text.js";
import { type Html, html, scriptJson, typographic } from "./html.js";
import { downloadLink, htmlPage } from "./html-page.js";
import { htmlTable } from "./html-table.js";
import { layersTable } from "./layers-table.js";
import { methodsSection } from "./methods-section.js";
import { badFitExplanation, dimensionReading, reconciliationTable } from "./reconciliation-table.js";
import { firstComponentChart, participationChart, singularParticipationChart, spectrumChart } from "./scan-charts.js";
import { failedControls, targetVerdict, verdictSentence } from "./verdict-sentence.js";

function summary(record: PaperRecord): Html {
  const { target, model, sft } = record;
  const verdict = targetVerdict(record)?.verdict;
  return html`<section id="summary"><p class="summary">Paper 63 reports that one matrix of a small language model, <code>${target}</code>, can be replaced by its rank-1 approximation or even by random numbers without cost; here the experiment is repeated on a base of ${count(model.parameters)} parameters with ${counted(sft.seeds.length, "paired seed")} and held-out data.</p>
<div class="verdict ${failedControls(record).length > 0 ? "doubtful" : (verdict ?? "undecided")}"><strong>Verdict: ${verdict ?? "none"}</strong><p>${typographic(verdictSentence(record))}</p></div>
<p class="summary">${dimensionReading(record)}</p>
<p class="note">All of this holds for one base checkpoint and one data set.</p></section>`;
}

/** @returns a whole HTML document; the record lies in it as JSON, in the element `record`. */
export function paperPage(record: PaperRecord): string {
  const { target, preset, version } = record;
  return htmlPage({
    title: `Crystallization test of ${target}`,
    header: html`<h1>Does ${target} carry anything?</h1>
<p class="kicker">The per-layer crystallization test of paper 63, repeated by deadweight ${version}, preset ${preset}</p>
${failedControlsBanner(record)}`,
    main: html`${summary(record)}
<section id="arms"><h2>What each arm costs</h2>
${htmlTable(armsTable(record))}
<div class="grid">${deltaChart(record)}${distanceCurves(record)}</div>
${htmlTable(beforeTable(record))}
</section>
${controlsSection(record)}
<section id="training"><h2>Training</h2>
<div class="grid">${heldOutCurves(record)}${baseChart(record)}</div></section>
<section id="scan"><h2>Is the matrix low-dimensional?</h2>
<div class="grid">${spectrumChart(record)}${participationChart(record)}${singularParticipationChart(record)}${firstComponentChart(record)}</div>
${htmlTable(layersTable(record))}
</section>
<section id="reconciliation"><h2>Two participation ratios, one bad fit</h2>
${badFitExplanation(record).map((text) => html`<p>${typographic(text)}</p>\n`)}
${htmlTable(reconciliationTable(record), { tall: true })}
</section>
${methodsSection(record)}
${configurationSection(record)}`,
    footer: html`Made by deadweight ${version}. ${downloadLink("paper.json", "application/json", `${JSON.stringify(record, null, 1)}\n`, "Download the record (JSON)")}`,
    data: html`<script type="application/json" id="record">${scriptJson(record)}</script>`,
  });
}
