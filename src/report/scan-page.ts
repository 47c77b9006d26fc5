/** @file The page of a scan: one HTML file that needs nothing else. Knows no files. */
import { createHash } from "node:crypto";
import type { ScanRecord } from "../records/scan-record.js";
import { count, counted } from "./figure-text.js";
import { cellLook, heatMap, mapCells } from "./heat-map.js";
import { type Html, html, scriptJson, trusted, typographic } from "./html.js";
import { pageStyle } from "./page-style.js";
import { scanCsv } from "./scan-csv.js";
import { scanSummary } from "./scan-lines.js";
import { mapMeasures } from "./scan-measures.js";
import { scanScript } from "./scan-script.js";
import { scanTable } from "./scan-table.js";

/** Only this page's own script runs, and nothing is fetched: what a record holds cannot reach out. */
const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash("sha256").update(scanScript).digest("base64")}'; base-uri 'none'; form-action 'none'`;

const significant = (value: number) => Number(value.toPrecision(4));

function mapSection({ matrices }: ScanRecord): Html {
  const [first, ...others] = mapMeasures(matrices);
  if (!first) return html``;
  return html`<section id="map"><h2>Map of the model</h2>
<p><label>Coloured by <select id="measure" disabled>${[first, ...others].map(({ label }) => html`<option>${label}</option>`)}</select></label></p>
${heatMap(matrices, first)}
<p class="note">Blue is below, orange above what noise of the same shape shows; full colour at an eighth or eight times. A share (of energy, of change) is the more orange the larger. Choose a cell to see its spectrum.</p></section>`;
}

function spectrumSection({ matrices }: ScanRecord): Html {
  const drawn = matrices.filter(({ spectrum }) => spectrum);
  if (drawn.length === 0) return html``;
  return html`<section id="spectrum"><h2>Spectrum of <span id="spectrum-name">${matrices[0].name}</span></h2>
<p><label>Matrix <select id="matrix" disabled>${matrices.map(({ name }) => html`<option>${name}</option>`)}</select></label></p>
<figure class="chart wide"><svg id="spectrum-picture" viewBox="0 0 580 330" role="img" aria-label="Singular values against noise"></svg>
<figcaption>Singular values by rank. Dashed: where those of i.i.d. noise of the same shape and root mean square lie. Dotted: the largest that noise of the bulk's scale would show; what is above are spikes.</figcaption></figure>
<noscript><p>The spectrum is drawn by this page's own script; the figures are in the record.</p></noscript></section>`;
}

function methodsSection({ seed, version }: ScanRecord): Html {
  return html`<section id="methods"><h2>What the figures mean</h2><dl>
<dt>pr</dt><dd>Participation ratio of the eigenvalues of W'W: (Σλ)² / Σλ². The number of dimensions that W spreads over; nm / (n + m) for noise.</dd>
<dt>pr of s</dt><dd>The same of the singular values.</dd>
<dt>pc1</dt><dd>Largest eigenvalue over their sum: what a rank-1 copy keeps.</dd>
<dt>stable rank</dt><dd>Squared Frobenius norm over squared spectral norm.</dd>
<dt>effective rank</dt><dd>exp of the entropy of s / Σs (Roy &amp; Vetterli 2007).</dd>
<dt>spikes, energy</dt><dd>Singular values above the Marchenko-Pastur edge of noise whose scale the median singular value tells (Gavish &amp; Donoho 2014), at the 1% level; and their share of Σλ.</dd>
<dt>norm</dt><dd>Largest singular value; its null has the matrix's own root mean square.</dd>
<dt>tail exponent, KS</dt><dd>Power law fitted to the tail of the eigenvalues (Clauset, Shalizi &amp; Newman 2009), and the distance of the fit. On noise the exponent scatters by half.</dd>
<dt>kurtosis</dt><dd>Of the entries; 3 for a normal distribution.</dd>
<dt>noise</dt><dd>No spike, and pr where i.i.d. entries put it: the matrix cannot be told from one that was never trained.</dd>
</dl><p class="note">deadweight ${version}; seed ${seed} of what is drawn.</p></section>`;
}

function download(record: ScanRecord): Html {
  const link = (name: string, type: string, content: string) =>
    html`<a class="download" download="${name}" href="data:${type};base64,${Buffer.from(content, "utf8").toString("base64")}">${name}</a>`;
  return html`${link("scan.json", "application/json", JSON.stringify(record))} · ${link("scan.csv", "text/csv", scanCsv(record))}`;
}

/** @returns a whole HTML document. */
export function scanPage(record: ScanRecord): string {
  const { model, base, matrices, noiseCheck, version } = record;
  const cells = mapCells(matrices);
  const measures = mapMeasures(matrices);
  const look = {
    cells: measures.map((measure) =>
      cells.map(({ matrices: places }) =>
        cellLook(
          places.map((place) => matrices[place]),
          measure,
        ),
      ),
    ),
    first: cells.map(({ matrices: places }) => places[0]),
    spectra: matrices.map(({ name, spectrum, edge }) => ({
      name,
      rank: spectrum?.rank ?? [],
      value: (spectrum?.value ?? []).map(significant),
      noise: (spectrum?.noise ?? []).map(significant),
      edge,
    })),
  };
  const untrained = noiseCheck && noiseCheck.measured > 0 && noiseCheck.measured === noiseCheck.noiseLike;
  const [, ...sentences] = scanSummary(record);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Spectra of ${model.source}</title>
<style>${trusted(pageStyle)}</style>
</head>
<body>
<header>
<h1>${base ? "What has changed in" : "Spectra of"} ${model.source}</h1>
<p class="kicker">${model.architecture}, ${count(model.parameters)} parameters, ${counted(matrices.length, "matrix", "matrices")}${base ? ` · compared with ${base.source}` : ""}</p>
${untrained ? html`<div class="banner" role="alert"><h2>The model looks untrained</h2><p>No matrix can be told from i.i.d. noise of its shape.</p></div>` : ""}
</header>
<main>
<section id="summary">${sentences.map((sentence) => html`<p class="summary">${typographic(sentence)}</p>\n`)}</section>
${mapSection(record)}
${spectrumSection(record)}
<section id="all"><h2>All matrices</h2>
<p><label>Only names with <input id="filter" type="search" disabled></label></p>
${scanTable(matrices, base !== undefined)}</section>
${methodsSection(record)}
</main>
<footer>Made by deadweight ${version}. Download: ${download(record)}. SHA-256 of the weights: ${model.sha256}.</footer>
<script type="application/json" id="look">${scriptJson(look)}</script>
<script>${trusted(scanScript)}</script>
</body>
</html>
`;
  return page.html;
}
