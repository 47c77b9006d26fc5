/** @file The page of a scan: one HTML file that needs nothing else. Knows no files. */
import type { MatrixScanRecord, ScanRecord } from "../records/scan-record.js";
import { count, counted } from "./figure-text.js";
import { cellLook, heatMap, mapCells } from "./heat-map.js";
import { type Html, html, scriptJson, trusted, typographic } from "./html.js";
import { downloadLink, htmlPage } from "./html-page.js";
import { scanCsv } from "./scan-csv.js";
import { scanSummary } from "./scan-lines.js";
import { type MapMeasure, mapMeasures } from "./scan-measures.js";
import { scanMethods } from "./scan-methods.js";
import { scanScript } from "./scan-script.js";
import { type SpectrumDrawing, spectrumDrawing, spectrumFigure } from "./scan-spectrum-chart.js";
import { scanTable } from "./scan-table.js";

function mapSection(matrices: readonly MatrixScanRecord[], [first, ...others]: readonly MapMeasure[]): Html {
  if (!first) return html``;
  return html`<section id="map"><h2>Map of the model</h2>
<p><label>Coloured by <select id="measure" disabled>${[first, ...others].map(({ label }) => html`<option>${label}</option>`)}</select></label></p>
${heatMap(matrices, first)}
<p class="note">Choose a cell to see its spectrum.</p></section>`;
}

interface Drawings {
  readonly itself: SpectrumDrawing | null;
  readonly change?: SpectrumDrawing | null;
}

function spectrumSection({ matrices, base }: ScanRecord, drawings: readonly Drawings[]): Html {
  const first = drawings.findIndex(({ itself }) => itself !== null);
  if (first < 0) return html``;
  const { itself, change = null } = drawings[first];
  return html`<section id="spectrum"><h2>Spectrum of <span id="spectrum-name" aria-live="polite">${matrices[first].name}</span></h2>
<p><label>Matrix <select id="matrix" disabled>${matrices.map(({ name }, index) => html`<option${index === first ? trusted(" selected") : ""}>${name}</option>`)}</select></label></p>
<div class="grid">${spectrumFigure("itself", "Singular values of the matrix", itself)}${base ? spectrumFigure("change", "Singular values of its change since the base", change) : ""}</div>
<p class="note">Dashed: where the singular values of i.i.d. noise of the same shape and root mean square lie. Dotted: the largest that noise of the bulk's scale would show; what is above are spikes.</p></section>`;
}

function tableSection({ matrices, base }: ScanRecord): Html {
  if (matrices.length === 0)
    return html`<section id="all"><h2>All matrices</h2><p>There is no matrix on record.</p></section>`;
  return html`<section id="all"><h2>All matrices</h2>
<p><label>Only names with <input id="filter" type="search" disabled></label> <span id="kept" role="status"></span></p>
${scanTable(matrices, base !== undefined)}</section>`;
}

/** @returns a whole HTML document. */
export function scanPage(record: ScanRecord): string {
  const { model, base, matrices, noiseCheck, version } = record;
  const cells = mapCells(matrices);
  const measures = mapMeasures(matrices);
  const drawings = matrices.map(
    (matrix): Drawings => ({
      itself: spectrumDrawing(matrix),
      ...(base && { change: matrix.change ? spectrumDrawing(matrix.change) : null }),
    }),
  );
  const look = {
    measures: measures.map((measure) => ({
      legend: measure.scale,
      cells: cells.map(({ matrices: places }) =>
        cellLook(
          places.map((place) => matrices[place]),
          measure,
        ),
      ),
    })),
    first: cells.map(({ matrices: places }) => places[0]),
    spectra: drawings,
  };
  const untrained = noiseCheck && noiseCheck.measured > 0 && noiseCheck.measured === noiseCheck.noiseLike;
  const [, ...sentences] = scanSummary(record);
  return htmlPage({
    title: `Spectra of ${model.source}`,
    header: html`<h1>${base ? "What has changed in" : "Spectra of"} ${model.source}</h1>
<p class="kicker">${model.architecture}, ${count(model.parameters)} parameters, ${counted(matrices.length, "matrix", "matrices")}${base ? ` · compared with ${base.source}` : ""}</p>
${untrained ? html`<div class="banner" role="alert"><h2>The model looks untrained</h2><p>No matrix can be told from i.i.d. noise of its shape.</p></div>` : ""}`,
    main: html`<section id="summary">${sentences.map((sentence) => html`<p class="summary">${typographic(sentence)}</p>\n`)}</section>
${mapSection(matrices, measures)}
${spectrumSection(record, drawings)}
${tableSection(record)}
${scanMethods(record)}`,
    footer: html`Made by deadweight ${version}. Download: ${downloadLink("scan.json", "application/json", JSON.stringify(record))} · ${downloadLink("scan.csv", "text/csv", scanCsv(record))}. SHA-256 of the weights: ${model.sha256}.`,
    data: html`<script type="application/json" id="look">${scriptJson(look)}</script>`,
    script: scanScript,
  });
}
