/** @file The page of a boundary search: one HTML file that needs nothing else. Knows no files. */
import type { BoundaryAtMargin } from "../records/boundary-margin-record.js";
import type { BoundaryRecord } from "../records/boundary-record.js";
import { attemptsTable } from "./boundary-attempts-table.js";
import { boundaryChart } from "./boundary-chart.js";
import { curveTable } from "./boundary-curve-table.js";
import { evidenceTable } from "./boundary-evidence-table.js";
import { type BoundaryFinding, boundaryFindings, boundaryReach } from "./boundary-findings.js";
import { groupsTable } from "./boundary-groups-table.js";
import { interactionTable } from "./boundary-interaction-table.js";
import { boundaryMap } from "./boundary-map.js";
import { marginsTable } from "./boundary-margins-table.js";
import { boundaryMethods } from "./boundary-methods.js";
import { passedOverTable } from "./boundary-passed-over-table.js";
import { savingsTable } from "./boundary-savings-table.js";
import { boundarySetting } from "./boundary-setting.js";
import { count, counted } from "./figure-text.js";
import { type Html, html, prose, typographic } from "./html.js";
import { downloadLink, htmlPage } from "./html-page.js";
import { htmlTable } from "./html-table.js";
import { modelName } from "./model-name.js";
import type { ReportTable } from "./report-table.js";

function warnings({ warnings: list }: BoundaryRecord): Html {
  if (list.length === 0) return html``;
  return html`<div class="banner" role="alert"><h2>Before you rely on it</h2>
${list.map((text) => html`<p>${prose(typographic(text))}</p>\n`)}</div>`;
}

const finding = ({ answer, consequence }: BoundaryFinding): Html =>
  html`<p class="summary">${typographic(answer)}</p>\n${consequence === null ? "" : html`<p>${typographic(consequence)}</p>\n`}`;

function section(id: string, title: string, tables: readonly (ReportTable | null)[]): Html {
  const present = tables.filter((table) => table !== null);
  if (present.length === 0) return html``;
  return html`<section id="${id}"><h2>${title}</h2>\n${present.map((table) => htmlTable(table, { tall: true }))}</section>`;
}

/**
 * @param margins the same record judged at several margins; without them the page has no such table.
 * @returns a whole HTML document. The record can be saved from it.
 */
export function boundaryPage(record: BoundaryRecord, margins: readonly BoundaryAtMargin[] = []): string {
  const { model, actions, candidates, version } = record;
  const title = `How many matrices of ${modelName(model.source)} can go together?`;
  return htmlPage({
    title,
    header: html`<h1>${title}</h1>
<p class="kicker">Boundary of ${counted(candidates.length, "matrix", "matrices")} by deadweight ${version} · ${model.architecture}, ${count(model.parameters)} parameters · ${actions.map(({ action }) => action).join(", ")}</p>
${warnings(record)}`,
    main: html`<section id="summary">${boundaryFindings(record).map(finding)}
<p class="note">${boundaryReach}</p></section>
<section id="curve"><h2>From one matrix to all</h2>
${boundaryChart(record)}
${actions.some(({ tried }) => tried.length > 0) ? htmlTable(curveTable(record), { tall: true }) : ""}</section>
${section("attempts", "What was confirmed", [attemptsTable(record), savingsTable(record)])}
${boundaryMap(record)}
${section("interaction", "Together and one by one", [interactionTable(record)])}
${section("margins", "At other margins", [marginsTable(margins)])}
${section("groups", "Whole groups, as in paper 64", [groupsTable(record)])}
<section id="evidence"><h2>One by one</h2>
${actions.map((action) => htmlTable(evidenceTable(action, record), { tall: true }))}
${[passedOverTable(record)].map((table) => table && htmlTable(table))}</section>
${boundarySetting(record)}
${boundaryMethods(record)}`,
    footer: html`Made by deadweight ${version}. ${downloadLink("boundary.json", "application/json", `${JSON.stringify(record, null, 1)}\n`, "Download the record (JSON)")}`,
    data: html``,
  });
}
