/** @file The page of a test of many matrices: one HTML file that needs nothing else. Knows no files. */
import type { TestRecord } from "../records/test-record.js";
import { controlsSection, failedControlsBanner } from "./controls-section.js";
import { count, counted } from "./figure-text.js";
import { forgettingSentence } from "./forgetting-sentence.js";
import { type Html, html, prose, typographic } from "./html.js";
import { downloadLink, htmlPage } from "./html-page.js";
import { htmlTable } from "./html-table.js";
import { modelName } from "./model-name.js";
import { targetCurves } from "./target-curves.js";
import { targetDeltaChart } from "./target-delta-chart.js";
import { targetResults } from "./target-results.js";
import { targetTable } from "./target-table.js";
import { likePaperSection, predictionSection, sensitivitySection } from "./test-comparisons.js";
import { testMethods } from "./test-methods.js";
import { dataSection, settingSection } from "./test-setting.js";
import { jointWarning, reach, testFindings } from "./test-summary.js";
import { undecidedSentence } from "./undecided-sentence.js";
import { verdictMap } from "./verdict-map.js";

function summary(record: TestRecord): Html {
  return html`<section id="summary">${testFindings(record).map((text) => html`<p class="summary">${typographic(text)}</p>\n`)}
${record.targets.length > 1 ? html`<p><b>${prose(jointWarning)}</b></p>` : ""}
${warningsNotice(record)}
<p class="note">${reach}</p></section>`;
}

/** They stand far below, and limit what stands above. */
function warningsNotice({ verdicts: { warnings } }: TestRecord): Html {
  if (warnings.length === 0) return html``;
  return html`<p class="warning"><a href="#controls">${counted(warnings.length, "warning")}</a> ${warnings.length === 1 ? "limits" : "limit"} what these verdicts mean.</p>`;
}

function undecided({ verdicts }: TestRecord): Html {
  const open = verdicts.matrices.filter(({ verdict }) => verdict === "undecided");
  if (open.length === 0) return html``;
  return html`<h3 class="undecided">What is undecided</h3><ul>${open.map((matrix) => html`<li>${typographic(undecidedSentence(matrix, verdicts))}</li>\n`)}</ul>`;
}

/** @returns a whole HTML document. The record can be saved from it. */
export function testPage(record: TestRecord): string {
  const { model, targets, version } = record;
  const forgetting = forgettingSentence(record);
  return htmlPage({
    title: `Which matrices of ${modelName(model.source)} carry anything?`,
    header: html`<h1>Which matrices of ${modelName(model.source)} carry anything?</h1>
<p class="kicker">Crystallization test of ${counted(targets.length, "target")} by deadweight ${version} · ${model.architecture}, ${count(model.parameters)} parameters</p>
${failedControlsBanner(record)}`,
    main: html`${summary(record)}
${verdictMap(targetResults(record))}
<section id="arms"><h2>What each arm costs</h2>
${targetDeltaChart(record)}
${htmlTable(targetTable(record))}
${forgetting === null ? "" : html`<p class="forgetting">${typographic(forgetting)}</p>`}
${undecided(record)}</section>
${targetCurves(record)}
${predictionSection(record)}
${sensitivitySection(record)}
${likePaperSection(record)}
${controlsSection(record)}
${dataSection(record)}
${settingSection(record)}
${testMethods(record)}`,
    footer: html`Made by deadweight ${version}. ${downloadLink("test.json", "application/json", `${JSON.stringify(record, null, 1)}\n`, "Download the record (JSON)")}`,
    data: html``,
  });
}
