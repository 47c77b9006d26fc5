/** @file The map of a boundary search: roles against layers, each matrix with what became of it as word and colour. */
import type { ActionBoundary, BoundaryRecord } from "../records/boundary-record.js";
import { actionDone, armWord } from "./boundary-action.js";
import { type MatrixFate, matrixFates } from "./boundary-fate.js";
import { type Html, html } from "./html.js";

/** Of the width of the page. */
const mostLayersAcross = 10;

type Candidate = BoundaryRecord["candidates"][number];

/** The colours are those of the verdicts: what may go is blue, the deeper the more of it goes; what may not is orange. */
const armClass: Readonly<Record<string, string>> = { frozen: "freezable", crystal: "low-rank" };

function chipClass({ kind, arm }: MatrixFate): string {
  switch (kind) {
    case "confirmed":
      return armClass[(arm ?? "").split(":")[0]] ?? "redundant";
    case "held":
      return "undecided";
    case "passed over":
      return "needed";
    case "left":
      return "";
    default:
      return kind satisfies never;
  }
}

const chipText: Readonly<Record<MatrixFate["kind"], (arm: string) => string>> = {
  confirmed: armWord,
  held: () => "held",
  "passed over": () => "passed over",
  left: () => "trained",
};

const meaning: Readonly<Record<MatrixFate["kind"], string>> = {
  confirmed: "in the confirmed set, and how it is treated",
  held: "in the largest set that held in the search, which fresh seeds and examples did not confirm",
  "passed over": "the set failed with it, so it was grown on without",
  left: "trained as ever: in no set that held",
};

const kinds = ["confirmed", "held", "passed over", "left"] as const;
const none: MatrixFate = { kind: "left", arm: null };

interface Placed {
  readonly candidate: Candidate;
  readonly fate: MatrixFate;
}

/** Several matrices of one place are experts: they are counted. */
function cell(placed: readonly Placed[]): Html {
  const alike = new Map<string, Placed[]>();
  for (const one of placed) {
    const key = chipText[one.fate.kind](one.fate.arm ?? "");
    alike.set(key, [...(alike.get(key) ?? []), one]);
  }
  const chips = [...alike.values()].map((same) => {
    const { fate } = same[0];
    const text = chipText[fate.kind](fate.arm ?? "");
    const title = `${same.map(({ candidate }) => candidate.name).join(", ")}: ${text}`;
    return html`<span class="chip ${chipClass(fate)}" title="${title}">${text}${same.length > 1 ? ` ×${same.length}` : ""}</span>`;
  });
  return html`<td>${chips}</td>`;
}

function legend(placed: readonly Placed[]): Html {
  const entries = kinds.flatMap((kind) => {
    const arms = [...new Set(placed.filter(({ fate }) => fate.kind === kind).map(({ fate }) => fate.arm))];
    if (arms.length === 0) return [];
    const shown = kind === "confirmed" ? [...new Set(arms.map((arm) => (arm ?? "").split(":")[0]))] : [""];
    const chips = shown.map((arm) => {
      const text = kind === "confirmed" ? (arm === "crystal" ? "rank k" : arm) : chipText[kind]("");
      return html`<span class="chip ${chipClass({ kind, arm })}">${text}</span> `;
    });
    return [html`<dt>${chips}</dt><dd>${meaning[kind]}</dd>\n`];
  });
  return html`<dl class="legend">${entries}</dl>`;
}

function placedIn(action: ActionBoundary, candidates: readonly Candidate[]): Placed[] {
  const fates = matrixFates(action);
  return candidates.map((candidate) => ({ candidate, fate: fates.get(candidate.name) ?? none }));
}

function actionMap(action: ActionBoundary, candidates: readonly Candidate[]): Html {
  const placed = placedIn(action, candidates);
  const layers = [...new Set(candidates.map(({ layer }) => layer))].sort(
    (a, b) => (a ?? Number.POSITIVE_INFINITY) - (b ?? Number.POSITIVE_INFINITY),
  );
  const roles = [...new Set(candidates.map(({ role }) => role))];
  const at = (role: string, layer: number | null) =>
    cell(placed.filter(({ candidate }) => candidate.role === role && candidate.layer === layer));
  const layerName = (layer: number | null) => (layer === null ? "none" : String(layer));
  // Lines of words, one for each layer, where a line of layers would not fit the page.
  const downwards = layers.length > mostLayersAcross;
  const heads = downwards ? roles : layers.map(layerName);
  const row = (name: string, cells: readonly Html[]) => html`<tr><th scope="row">${name}</th>${cells}</tr>\n`;
  const rows = downwards
    ? layers.map((layer) =>
        row(
          layerName(layer),
          roles.map((role) => at(role, layer)),
        ),
      )
    : roles.map((role) =>
        row(
          role,
          layers.map((layer) => at(role, layer)),
        ),
      );
  const name = `What became of each matrix: ${actionDone(action.action)}`;
  return html`<div class="table map" role="region" aria-label="${name}" tabindex="0"><table><caption>${action.action}</caption><thead><tr><th scope="col">layer</th>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>\n`;
}

export function boundaryMap({ actions, candidates }: BoundaryRecord): Html {
  if (candidates.length === 0 || actions.length === 0) return html``;
  return html`<section id="map"><h2>What became of each matrix</h2>
${legend(actions.flatMap((action) => placedIn(action, candidates)))}
${actions.map((action) => actionMap(action, candidates))}</section>`;
}
