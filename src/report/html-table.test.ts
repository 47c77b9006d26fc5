import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { htmlTable } from "./html-table.js";
import type { Column, Row } from "./report-table.js";

function drawn(columns: readonly Column[], rows: readonly Row[]) {
  const { html } = htmlTable({ title: "Figures", columns, rows, notes: [] });
  return parseHTML(`<!doctype html><html><body>${html}</body></html>`).document;
}

const columns: Column[] = [
  { heading: "Target" },
  { heading: "verdict", ofBlock: true },
  { heading: "arm" },
  { heading: "loss", group: "general text", align: "right" },
];
const rows: Row[] = [
  { cells: ["a", "needed", "frozen", "1"] },
  { cells: ["a", "needed", "crystal", "2"], continues: true },
];

describe("htmlTable", () => {
  it("marks what a narrow window lays out anew where rows form blocks", () => {
    const document = drawn(columns, rows);
    expect(document.querySelector("table.blocks")).not.toBeNull();
    // A cell of each row of the head and of the body, so that the column can be hidden as a whole.
    expect(document.querySelectorAll("tr").length).toBe(4);
    expect(document.querySelectorAll("tr > .beside:nth-child(2)").length).toBe(4);
    expect([...document.querySelectorAll(".part")].map(({ textContent }) => textContent)).toEqual([
      "arm",
      "frozen",
      "crystal",
    ]);
    expect([...document.querySelectorAll("tbody th")].map((name) => name.getAttribute("data-beside"))).toEqual([
      "needed",
      null,
    ]);
  });

  it("leaves others as they are", () => {
    const document = drawn([{ heading: "Name" }, { heading: "loss" }], [{ cells: ["a", "1"] }]);
    expect(document.querySelector("table.blocks")).toBeNull();
    expect(document.querySelector(".beside, [data-beside]")).toBeNull();
    expect(drawn([{ heading: "Name" }], [{ cells: ["a"] }]).querySelector("th + *")).toBeNull();
  });

  it("escapes what stands in attributes", () => {
    const hostile = `"><img src=x>`;
    const document = drawn(columns, [{ cells: ["a", hostile, "frozen", "1"] }]);
    expect(document.querySelector("img")).toBeNull();
    expect(document.querySelector("tbody th")!.getAttribute("data-beside")).toBe(hostile);
  });
});
