/** @file The style sheet of the page: light, dark, narrow, printed. Of tables: see `table-style.ts`. */
import { tableStyle } from "./table-style.js";

/** `--full`: as much of a series colour as leaves text on it 4.5:1. Series colours: text, then Okabe & Ito's (2008), darkened or lightened until they stand out from the background by 3:1 or more. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1c1e21; --muted: #5d636b; --line: #d9dce0; --panel: #f5f6f7; --link: #0b5cad;
  --bad: #b3261e; --bad-panel: #fdeceb; --good: #17693a; --shade: #00000012; --worse: #b3261e12;
  --warn: #a86400; --warn-panel: #fdf1dc; --target: #fff6d8; --target-tint: #ffd23c33; --edge: #00000038;
  --series-0: #1c1e21; --series-1: #0072b2; --series-2: #c44e00; --series-3: #00805c; --series-4: #a83c86; --series-5: #7d6608;
  --full: 70%;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --ink: #e4e6e9; --muted: #9aa1aa; --line: #363b42; --panel: #1f2226; --link: #7ab8f5;
    --bad: #ff8a80; --bad-panel: #43191a; --good: #6fd39b; --shade: #ffffff1c; --worse: #ff8a8014;
    --warn: #f0b429; --warn-panel: #33280f; --target: #3b3619; --target-tint: #d2b41433; --edge: #ffffff3d;
    --series-0: #e4e6e9; --series-1: #56b4e9; --series-2: #ff9d57; --series-3: #3ccf9c; --series-4: #ea95cd; --series-5: #e6cf52;
    --full: 45%;
  }
}
@media print {
  :root {
    --paper: #fff; --ink: #000; --muted: #444; --line: #bbb; --panel: #fff; --bad: #b3261e; --bad-panel: #fff; --good: #17693a;
    --warn: #a86400; --warn-panel: #fff; --target: #fff6d8; --target-tint: #ffd23c33; --shade: #00000012; --worse: #b3261e12;
    --series-0: #000; --series-1: #0072b2; --series-2: #c44e00; --series-3: #00805c; --series-4: #a83c86; --series-5: #7d6608;
    --full: 70%;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main, header, footer { max-width: 1120px; margin: 0 auto; padding: 0 clamp(14px, 3vw, 32px); }
header { padding-top: clamp(20px, 4vw, 48px); }
h1 { font-size: clamp(24px, 3.4vw, 36px); line-height: 1.15; margin: 0 0 4px; letter-spacing: -0.015em; overflow-wrap: anywhere; }
h2 { font-size: 22px; line-height: 1.25; margin: 52px 0 12px; padding-top: 14px; border-top: 1px solid var(--line); letter-spacing: -0.01em; }
h3 { font-size: 16px; line-height: 1.3; margin: 0 0 6px; } h3.undecided { margin-top: 24px; }
p, ul, ol { max-width: 74ch; }
p { margin: 0 0 12px; overflow-wrap: break-word; }
a { color: var(--link); }
code { font: 0.9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
p:not(.note) > code, p b code, li code { white-space: nowrap; }
.kicker { color: var(--muted); margin: 0 0 16px; }
.summary { font-size: clamp(17px, 1.6vw, 19px); line-height: 1.5; }
.verdict { border-left: 4px solid var(--series-3); background: var(--panel); padding: 12px 16px; margin: 0 0 14px; max-width: none; }
.verdict.needed { border-color: var(--series-2); }
.verdict.doubtful { border-color: var(--bad); }
.verdict.undecided { border-color: var(--muted); }
.verdict strong { display: block; font-size: 20px; line-height: 1.3; margin-bottom: 2px; overflow-wrap: anywhere; }
.banner { border: 2px solid var(--bad); background: var(--bad-panel); color: var(--bad); border-radius: 6px; padding: 14px 18px; margin: 0 0 20px; overflow-wrap: anywhere; }
.banner h2 { border: 0; margin: 0 0 6px; padding: 0; font-size: 18px; }
.banner p:last-child, .verdict p:last-child { margin: 0; max-width: none; }
.note, figcaption, footer { font-size: 14px; line-height: 1.45; color: var(--muted); }
.note { margin: 8px 0 0; max-width: 96ch; }
.warning { border-left: 4px solid var(--warn); background: var(--warn-panel); padding: 8px 14px; margin: 0 0 8px; max-width: 96ch; } .checks + .warning { margin-top: 14px; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 32px 40px; margin: 26px 0; }
.grid > * { min-width: 0; }
.chart { margin: 0; min-width: 0; max-width: 640px; break-inside: avoid; }
.chart svg { display: block; width: 100%; height: auto; max-width: none; overflow: visible; font-family: inherit; font-size: 12px; }
.chart figcaption { margin-top: 6px; max-width: 64ch; }
.chart.parts { max-width: none; } .parts .grid { align-items: start; margin: 0; } .parts svg { max-width: 560px; } .parts:not(.aside) figcaption { max-width: 96ch; }
.missing p { color: var(--muted); border: 1px dashed var(--line); padding: 24px; }
${tableStyle}.checks { list-style: none; padding: 0; margin: 0; }
.checks li { padding: 6px 0 6px 84px; position: relative; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.checks li:first-child { border-top: 0; }
.checks b { position: absolute; left: 0; }
.passed b { color: var(--good); } .failed b, .failed { color: var(--bad); }
dl { display: grid; grid-template-columns: minmax(120px, 220px) 1fr; gap: 6px 20px; margin: 0; font-size: 15px; }
dt { color: var(--muted); } dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.map { border: 0; } .map table { width: auto; } .map th, .map td { padding: 2px 3px; } .map tbody tr + tr > * { border-top: 0; }
.map thead th { text-align: center; } .map thead th:first-child { text-align: left; }
.cell { display: block; width: 100%; min-width: 48px; padding: 6px 4px; border: 0; border-radius: 3px; font: inherit; font-size: 12px; color: inherit; cursor: pointer; text-align: center; }
.cell, .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.cell.below { background: color-mix(in srgb, var(--series-1) calc(var(--shade, 0) * var(--full)), var(--paper)); }
.cell.above { background: color-mix(in srgb, var(--series-2) calc(var(--shade, 0) * var(--full)), var(--paper)); }
.scale { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 8px; font-size: 13px; color: var(--muted); margin: 0; }
.scale span:empty:not(.bar) { display: none; }
.bar { width: 90px; height: 12px; border: 1px solid var(--line); } .bar[hidden] { display: none; }
.bar.below { background: linear-gradient(to left, var(--paper), color-mix(in srgb, var(--series-1) var(--full), var(--paper))); }
.bar.above { background: linear-gradient(to right, var(--paper), color-mix(in srgb, var(--series-2) var(--full), var(--paper))); }
.pick { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-align: inherit; text-decoration: underline dotted var(--muted); text-underline-offset: 3px; }
.pick:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
.spectrum text { fill: var(--muted); } .spectrum .grid-line { stroke: var(--line); }
.spectrum polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
.spectrum .value-line { stroke: var(--series-1); } .spectrum .noise-line { stroke: var(--muted); stroke-dasharray: 4 4; }
.spectrum .edge { stroke: var(--series-2); stroke-dasharray: 2 3; } .spectrum .edge-name { fill: var(--series-2); }
.cell:focus-visible, .sort:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
.sort { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-align: inherit; }
[aria-sort="ascending"] .sort::after { content: " ↑"; } [aria-sort="descending"] .sort::after { content: " ↓"; }
select, input { font: inherit; font-size: 15px; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: 4px 8px; max-width: 100%; }
.chart.wide { max-width: 760px; } .drawing { overflow-x: auto; }
@media (min-width: 1000px) {
  .chart.aside { max-width: none; display: grid; grid-template-columns: minmax(0, 760px) minmax(0, 1fr); gap: 0 32px; } .chart.aside h3 { grid-column: 1 / -1; }
  .chart.aside figcaption { align-self: center; } .chart.parts.aside { grid-template-columns: minmax(0, 560px) minmax(0, 1fr); }
  .checks { columns: 2; column-gap: 40px; max-width: none; } .checks li { break-inside: avoid; } .checks li:first-child { border-top: 1px solid var(--line); }
  #methods { columns: 2; column-gap: 40px; } #methods > h2, #methods > .table { column-span: all; } #methods > p { break-inside: avoid; }
}
.chip { display: inline-block; min-width: 80px; padding: 4px 8px; border: 1px solid transparent; border-radius: 3px; font-size: 12px; line-height: 1.35; text-align: center; color: var(--ink); text-decoration: none; white-space: nowrap; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
a.chip:hover { border-color: var(--ink); } a.chip:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
.chip.redundant { background: color-mix(in srgb, var(--series-1) var(--full), var(--paper)); }
.chip.low-rank { background: color-mix(in srgb, var(--series-1) calc(0.64 * var(--full)), var(--paper)); }
.chip.freezable { background: color-mix(in srgb, var(--series-1) calc(0.32 * var(--full)), var(--paper)); }
.chip.needed { background: color-mix(in srgb, var(--series-2) var(--full), var(--paper)); }
.chip.undecided { border: 1px dashed var(--muted); }
.legend { display: grid; grid-template-columns: max-content 1fr; gap: 6px 14px; align-items: baseline; font-size: 14px; }
.legend dt, .legend dd { margin: 0; } .legend dd { color: var(--muted); }
details.target { border-top: 1px solid var(--line); } details.target:last-of-type { border-bottom: 1px solid var(--line); }
details.target > summary { padding: 8px 0; cursor: pointer; overflow-wrap: anywhere; } details.target > summary .chip { margin: 0 10px 0 6px; }
details.target .seeds { color: var(--muted); font-size: 14px; white-space: nowrap; }
details.target:target > summary { font-weight: 650; }
p.forgetting { margin: 14px 0; }
details.target > .table { margin-bottom: 26px; } #curves > .note + details { margin-top: 16px; }
footer { margin-top: 52px; padding-top: 16px; padding-bottom: 40px; border-top: 1px solid var(--line); }
@media (max-width: 620px) {
  .chart svg.spectrum { font-size: 17px; } .chart svg.plot { font-size: 13px; } .drawing svg.plot { min-width: 560px; font-size: 14.5px; }
  .grid { gap: 30px; }
  .checks li { padding-left: 0; } .checks b { position: static; display: block; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 10px; }
  .map .chip { min-width: 0; padding: 4px 6px; }
}
@media print {
  body { font-size: 10.5pt; } main, header, footer { max-width: none; padding: 0; }
  .banner, .verdict, .warning { break-inside: avoid; } h2 { break-after: avoid; } .download { display: none; }
  .grid { grid-template-columns: 1fr 1fr; }
}
`;
