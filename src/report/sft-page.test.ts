/** @file The page and the tables of a fine-tuning say what the record holds, and nothing where it holds nothing. */
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { plainSftRecord, sampleSftRecord } from "../../test/sample-sft-record.js";
import { type SftRecord, sftRecord } from "../records/sft-record.js";
import { sftFindings } from "./sft-findings.js";
import { sftPage } from "./sft-page.js";
import { sftTables } from "./sft-tables.js";

interface Node {
  readonly textContent: string;
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): Iterable<Node>;
}

const parsed = (record: SftRecord): Node => parseHTML(sftPage(record)).document;
const all = (node: Node, selector: string): Node[] => [...node.querySelectorAll(selector)];
const texts = (node: Node, selector: string): string[] => all(node, selector).map(({ textContent }) => textContent);
const look = { color: false, width: 100 };

describe("the sample records", () => {
  it("are what the schema asks for", () => {
    for (const make of [sampleSftRecord, plainSftRecord]) expect(sftRecord.parse(make())).toEqual(make());
  });
});

describe("sftPage", () => {
  const record = sampleSftRecord();
  const document = parsed(record);

  it("has every section and chart", () => {
    expect(texts(document, "title")).toEqual(["Fine-tuning of stories15M, plan and progressive"]);
    expect(all(document, "section").map((section) => section.getAttribute("id"))).toEqual([
      "summary",
      "losses",
      "comparison",
      "freezing",
      "checkpoints",
      "data",
      "configuration",
    ]);
    expect(all(document, "svg")).toHaveLength(5);
  });

  it("draws this run beside the plain one", () => {
    const [byStep] = all(document, "figure.chart");
    expect(texts(byStep, "h3")).toEqual(["Held-out loss by step"]);
    expect(texts(byStep, "text").filter((text) => text.startsWith("pla"))).toEqual(["plain", "plan and progressive"]);
  });

  it("holds the record", () => {
    const [link] = all(document, "a.download");
    const content = link.getAttribute("href")!.replace(/^data:application\/json;base64,/, "");
    expect(JSON.parse(Buffer.from(content, "base64").toString())).toEqual(record);
  });

  it("of a plain run says nothing of freezing", () => {
    const plain = parsed(plainSftRecord());
    expect(all(plain, "section").map((section) => section.getAttribute("id"))).toEqual([
      "summary",
      "losses",
      "checkpoints",
      "data",
      "configuration",
    ]);
    const page = sftPage(plainSftRecord());
    expect(page).toContain("The learning rate was given");
    expect(page).toContain("gradients not clipped");
  });

  it("says so where plain fine-tuning was not run", () => {
    expect(sftFindings({ ...record, comparison: null }).join(" ")).toContain("Plain fine-tuning was not run");
  });

  it("escapes what comes from outside", () => {
    const hostile = { ...record, model: { ...record.model, source: "<script>alert(1)</script>" } };
    expect(sftPage(hostile)).not.toContain("<script>alert");
  });
});

describe("sftTables", () => {
  it("have the phases, the events, the comparison and its mean", () => {
    const text = sftTables(sampleSftRecord(), look);
    expect(text).toMatch(/^121 to 240 +55\.0 /m);
    expect(text).toMatch(/^180 +thaw +held-out loss 1\.4% above its lowest, twice$/m);
    // 120 x 0.40 + 120 x 0.27 + 160 x 0.16 seconds of training; 148 of the plain run.
    expect(text).toMatch(/^1 .* 148\.0 +106\.0 +1\.40 /m);
    expect(text).toMatch(/^mean /m);
    expect(text).toMatch(/1\.40 times faster to the same held-out loss/);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(look.width);
  });

  it("of a plain run are short", () => {
    const text = sftTables(plainSftRecord(), look);
    expect(text).not.toMatch(/Beside plain|frozen when/);
    expect(text).toMatch(/^1 to 400 +0\.0 /m);
  });
});
