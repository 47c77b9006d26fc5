/** @file The map of a test: roles against layers, each matrix with its verdict as word and colour. Knows no figures. */
import { type Html, html } from "./html.js";
import { type TargetResult, type Verdict, verdictOrder } from "./target-results.js";
import { verdictConsequence } from "./test-summary.js";

/** Of the width of the page. */
const mostLayersAcross = 10;

/** Where a page tells more of a target. @param index its place in the record */
export const targetAnchor = (index: number) => `target-${index}`;

export function verdictChip(verdict: Verdict): Html {
  return html`<span class="chip ${verdict}">${verdict}</span>`;
}

function chipLink({ verdict, label }: TargetResult, index: number): Html {
  return html`<a class="chip ${verdict}" href="#${targetAnchor(index)}" title="${label}: ${verdict}" aria-label="${label}: ${verdict}">${verdict}</a>`;
}

function legend(results: readonly TargetResult[]): Html {
  const present = verdictOrder.filter((verdict) => results.some((result) => result.verdict === verdict));
  return html`<dl class="legend">${present.map((verdict) => html`<dt>${verdictChip(verdict)}</dt><dd>${verdictConsequence[verdict]}</dd>\n`)}</dl>`;
}

interface Place {
  readonly result: TargetResult;
  readonly index: number;
}

const table = (label: string, head: Html, rows: readonly Html[]) =>
  html`<div class="table map" role="region" aria-label="${label}" tabindex="0"><table>${head}<tbody>${rows}</tbody></table></div>\n`;

/** Matrices that lie in no layer and groups stand in a list below. Nothing where all targets lie in one layer: the table says it all. */
export function verdictMap(results: readonly TargetResult[]): Html {
  const places = results.map((result, index): Place => ({ result, index }));
  const layerOf = ({ result: { target } }: Place) => (target.matrices.length === 1 ? target.matrices[0].layer : null);
  const layered = places.filter((place) => layerOf(place) !== null);
  const layers = [...new Set(layered.map((place) => layerOf(place)!))].sort((a, b) => a - b);
  if (layers.length < 2) return html``;
  const roleOf = ({ result: { target } }: Place) => target.matrices[0].role;
  const roles = [...new Set(layered.map(roleOf))];
  const cell = (role: string, layer: number) =>
    html`<td>${layered
      .filter((place) => roleOf(place) === role && layerOf(place) === layer)
      .map(({ result, index }) => chipLink(result, index))}</td>`;
  // Lines of words, one for each layer, where a line of layers would not fit the page.
  const downwards = layers.length > mostLayersAcross;
  const head = (first: string, others: readonly (string | number)[]) =>
    html`<thead><tr><th scope="col">${first}</th>${others.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>`;
  const row = (name: string | number, cells: readonly Html[]) => html`<tr><th scope="row">${name}</th>${cells}</tr>\n`;
  const others = places.filter((place) => layerOf(place) === null);
  return html`<section id="map"><h2>Map of the model</h2>
${legend(results)}
${
  downwards
    ? table(
        "Verdicts by layer",
        head("layer", roles),
        layers.map((layer) =>
          row(
            layer,
            roles.map((role) => cell(role, layer)),
          ),
        ),
      )
    : table(
        "Verdicts by layer",
        head("layer", layers),
        roles.map((role) =>
          row(
            role,
            layers.map((layer) => cell(role, layer)),
          ),
        ),
      )
}${
  others.length === 0
    ? ""
    : table(
        "Verdicts outside the layers and of groups",
        html`<thead><tr><th scope="col" colspan="2">groups, and matrices outside the layers</th></tr></thead>`,
        others.map(
          ({ result, index }) =>
            html`<tr><th scope="row">${result.label}</th><td>${chipLink(result, index)}</td></tr>\n`,
        ),
      )
}<p class="note">Each verdict is about one matrix (or one group) with everything else trained. Choose one to see its curves.</p></section>`;
}
