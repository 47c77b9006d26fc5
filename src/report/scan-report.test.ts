import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { sampleScanRecord } from "../../test/sample-scan-record.js";
import type { MatrixScanRecord } from "../records/scan-record.js";
import { displayWidth } from "./display-width.js";
import { scanCsv } from "./scan-csv.js";
import { figureText, noiseSentence, scanLines, scanSummary } from "./scan-lines.js";
import { mapMeasures } from "./scan-measures.js";
import { orderedMatrices, type ScanOrder } from "./scan-order.js";
import { scanPage } from "./scan-page.js";
import { sparkline } from "./sparkline.js";

const record = await sampleScanRecord();
const names = record.matrices.map(({ name }) => name);
const plain = (width: number) => ({ color: false, width });
const hostile = 'x</script><b onmouseover="1">\u001b[31m=1+1';
const poisoned = {
  ...record,
  model: { ...record.model, source: hostile, architecture: hostile },
  matrices: [{ ...record.matrices[0], name: hostile, role: hostile, note: hostile }, ...record.matrices.slice(1)],
};

describe("figureText", () => {
  it.each([
    [27.31, undefined, "27.3"],
    [1234.5, undefined, "1235"],
    [0.0123, undefined, "0.0123"],
    [0.000123, undefined, "1.2e-4"],
    [123_456, undefined, "1.2e5"],
    [0, undefined, "0"],
    [null, undefined, "–"],
    [32.3567, 0.08, "32.357±0.080"],
    [812.3, 14, "812±14"],
  ])("%f with error %f is %s", (value, error, text) => expect(figureText(value, error)).toBe(text));
});

describe("scanLines", () => {
  it.each([40, 60, 80, 100, 120, 200])("keep to a width of %i, and to their columns", (width) => {
    const { header, line } = scanLines(names, plain(width));
    const lines = [header, ...record.matrices.map(line)];
    for (const text of lines) expect([...text].length).toBeLessThanOrEqual(width);
    const at = header.indexOf("pr /noise");
    if (at > 0) expect(lines[1].slice(at - 6, at + 2).trim()).toMatch(/^[\d.]+$/);
  });

  it("show all at once what a wide terminal can hold, the note where there is nothing else", () => {
    const { header, line } = scanLines(names, plain(200));
    expect(header).toMatch(
      /^matrix +shape +spectrum +pr \/noise +pc1 % \/noise +spikes +energy % eff\.rank \/noise +norm \/noise +alpha kurtosis st\.rank$/,
    );
    expect(line(record.matrices.find(({ pr }) => pr === null)!)).toContain("1 of 1024 entries are NaN or infinite");
    expect(line(record.matrices.find(({ noiseLike }) => noiseLike)!)).toMatch(/ noise /);
  });

  it("colour by the distance from noise, and never let foreign text steer the terminal", () => {
    const { line } = scanLines([hostile], { color: true, width: 150 });
    const text = line(poisoned.matrices[0]);
    expect(
      text.split("\u001b[36m").length + text.split("\u001b[33m").length + text.split("\u001b[2m").length,
    ).toBeGreaterThan(3);
    expect(text).not.toContain("\u001b[31m");
    for (const sentence of scanSummary(poisoned)) expect(sentence).not.toContain("\u001b");
  });

  it.each([
    ["a long error", { pr: 237.61, standardErrors: { pr: 2.43, effectiveRank: 4.2 } }, "238±2"],
    ["an error of many digits", { pr: 12.3456, standardErrors: { pr: 0.032 } }, " ~12.35"],
    ["an error of an exponent", { tailExponent: 3.962, standardErrors: { tailExponent: 0.31 } }, "3.96±0.31"],
    ["a wide shape", { rows: 128256, cols: 16384 }, "128256x16384"],
    ["a wider shape", { rows: 10_128_256, cols: 16384 }, " …"],
    ["a huge ratio", { ratios: { pr: 123_456 } }, "x1e5"],
    ["a name of wide characters", { name: "重み.層.0.注意.重み.射影.長い名前です" }, "名前です"],
    ["a note", { note: "all entries are equal, and this sentence never ends" }, "all entries are"],
  ])("keep to their columns with %s", (_, changed, shown) => {
    const matrix = { ...record.matrices[0], ...changed };
    for (const width of [40, 80, 120, 200]) {
      const { header, line } = scanLines([matrix.name], plain(width));
      expect(displayWidth(header)).toBeLessThanOrEqual(width);
      expect(displayWidth(line(matrix))).toBeLessThanOrEqual(width);
    }
    expect(scanLines([matrix.name], plain(200)).line(matrix)).toContain(shown);
  });

  it("of a comparison show the change", () => {
    const changed = { ...record.matrices[0], change: { ...record.matrices[1], relativeChange: 0.0123 } };
    const { header, line } = scanLines(names, plain(140), { comparing: true });
    expect(header).toContain("change %");
    expect(line(changed)).toContain(" 1.23 ");
  });
});

describe("scanSummary", () => {
  it("names the extremes, what is noise, what is broken and what was skipped", () => {
    const text = scanSummary(record).join("\n");
    expect(text).toMatch(/Furthest from noise, by pr: .*attn\.c_attn/);
    expect(text).toContain("cannot be told from i.i.d. noise: h.0.attn.c_proj, wte.");
    expect(text).toContain("Without figures: h.1.attn.c_proj (1 of 1024 entries are NaN or infinite).");
    expect(text).toContain("Skipped, stored as F4, which is not read: packed.weight.");
  });

  it("names what changed most, and what the base lacks", () => {
    const base = record.model;
    const matrices = record.matrices.map((matrix, i) => ({
      ...matrix,
      change: i === 1 ? null : { ...record.matrices[0], relativeChange: i / 1000 },
    }));
    const text = scanSummary({ ...record, base, matrices }).join("\n");
    expect(text).toContain("since the base: wte (1.50%), ");
    expect(text).toContain(`The base has no such matrix, or one of another shape: ${names[1]}.`);
  });

  it("tells notes of matrices that have figures", () => {
    const noted = { ...record.matrices[0], note: "all entries are equal" };
    expect(scanSummary({ ...record, matrices: [noted] })).toContain(`Note on ${names[0]}: all entries are equal.`);
  });

  it("says when the whole model looks untrained", () => {
    expect(noiseSentence({ measured: 4, noiseLike: 4 }, [])).toMatch(/^No matrix can be told .* looks untrained/);
    expect(noiseSentence({ measured: 4, noiseLike: 0 }, [])).toMatch(/^Each of 4 matrices can be told/);
  });
});

describe("orderedMatrices", () => {
  it.each<ScanOrder>(["layer", "name", "pr", "pc1", "spikes", "change", "distance"])("by %s loses nothing", (order) => {
    const ordered = orderedMatrices(record.matrices, order);
    expect(ordered.map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(ordered).toEqual(orderedMatrices(ordered, order));
  });

  it("puts the lowest ratio first and what has none last", () => {
    const ordered = orderedMatrices(record.matrices, "pr");
    expect(ordered.at(-1)!.pr).toBeNull();
    expect(ordered[0].ratios.pr).toBeLessThan(ordered[1].ratios.pr!);
  });
});

/** RFC 4180. */
function parseCsv(text: string): string[][] {
  return text
    .split("\r\n")
    .slice(0, -1)
    .map((line) =>
      [...line.matchAll(/("((?:[^"]|"")*)"|[^,]*)(,|$)/g)].slice(0, -1).map((m) => m[2]?.replace(/""/g, '"') ?? m[1]),
    );
}

describe("scanCsv", () => {
  it("holds every figure at full precision", () => {
    const [heading, ...rows] = parseCsv(scanCsv(record));
    expect(rows).toHaveLength(record.matrices.length);
    rows.forEach((row, i) => {
      const matrix = record.matrices[i];
      const cell = (name: string) => row[heading.indexOf(name)];
      expect(cell("name")).toBe(matrix.name);
      expect(cell("pr")).toBe(matrix.pr === null ? "" : String(matrix.pr));
      expect(cell("prRatio")).toBe(matrix.ratios.pr === null ? "" : String(matrix.ratios.pr));
      expect(cell("noiseLike")).toBe(matrix.noiseLike === null ? "" : String(matrix.noiseLike));
    });
    expect(new Set(heading).size).toBe(heading.length);
  });

  it("lets no foreign text steer a terminal", () => {
    const text = scanCsv(poisoned);
    expect(text).toContain("onmouseover");
    expect(text).not.toContain("\u001b");
  });

  it("quotes what needs it and disarms formulas", () => {
    const text = scanCsv({ ...record, matrices: [{ ...record.matrices[0], name: '=cmd("x"),1', note: "a,b" }] });
    expect(text).toContain('"\'=cmd(""x""),1"');
    expect(text).toContain('"a,b"');
  });
});

describe("scanPage", () => {
  const page = scanPage(record);

  it("says what the record says and needs nothing else", () => {
    expect(page).toContain("cannot be told from i.i.d. noise: h.0.attn.c_proj, wte.");
    expect(page).not.toMatch(/<(link|img|iframe)|src=|https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
    expect(page.match(/data-cell=/g)!.length).toBe(
      new Set(record.matrices.map(({ role, layer }) => `${role} ${layer}`)).size,
    );
  });

  it("lets its own script run and no other, and the script is one", () => {
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)![1];
    const digest = createHash("sha256").update(script).digest("base64");
    expect(page).toContain(`script-src 'sha256-${digest}'`);
    expect(() => new Function(script)).not.toThrow();
    const look = JSON.parse(/id="look">([\s\S]*?)<\/script>/.exec(page)![1]) as {
      measures: unknown[];
      spectra: unknown[];
    };
    expect(look.measures).toHaveLength(mapMeasures(record.matrices).length);
    expect(look.spectra).toHaveLength(record.matrices.length);
  });

  it("draws map and spectrum without its script, the first spectrum that there is", () => {
    const broken = record.matrices.find(({ pr }) => pr === null)!;
    const first = scanPage({ ...record, matrices: [broken, ...record.matrices] });
    expect(first).toMatch(/<polyline class="value-line" points="56,[\d.]+ /);
    expect(first).toContain(`<span id="spectrum-name" aria-live="polite">${names[0]}</span>`);
    expect(page).toMatch(/title="h\.0\.attn\.c_attn: x0\.\d\d" aria-label="h\.0\.attn\.c_attn: x0\.\d\d"/);
    expect(page).toContain("outside the layers");
  });

  it("gives experts one row together and, on request, one each", () => {
    const experts = [0, 1, 2].map((expert) => ({
      ...{ ...record.matrices[0], role: "mlp.experts.up", name: `layers.0.mlp.experts.${expert}.up`, expert },
    }));
    const text = scanPage({ ...record, matrices: experts });
    expect(text.match(/data-cell=/g)).toHaveLength(4);
    expect(text.match(/<tr class="expert" hidden>/g)).toHaveLength(3);
    expect(text).toMatch(/layers\.0\.mlp\.experts\.0\.up and 2 more: x[\d.]+ \(mean; x[\d.]+ to x[\d.]+\)/);
  });

  it("of a comparison shows the spectrum of the change, and colours the largest change fully", () => {
    const matrices = record.matrices.map((matrix, i) => ({
      ...matrix,
      change: { ...record.matrices[0], relativeChange: i / 10_000 },
    }));
    const text = scanPage({ ...record, base: record.model, matrices });
    expect(text).toContain('id="spectrum-change"');
    expect(text).toContain('style="--shade:1"');
    expect(mapMeasures(matrices)[0].scale).toEqual([null, "0%", `${((names.length - 1) / 100).toFixed(2)}%`]);
  });

  it("escapes foreign text", () => {
    const foreign = scanPage(poisoned);
    expect(foreign).not.toContain("x</script><b onmouseover");
    expect(foreign.match(/<script/g)).toHaveLength(2);
  });

  it("stands without a matrix and with none that has figures", () => {
    expect(scanPage({ ...record, matrices: [], noiseCheck: null })).toContain("</html>");
    const broken = record.matrices.filter(({ pr }) => pr === null);
    expect(scanPage({ ...record, matrices: broken })).toContain("NaN or infinite");
    expect(scanPage({ ...record, noiseCheck: { measured: 3, noiseLike: 3 } })).toContain("The model looks untrained");
  });
});

describe("sparkline", () => {
  it("falls with the spectrum", () => {
    const spectrum: MatrixScanRecord["spectrum"] = {
      rank: [1, 10, 100, 1000],
      value: [1, 0.1, 0.01, 0.0001],
      noise: [1, 1, 1, 1],
    };
    expect(sparkline(spectrum, 4)).toBe("█▆▃▁");
    expect(sparkline(undefined, 4)).toBe("");
  });
});
