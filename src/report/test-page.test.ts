import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { emptyTestRecord, olderTestRecord, sampleTestRecord } from "../../test/sample-test-record.js";
import { type TestRecord, testRecord } from "../records/test-record.js";
import { targetLabel, withLabels } from "./target-label.js";
import { testPage } from "./test-page.js";

interface Node {
  readonly textContent: string;
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Node | null;
  querySelectorAll(selector: string): Iterable<Node>;
}

const parsed = (record: TestRecord): Node => parseHTML(testPage(record)).document;
const all = (node: Node, selector: string): Node[] => [...node.querySelectorAll(selector)];
const texts = (node: Node, selector: string): string[] => all(node, selector).map(({ textContent }) => textContent);
const spaces = (text: string) => text.replace(/\s+/g, " ").trim();
const group = "layers.0-5.self_attn.o_proj (6 together)";

describe("the sample records", () => {
  it("are what the schema asks for", () => {
    for (const make of [sampleTestRecord, olderTestRecord, emptyTestRecord])
      expect(testRecord.parse(make())).toEqual(make());
  });
});

describe("testPage", () => {
  const record = sampleTestRecord();
  const document = parsed(record);

  it("has every section", () => {
    expect(texts(document, "title")).toEqual(["Which matrices of stories15M carry anything?"]);
    expect(all(document, "section").map((section) => section.getAttribute("id"))).toEqual([
      "summary",
      "map",
      "arms",
      "curves",
      "prediction",
      "sensitivity",
      "like-paper",
      "controls",
      "data",
      "configuration",
      "methods",
    ]);
    expect(document.querySelector(".banner")).toBeNull();
  });

  it("sums up what was found, and counts no parameter twice", () => {
    const summary = spaces(document.querySelector("#summary")!.textContent);
    expect(summary).toContain("Of 12 matrices and 1 group of matrices treated together, 2 are redundant");
    // 6 (288 * 288 + 288 * 768) = 1,824,768 of 15,191,712; the group's matrices are among them.
    expect(summary).toContain("1.82M (12.0%) of the model's 15.19M parameters");
    // Two of 288 * 288.
    expect(summary).toContain("165,888 (1.1%) redundant");
    expect(summary).toContain("Single verdicts do not add up");
    expect(summary).toContain("one base checkpoint and one data set");
  });

  it("gives the verdict of every target in the map, the table and above its curves", () => {
    const verdicts = record.verdicts.matrices.map(({ verdict }) => verdict);
    expect(new Set(verdicts).size).toBe(5);
    expect(texts(document, "#curves summary .chip")).toEqual(verdicts);
    const rows = all(document, "#arms tbody tr").filter(
      (row) => row.getAttribute("class")?.includes("continues") !== true,
    );
    expect(rows.map((row) => row.querySelector("td")!.textContent)).toEqual(verdicts);
    const places = all(document, "#map a").map((chip) => chip.getAttribute("href")!.replace("#target-", ""));
    expect(places.map(Number).sort((a, b) => a - b)).toEqual(verdicts.map((_, index) => index));
    for (const [index, place] of places.entries())
      expect(texts(document, "#map a")[index]).toBe(verdicts[Number(place)]);
    for (const place of places) expect(document.querySelector(`#target-${place}`)).not.toBeNull();
  });

  it("tells groups, diverged trials and missing recoveries in words", () => {
    const row = (label: string, arm: string) =>
      texts(
        all(document, "#arms tbody tr").find((one) => {
          const [name, , which] = texts(one, "th, td");
          return name === label && which === arm;
        })!,
        "th, td",
      );
    expect(row(group, "frozen").slice(0, 3)).toEqual([group, "needed", "frozen"]);
    expect(row("layers.5.mlp.down_proj", "random")[3]).toBe("diverged: 1 of 3 seeds");
    // Delta 0.152 and half-width 0.27, times 1.04; loss 1.9472 * 1.00158. On general text 1.1 * 0.142 * 1.04 - 0.06 = 0.102%.
    expect(row("layers.4.self_attn.o_proj", "random")).toEqual([
      "layers.4.self_attn.o_proj",
      "redundant",
      "random",
      "+0.16 [−0.12, +0.44]",
      "holds",
      "6 seeds",
      "1.9503",
      "3.4162",
      "+0.102 [+0.033, +0.172]",
    ]);
    expect(row("layers.1.self_attn.o_proj", "crystal").slice(4, 6)).toEqual(["open", "open at 12"]);
    expect(spaces(document.querySelector("#arms ul")!.textContent)).toContain(
      "about 31 seeds of each arm would decide (crystal is open after 12), more than the 12 of the plan",
    );
  });

  it("draws a line for each arm, on one scale, and grows with the targets", () => {
    const parts = all(document, "#arms figure svg");
    expect(parts.length).toBe(2);
    const labels = texts(document, "#arms figure svg text").filter((text) => text.includes(" · "));
    expect(labels.length).toBe(13);
    expect(labels[12]).toBe(`${group}  ·  needed`);
    expect(parts[1].getAttribute("aria-description")).toContain("layers.5.mlp.down_proj, freezable: frozen");
    const many = sampleTestRecord();
    many.targets = Array.from({ length: 5 }, () => many.targets).flat();
    const height = (drawn: Node) => Number(drawn.querySelector("#arms figure svg")!.getAttribute("height"));
    expect(height(parsed(many)) / height(document)).toBeGreaterThan(4);
  });

  it("says how many seeds each verdict took, and what that saved", () => {
    const seeds = texts(document, "#curves summary .seeds");
    // Needed rests on frozen, 3 + layer seeds; low-rank on all of frozen, crystal, random: 5, 7 and 4.
    expect(seeds.slice(0, 5)).toEqual([
      "decided after 3 seeds",
      "decided after 3 seeds",
      "open after 12 seeds",
      "decided after 6 seeds",
      "decided after 7 seeds",
    ]);
    // 12 seeds of full and of 39 arms are 480; 266 of them saved at 6912 s / 214 each.
    expect(spaces(document.querySelector("#summary")!.textContent)).toContain(
      "it took 214 trials of the 480 that 12 seeds for every arm would take: 55% saved, about 2 h 23 min",
    );
    expect(document.querySelector("#summary")!.textContent).toContain("3 to 12 paired seeds");
    expect(document.querySelector("#methods")!.textContent).toMatch(/each seed from 3 to 12.*Pocock/);
    expect(document.querySelector("#curves figcaption")!.textContent).toContain("mean over 3 to 12 seeds");
  });

  it("takes the cost of each arm apart", () => {
    const tables = all(document, "#curves table");
    expect(tables.length).toBe(13);
    const [, crystal, random] = all(tables[2], "tbody tr").map((row) => texts(row, "th, td"));
    // 0.312% and ±0.62%, times 0.92, of 1.9472 nats; bootstrap 0.6 and 0.7 half-widths away.
    expect(crystal.slice(0, 4)).toEqual(["crystal", "+0.0856", "+0.006 [−0.006, +0.017]", "+0.0022"]);
    expect(crystal[6]).toBe("+0.29 [−0.06, +0.69]");
    expect(random[3]).toBe("–");
    expect(document.querySelector("#curves")!.textContent).toMatch(/128 held-out examples are drawn again/);
  });

  it("correlates measures with the cost, and says what chance would give", () => {
    const rows = all(document, "#prediction tbody tr").map((row) => texts(row, "th, td"));
    expect(rows[0].slice(0, 3)).toEqual(["pr / noise", "−0.66 [−0.97, −0.35]", "0.019"]);
    expect(rows[3].slice(1)).toEqual(["–", "–", "–", "–", "–", "–"]);
    // 15 * 0.05 = 0.75 and 15 * 0.0192 = 0.288.
    const text = document.querySelector("#prediction p")!.textContent;
    expect(text).toMatch(
      /^No measure is shown .* of 15 pairs .* 1 has .*by chance about 0\.8 .* is 0\.288 when multiplied/,
    );
  });

  it("sets other learning rates and the paper's way beside ours", () => {
    expect(document.querySelector("#sensitivity p")!.textContent).toBe(
      "None of 11 decided verdicts is contradicted at learning rates 0.00015 and 0.0006 instead of 0.0003. Undecided at one rate and not at another: layers.5.self_attn.o_proj (low-rank, but undecided at 0.0006).",
    );
    expect(texts(document, "#sensitivity tr.target:not(.continues) td")).toEqual(
      // 0.034 * 1.08 = 0.0367, times 0.7 and 1.6.
      ["frozen", "low-rank", "+0.03", "low-rank", "+0.04", "undecided", "+0.06"],
    );
    const first = texts(all(document, "#like-paper tbody tr")[0], "td");
    // 1.31 * 0.88 - 0.71 = 0.44; training loss 1.9011 * 1.00443.
    expect(first).toEqual(["frozen", "1.9095", "+0.44", "holds", "+1.15 [+0.77, +1.54]", "worse", "conclusion"]);
    expect(document.querySelector("#like-paper details")!.getAttribute("open")).toBeNull();
    expect(document.querySelector("#like-paper p")!.textContent).toContain("Of 39 arms, 23 read differently");
  });

  it("names data, model and rate", () => {
    expect(spaces(document.querySelector("#data")!.textContent)).toContain("gsm8k_train.jsonl");
    expect(spaces(document.querySelector("#data")!.textContent)).toContain("7,473 read; 212 cut to the longest length");
    expect(texts(document, "#configuration tr.target th")).toEqual(["0.0003"]);
    expect(spaces(document.querySelector("#configuration")!.textContent)).toContain(record.model.sha256);
  });

  it("holds the record", () => {
    const href = document.querySelector("a.download")!.getAttribute("href")!;
    expect(JSON.parse(Buffer.from(href.slice(href.indexOf(",") + 1), "base64").toString("utf8"))).toEqual(record);
  });

  it("fetches nothing and runs nothing", () => {
    const links = all(document, "*").flatMap((node) =>
      [...node.attributes]
        .filter(({ name }) => /^(src|href|xlink:href|action|srcset)$/.test(name))
        .map(({ value }) => value),
    );
    for (const link of links) expect(link).toMatch(/^(data:|#)/);
    expect(all(document, "script, iframe, object, link")).toEqual([]);
    expect(testPage(record)).not.toMatch(/url\(|@import/);
  });
});

describe("testPage, where something is wrong", () => {
  it("puts a failed control on top", () => {
    const record = sampleTestRecord();
    record.verdicts.controls["full learns"] = { passed: false, text: "The loss of `full` rises." };
    const document = parsed(record);
    expect(spaces(document.querySelector("header .banner")!.textContent)).toContain(
      "full learns: The loss of full rises.",
    );
    expect(document.querySelector("#summary")!.textContent).toContain("none of these verdicts is to be relied on");
  });

  it("escapes what others have named", () => {
    const hostile = `<script>alert("1")</script><img src=x onerror='alert(2)'>`;
    const record = sampleTestRecord();
    record.model.source = hostile;
    Object.assign(record.data, { sources: [hostile], evalSources: [hostile], format: hostile, chatTemplate: hostile });
    record.verdicts.warnings = [hostile];
    const [first] = record.targets;
    first.name = hostile;
    first.matrices[0].name = hostile;
    first.matrices[0].role = hostile;
    first.arms[0].arm = hostile;
    record.verdicts.matrices[0].name = hostile;
    record.verdicts.controls[hostile] = { passed: false, text: hostile };
    Object.assign(record.prediction![0], { measure: hostile, arm: hostile });
    Object.assign(record.sensitivity![0].matrices[0], { name: hostile, verdict: hostile });
    const document = parsed(record);
    expect(all(document, "script, img")).toEqual([]);
    expect(document.querySelector("h1")!.textContent).toBe(`Which matrices of ${hostile} carry anything?`);
    expect(texts(document, "#data code")).toEqual([hostile, hostile]);
  });

  it("leaves out what an older record lacks", () => {
    const document = parsed(olderTestRecord());
    for (const id of ["prediction", "sensitivity"]) expect(document.querySelector(`#${id}`)).toBeNull();
    expect(all(document, "#curves table, .seeds, .forgetting")).toEqual([]);
    const headings = texts(document, "#arms thead th");
    expect(headings).toEqual([
      ...["Target", "verdict", "arm", "delta % [interval]", "shown", "loss before", "loss after", "damage"],
      ...["recovered, %", "seeds"],
    ]);
    const text = document.querySelector("main")!.textContent;
    expect(text).not.toMatch(/NaN|undefined|null|Infinity|general text|Pocock|fixed design|saved/);
    const bare = olderTestRecord();
    for (const { arms } of bare.targets) for (const { likePaper } of arms) likePaper.deltaPercent = null;
    expect(parsed(bare).querySelector("#like-paper")).toBeNull();
  });

  it("renders a test without trials, without verdicts and without targets", () => {
    const empty = parsed(emptyTestRecord());
    expect(new Set(texts(empty, "#curves summary .chip"))).toEqual(new Set(["undecided"]));
    expect(texts(empty, "#arms figure svg text").filter((text) => text === "no figure").length).toBe(39);
    expect(empty.querySelector("#arms ul")!.textContent).toContain("it takes two seeds to say how many would decide");
    const unjudged = emptyTestRecord();
    unjudged.verdicts.matrices = [];
    expect(texts(parsed(unjudged), "#map a").length).toBe(13);
    const none = emptyTestRecord();
    none.targets = [];
    none.verdicts.matrices = [];
    const page = parsed(none);
    expect(page.querySelector("#summary")!.textContent).toContain("No matrix was tested.");
    for (const text of [empty, page].map((node) => node.querySelector("main")!.textContent))
      expect(text).not.toMatch(/NaN|undefined|null|Infinity/);
  });

  it("draws no map of a single layer, and unfolds the curves of a single target", () => {
    const record = sampleTestRecord();
    record.targets.splice(1);
    const document = parsed(record);
    expect(document.querySelector("#map")).toBeNull();
    expect(all(document, "#curves details").map((one) => one.getAttribute("open"))).toEqual([""]);
    expect(document.querySelector("#summary")!.textContent).not.toContain("do not add up");
  });
});

describe("the map", () => {
  const headings = (layers: number) => {
    const record = sampleTestRecord();
    const [first] = record.targets;
    record.targets = Array.from({ length: layers }, (_, layer) => ({
      ...first,
      name: `layers.${layer}.self_attn.o_proj`,
      matrices: [{ ...first.matrices[0], name: `layers.${layer}.self_attn.o_proj`, layer }],
    }));
    return texts(parsed(record), "#map thead th");
  };

  it("lies across the page as long as it fits", () => {
    expect(headings(3)).toEqual(["layer", "0", "1", "2"]);
    expect(headings(32)).toEqual(["layer", "self_attn.o_proj"]);
  });
});

describe("targetLabel", () => {
  const named = (...names: string[]) => targetLabel({ name: names.join("+") });
  const layers = (numbers: readonly number[], ...roles: string[]) =>
    numbers.flatMap((layer) => roles.map((role) => `h.${layer}.attn.${role}`));

  it.each([
    [["wte"], "wte"],
    [layers([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], "c_proj"), "h.0-11.attn.c_proj (12 together)"],
    [layers([4, 7], "c_proj"), "h.{4,7}.attn.c_proj (2 together)"],
    [layers([1, 2], "c_attn", "c_proj"), "h.1-2.attn.{c_attn,c_proj} (4 together)"],
    [["h.0.attn.c_attn", "h.1.attn.c_proj"], "h.0.attn.c_attn and 1 more together"],
    [["wte", "h.0.mlp.c_fc", "wpe"], "wte and 2 more together"],
    [layers([0, 2, 4, 6, 8], "c_proj"), "h.0.attn.c_proj and 4 more together"],
  ])("of %j", (names, label) => {
    expect(named(...names)).toBe(label);
  });

  it("stands in sentences, the longest names first", () => {
    const targets = [{ name: "h.0.a+h.1.a" }, { name: "h.0.a+h.1.a+h.2.a" }, { name: "h.0.a" }];
    expect(withLabels("h.0.a+h.1.a+h.2.a: one; h.0.a: two", targets)).toBe("h.0-2.a (3 together): one; h.0.a: two");
  });
});
