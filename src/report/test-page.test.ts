import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { emptyTestRecord, sampleTestRecord } from "../../test/sample-test-record.js";
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
    for (const make of [sampleTestRecord, emptyTestRecord]) expect(testRecord.parse(make())).toEqual(make());
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
    // Delta 0.152 and half-width 0.27, times 1.04; of the damage 0.142 * 1.04 nats 0.00152 * 1.9472 / 0.142 = 2.1% are left.
    expect(row("layers.4.self_attn.o_proj", "random")).toEqual([
      "layers.4.self_attn.o_proj",
      "redundant",
      "random",
      "+0.16 [−0.12, +0.44]",
      "holds",
      "2.9611",
      "1.950 ± 0.014",
      "+0.1477",
      "98",
    ]);
    expect(row("layers.4.self_attn.o_proj", "frozen")[8]).toBe("–");
    expect(spaces(document.querySelector("#arms ul")!.textContent)).toContain("about 11 seeds would decide");
  });

  it("draws a line for each arm, on one scale, and grows with the targets", () => {
    const [chart] = all(document, "#arms figure > svg");
    const labels = texts(chart, "text").filter((text) => text.includes(" · "));
    expect(labels.length).toBe(13);
    expect(labels[12]).toBe(`${group}  ·  needed`);
    expect(chart.getAttribute("aria-description")).toContain("layers.5.mlp.down_proj, freezable: frozen");
    const many = sampleTestRecord();
    many.targets = Array.from({ length: 5 }, () => many.targets).flat();
    const height = (drawn: Node) => Number(drawn.querySelector("#arms figure > svg")!.getAttribute("height"));
    expect(height(parsed(many)) / height(document)).toBeGreaterThan(4);
  });

  it("names data, model and rate", () => {
    expect(spaces(document.querySelector("#data")!.textContent)).toContain("gsm8k_train.jsonl");
    expect(spaces(document.querySelector("#data")!.textContent)).toContain("7,473 read; 212 cut to the longest length");
    expect(texts(document, "tr.target th")).toEqual(["0.0003"]);
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
    const document = parsed(record);
    expect(all(document, "script, img")).toEqual([]);
    expect(document.querySelector("h1")!.textContent).toBe(`Which matrices of ${hostile} carry anything?`);
    expect(texts(document, "#data code")).toEqual([hostile, hostile]);
  });

  it("renders a test without trials, without verdicts and without targets", () => {
    const empty = parsed(emptyTestRecord());
    expect(new Set(texts(empty, "#curves summary .chip"))).toEqual(new Set(["undecided"]));
    expect(texts(empty, "#arms figure > svg text").filter((text) => text === "no figure").length).toBe(39);
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
    expect(all(document, "details").map((one) => one.getAttribute("open"))).toEqual([""]);
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
