import { describe, expect, it } from "vitest";
import { emptyPaperRecord, incompletePaperRecord, oneSeedPaperRecord } from "../../test/incomplete-paper-record.js";
import { samplePaperRecord } from "../../test/sample-paper-record.js";
import { paperRecord } from "../records/paper-record.js";
import { paperTables } from "./paper-tables.js";

const plain = (record: ReturnType<typeof samplePaperRecord>, width = 140) =>
  paperTables(record, { color: false, width });
/** Cells of the first line that begins so, below the given heading. */
function cells(text: string, title: string, row: string): string[] {
  const lines = text.slice(text.indexOf(title)).split("\n");
  return lines.find((line) => line.startsWith(row))!.split(/ {2,}/);
}

describe("the sample records", () => {
  it("are what the schema asks for", () => {
    for (const make of [samplePaperRecord, incompletePaperRecord, oneSeedPaperRecord, emptyPaperRecord])
      expect(paperRecord.parse(make())).toEqual(make());
  });
});

describe("paperTables", () => {
  const text = plain(samplePaperRecord());

  it("stands the paper's figures of the arms beside ours", () => {
    expect(cells(text, "The arms after 50 steps", "Random-L4")).toEqual([
      "Random-L4 (random, frozen)",
      "2.1907",
      "-1.6",
      "+0.318 [+0.137, +0.499]",
      "holds",
      "4.718 ± 0.019",
      "5.9145 ± 0.0021",
      "4.6402",
      "+0.4",
    ]);
    expect(cells(text, "The arms after 50 steps", "Zero-L4").slice(1, 3)).toEqual(["–", "–"]);
    // 0.0184 of 5.8214 nats is 0.316%; of that damage 0.187% of 4.7032 nats is left: 48%.
    expect(cells(text, "Before fine-tuning", "Crystal-L4")).toEqual([
      "Crystal-L4 (rank 1, frozen)",
      "-0.44",
      "+0.316 [+0.288, +0.345]",
      "+0.0184",
      "52",
    ]);
  });

  it("shows all 16 attention matrices against noise and the paper", () => {
    const rows = text.slice(text.indexOf("Layer scan")).match(/^L\d c_(attn|proj) .*%?$/gm)!;
    expect(rows.slice(0, 16).map((row) => row.slice(0, 9))).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].flatMap((layer) => [`L${layer} c_attn`, `L${layer} c_proj`]),
    );
    // 104 / 128.3 = 0.811; 171 / 184.1 = 0.929
    expect(cells(text, "Layer scan", "L0 c_proj").slice(1)).toEqual([
      "104.0",
      "128.3",
      "0.81",
      "171.0",
      "184.1",
      "0.93",
      "145.3",
      "2.1",
      "1.5",
      "12.0",
    ]);
    expect(cells(text, "Layer scan", "L1 c_proj").at(-1)).toBe("–");
  });

  it("puts the papers' amplitude figures and the target on top of the reconciliation", () => {
    expect(cells(text, "Weight PR and amplitude PR", "papers 62").slice(1)).toEqual([
      "–",
      "84.5",
      "nonlinear",
      "1.03",
      "–",
      "–",
      "246.4",
      "-3.12",
    ]);
    expect(cells(text, "Weight PR and amplitude PR", "L4 c_proj").slice(3, 5)).toEqual(["projection", "6.84"]);
    expect(text.replace(/\s+/g, " ")).toContain("the low figure describes one row's fit, not the matrix");
  });

  it("ends with the verdict and what it holds for", () => {
    expect(text.slice(text.indexOf("Verdict (")).replace(/\s+/g, " ")).toBe(
      "Verdict (margin 0.5%, confidence 95%) h.4.attn.c_proj is redundant: with frozen random values in its place the fine-tuned model stays within the margin (delta of random, in percent: +0.318 [+0.137, +0.499]; margin 0.5%, 95% interval, 5 seeds). All of this holds for one base checkpoint and one data set.",
    );
  });

  it("is the text that was looked at", async () => {
    await expect(`${text}\n`).toMatchFileSnapshot("../../test/fixtures/report/paper-tables.txt");
    await expect(`${plain(incompletePaperRecord(), 80)}\n`).toMatchFileSnapshot(
      "../../test/fixtures/report/incomplete-paper-tables.txt",
    );
  });

  it("fits the width, and names what it left out for it", () => {
    for (const record of [samplePaperRecord(), incompletePaperRecord(), oneSeedPaperRecord()])
      for (const width of [60, 72, 80, 100, 120, 200])
        expect(
          Math.max(
            ...plain(record, width)
              .split("\n")
              .map((line) => line.length),
          ),
        ).toBeLessThanOrEqual(width);
    expect(text).not.toContain("Left out");
    expect(plain(samplePaperRecord(), 100).replace(/\s+/g, " ")).toContain("ours: loss before");
  });

  it("changes nothing but colour with colour", () => {
    const colored = paperTables(samplePaperRecord(), { color: true, width: 140 });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for.
    expect(colored.replace(/\u001b\[\d+m/g, "")).toBe(text);
    expect(colored).not.toBe(text);
    expect(text).not.toContain("\u001b");
  });

  it("puts failed controls on top, in red, and takes the verdict back", () => {
    const record = incompletePaperRecord();
    expect(paperTables(record, { color: true, width: 100 })).toMatch(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: red is 31.
      /^\u001b\[1m\u001b\[31mCONTROL FAILED: all attention at random: was not shown to be worse\u001b/,
    );
    const incomplete = plain(record).replace(/\s+/g, " ");
    expect(incomplete).toContain("A control of the test failed, so this verdict is not to be relied on.");
    expect(incomplete).toContain("About 9 seeds of each arm would decide (random is open after 5).");
    expect(incomplete).toContain("Noise floor: not measured");
  });

  it("survives what is missing", () => {
    const incomplete = plain(incompletePaperRecord());
    expect(cells(incomplete, "The arms", "Random-L4").slice(3, 6)).toEqual(["diverged: 2 of 5 seeds", "open", "–"]);
    expect(cells(incomplete, "Layer scan", "L1 c_proj").slice(1, 4)).toEqual(["–", "128.3", "–"]);
    expect(incomplete).toContain("L1 c_proj: holds NaN");
    expect(incomplete).toContain("L4 c_proj: nonlinear fit: not run.");
    expect(incomplete).toContain("The record holds notes on 1 other matrix.");
    expect(cells(plain(oneSeedPaperRecord()), "The arms", "Frozen-L4").slice(3, 6)).toEqual([
      "+0.06",
      "open",
      "4.7061",
    ]);
    const empty = plain(emptyPaperRecord());
    expect(empty).toContain("h.4.attn.c_proj was not judged");
    for (const some of [incomplete, empty]) expect(some).not.toMatch(/NaN\b(?<!holds NaN)|undefined|null|Infinity/);
  });

  it("lets no foreign text steer the terminal", () => {
    const record = samplePaperRecord();
    record.arms[1].label = "Frozen\u001b[2J\u009b31m";
    record.verdicts.warnings.push("line\r\nbreak\u001b]0;title\u0007");
    expect(plain(record)).not.toMatch(/[^\P{Cc}\n]/u);
  });
});
