import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { emptyPaperRecord, incompletePaperRecord, oneSeedPaperRecord } from "../../test/incomplete-paper-record.js";
import { samplePaperRecord } from "../../test/sample-paper-record.js";
import type { PaperRecord } from "../records/paper-record.js";
import { paperPage } from "./paper-page.js";

interface Node {
  readonly textContent: string;
  readonly tagName: string;
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Node | null;
  querySelectorAll(selector: string): Iterable<Node>;
}

const parsed = (page: string): Node => parseHTML(page).document;
const all = (node: Node, selector: string): Node[] => [...node.querySelectorAll(selector)];
const texts = (node: Node, selector: string): string[] => all(node, selector).map(({ textContent }) => textContent);
const spaces = (text: string) => text.replace(/\s+/g, " ").trim();

describe("paperPage", () => {
  const page = paperPage(samplePaperRecord());
  const document = parsed(page);

  it("has every section, chart and table", () => {
    expect(all(document, "section").map((section) => section.getAttribute("id"))).toEqual([
      "summary",
      "arms",
      "controls",
      "training",
      "scan",
      "reconciliation",
      "methods",
      "configuration",
    ]);
    expect(texts(document, "figure h3")).toEqual([
      "Cost of each arm, with its interval",
      "Distance to full fine-tuning",
      "Held-out loss while fine-tuning",
      "Loss of the base while pre-training",
      "Singular values of h.4.attn.c_proj",
      "Participation ratio against noise",
      "Participation ratio as the paper counts it",
      "Share of the first principal component",
    ]);
    expect(texts(document, "caption")).toEqual([
      "The arms after 50 steps of fine-tuning",
      "Before fine-tuning",
      "Layer scan of the attention matrices",
      "Weight PR and amplitude PR",
      "Text",
      "Learning rate candidates",
    ]);
  });

  it("says the same as the terminal", () => {
    const row = all(document, "#arms tbody tr").find((one) => one.textContent.includes("Random-L4"))!;
    expect(texts(row, "th, td").slice(0, 5)).toEqual([
      "Random-L4 (random, frozen)",
      "2.1907",
      "−1.6",
      "+0.318 [+0.137, +0.499]",
      "holds",
    ]);
    expect(texts(document, "tr.target th")).toEqual(["L4 c_proj", "L4 c_proj", "L4 c_proj", "0.001"]);
    expect(spaces(document.querySelector(".verdict")!.textContent)).toContain("Verdict: redundant");
    expect(document.querySelector(".banner")).toBeNull();
    expect(texts(document, "#controls code")).toEqual(["full"]);
  });

  it("describes every chart to those who do not see it", () => {
    const charts = all(document, "figure > svg");
    expect(charts.length).toBe(8);
    for (const chart of charts) {
      expect(chart.getAttribute("role")).toBe("img");
      expect(chart.getAttribute("aria-label")).toMatch(/\w+ \w+/);
      expect(chart.getAttribute("aria-description")).toMatch(/\d/);
    }
    const labels = charts.flatMap((chart) => texts(chart, "[aria-label$='axis label']"));
    for (const unit of ["nats per token", "% of its held-out loss", "fine-tuning step", "log scale", "layer"])
      expect(labels.some((label) => label.includes(unit))).toBe(true);
  });

  it("draws the arms where their deltas are", () => {
    const chart = document.querySelector("#arms figure > svg")!;
    const dots = all(chart, "g[aria-label=dot] circle").map((dot) => Number(dot.getAttribute("cx")));
    // The means are 0.061, 0.187, 0.318, 0.204: distances on the axis are proportional to their differences.
    expect((dots[2] - dots[0]) / (dots[1] - dots[0])).toBeCloseTo((0.318 - 0.061) / (0.187 - 0.061), 6);
    expect((dots[3] - dots[0]) / (dots[1] - dots[0])).toBeCloseTo((0.204 - 0.061) / (0.187 - 0.061), 6);
  });

  it("loads nothing and runs nothing", () => {
    for (const node of all(document, "*"))
      for (const { name, value } of node.attributes) {
        if (["src", "href", "xlink:href", "action", "srcset", "poster", "data"].includes(name))
          expect(value).toMatch(/^(#|data:application\/json;base64,)/);
        expect(name).not.toMatch(/^on/);
      }
    expect(all(document, "script").map((script) => script.getAttribute("type"))).toEqual(["application/json"]);
    expect(all(document, "link, iframe, object, embed, img, base")).toEqual([]);
    expect(texts(document, "style").join("")).not.toMatch(/@import|url\(/);
    expect(document.querySelector("meta[http-equiv=Content-Security-Policy]")!.getAttribute("content")).toMatch(
      /^default-src 'none'; style-src 'unsafe-inline'/,
    );
  });

  it("carries the record, to read and to download", () => {
    const record = samplePaperRecord();
    expect(JSON.parse(document.querySelector("script#record")!.textContent)).toEqual(record);
    const link = document.querySelector("a[download]")!.getAttribute("href")!;
    expect(JSON.parse(Buffer.from(link.split(",")[1], "base64").toString("utf8"))).toEqual(record);
  });

  it("is the same for the same record", () => {
    expect(paperPage(samplePaperRecord())).toBe(page);
  });
});

describe("a page of what is missing", () => {
  it("warns of a failed control before anything else", () => {
    const document = parsed(paperPage(incompletePaperRecord()));
    expect(spaces(document.querySelector("header .banner")!.textContent)).toContain(
      "all attention at random: was not shown to be worse",
    );
    expect(texts(document, "li.failed b")).toEqual(["FAILED"]);
    expect(texts(document, ".warning")).toEqual(["Warning: 1 trial diverged"]);
    expect(document.querySelector(".verdict")!.getAttribute("class")).toBe("verdict doubtful");
  });

  it("says where an arm is that is not on the axis", () => {
    const chart = parsed(paperPage(incompletePaperRecord())).querySelector("#arms figure > svg")!;
    expect(texts(chart, "g[aria-label=text] text")).toEqual(["margin +0.5%", "diverged: 2 of 5 seeds", "+35.0%"]);
  });

  it.each([
    ["diverged arms and null figures", incompletePaperRecord],
    ["one seed", oneSeedPaperRecord],
    ["nothing at all", emptyPaperRecord],
  ])("draws no figure that is not one: %s", (_, make: () => PaperRecord) => {
    const document = parsed(paperPage(make()));
    expect(all(document, "section").length).toBe(8);
    expect(all(document, "figure").length).toBe(8);
    for (const node of all(document, "svg *"))
      for (const { name, value } of node.attributes)
        expect(`${name}=${value}`).not.toMatch(/NaN|Infinity|undefined|null/);
    for (const text of texts(document, "p, td, th, figcaption, dd, svg text"))
      expect(text).not.toMatch(/(?<!holds )NaN|Infinity|undefined|null/);
  });

  it("shows no interval for one seed", () => {
    const document = parsed(paperPage(oneSeedPaperRecord()));
    const deltas = all(document, "#arms table").flatMap((table) => texts(table, "td"));
    expect(deltas).toContain("+0.06");
    expect(deltas.join(" ")).not.toMatch(/\[|±/);
    expect(all(document, "#training [aria-label='band over seeds']")).toEqual([]);
    expect(spaces(document.querySelector("#arms")!.textContent)).toContain("One seed gives no interval");
  });
});

/** Every string of a record, wherever it lies, with the text appended; keys of open records too. */
function poisoned<T>(value: T, text: string, kept: readonly string[]): T {
  if (typeof value === "string") return `${value}${text}` as T & string;
  if (Array.isArray(value)) return value.map((item) => poisoned(item, text, kept)) as T & unknown[];
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    kept.includes(key) ? item : poisoned(item, text, kept),
  ]);
  return Object.fromEntries(entries) as T & object;
}

describe("text of others", () => {
  const attack = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'><svg onload=alert(1)>`;

  it("stays text everywhere", () => {
    // The kept keys steer what is shown.
    const record = poisoned(samplePaperRecord(), attack, ["arm", "role", "fit", "verdict"]);
    record.arms[1].arm = `frozen${attack}`;
    record.verdicts.controls[`control${attack}`] = { passed: false, text: attack };
    record.verdicts.warnings.push(attack);
    const page = paperPage(record);
    const document = parsed(page);
    expect(all(document, "script").length).toBe(1);
    expect(all(document, "img, [onerror], [onload]")).toEqual([]);
    expect(all(document, "svg").length).toBe(8);
    expect(JSON.parse(document.querySelector("script#record")!.textContent)).toEqual(record);
    expect(document.querySelector("h1")!.textContent).toContain(attack);
    // The parser above is a forgiving one; the markup itself must not hold an unescaped tag either.
    expect(page.match(/<script/g)!.length).toBe(1);
    expect(page).not.toMatch(/<img|<svg onload/);
  });
});
