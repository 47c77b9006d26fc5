/** @file The style sheet of tables: how they scroll, and how a narrow window lays out rows that form blocks. */

/**
 * Shadows at the edges beyond which a table goes on: two covers scroll away with the content and bare two shadows that do not (after
 * L. Verou, 2012). Cells are therefore tinted, not filled, unless they are sticky.
 */
const edges = `background:
    linear-gradient(to right, var(--paper) 40%, transparent) 0 0 / 40px 100% no-repeat local,
    linear-gradient(to left, var(--paper) 40%, transparent) 100% 0 / 40px 100% no-repeat local,
    linear-gradient(to right, var(--edge), transparent) 0 0 / 16px 100% no-repeat scroll,
    linear-gradient(to left, var(--edge), transparent) 100% 0 / 16px 100% no-repeat scroll;`;

export const tableStyle = `\
.table { overflow-x: auto; margin: 18px 0 0; border-bottom: 1px solid var(--line); container-type: inline-size; }
.table, .drawing { ${edges} }
.table:focus-visible, .drawing:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.tall { max-height: 560px; overflow-y: auto; }
.tall thead { position: sticky; top: 0; background: var(--paper); z-index: 3; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: 14px; line-height: 1.35; font-variant-numeric: tabular-nums; }
caption { position: sticky; left: 0; max-width: 100cqw; text-align: left; font-weight: 650; font-size: 16px; padding-bottom: 8px; overflow-wrap: anywhere; }
th, td { padding: 5px 8px; text-align: left; vertical-align: baseline; white-space: nowrap; }
thead th { font-weight: 600; color: var(--muted); vertical-align: bottom; border-bottom: 1px solid var(--ink); white-space: normal; }
thead th.group { text-align: center; border-bottom: 0; padding-bottom: 2px; }
thead th.group span { display: block; border-bottom: 1px solid var(--line); }
tbody th { font-weight: 500; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tr > *:first-child { padding-left: 0; }
.number { text-align: right; }
.begins { padding-left: 18px; }
tr.target > * { background: var(--target-tint); font-weight: 650; }
tr.target > *:first-child { box-shadow: -8px 0 0 var(--target-tint); }
tr.printed > * { color: var(--muted); font-style: italic; }
tr.bad td.toned { color: var(--bad); font-weight: 650; }
tr.good td.toned { color: var(--good); font-weight: 650; }
.pickable tbody tr { cursor: pointer; } .pickable tbody tr:hover > * { background: var(--panel); }
#all tbody th, #all thead th:first-child { position: sticky; left: 0; background: var(--paper); z-index: 1; }
.methods td { white-space: normal; min-width: 16ch; }
tr.continues > * { border-top: 0 !important; } tr.continues > th, tr.continues > td.of-block { color: transparent; }
.blocks tbody th { white-space: normal; }
.table tr.continues > th { max-width: 0; overflow: hidden; white-space: nowrap !important; }
@media (max-width: 620px) {
  .table:not(:has(.blocks)) :is(tbody th, tr > *:first-child), .blocks .part { position: sticky; left: 0; background: var(--paper); z-index: 1; }
  .table:not(:has(.blocks)) :is(tbody th, tr > *:first-child) { white-space: normal; min-width: 96px; }
  .table tr.target > *:first-child, .table tr.target > .part { background: var(--target); }
  thead th.short { white-space: nowrap; } thead th.long { min-width: 15ch; }
  .blocks .beside { display: none; }
  .blocks tr > *:first-child { max-width: 0; padding: 0; box-shadow: none; }
  .blocks thead tr > *:first-child { color: transparent; overflow: hidden; }
  .blocks tbody tr > .part { padding-left: 0; } .blocks thead .part { padding-left: 0; }
  .blocks tbody tr:not(.continues) > * { padding-top: 36px; }
  .blocks tbody tr:not(.continues) > th { position: sticky; left: 0; z-index: 2; padding-top: 10px; overflow: visible; vertical-align: top; white-space: nowrap; font-weight: 650; }
  .blocks th[data-beside]::after { content: "  ·  " attr(data-beside); font-weight: 400; color: var(--muted); }
}
@media print {
  .tall { max-height: none; overflow: visible; } .tall thead { position: static; }
  .table { overflow: visible; } .table, .drawing { background: none; } table { font-size: 8.5pt; } th, td { padding: 2pt 4pt; } .begins { padding-left: 8pt; }
  tr { break-inside: avoid; }
}
`;
