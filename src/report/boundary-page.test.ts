import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { sampleBoundaryRecord } from "../../test/sample-boundary-record.js";
import { type ActionBoundary, type BoundaryRecord, boundaryRecord } from "../records/boundary-record.js";
import { rejudgeAtMargins } from "../statistics/rejudged-boundary.js";
import { boundaryPage } from "./boundary-page.js";

interface Node {
  readonly textContent: string;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Node | null;
  querySelectorAll(selector: string): Iterable<Node>;
}

const parsed = (record: BoundaryRecord): Node => parseHTML(boundaryPage(record, rejudgeAtMargins(record))).document;
const all = (node: Node, selector: string): Node[] => [...node.querySelectorAll(selector)];
const spaces = (text: string) => text.replace(/\s+/g, " ").trim();
const textOf = (node: Node, selector: string) => spaces(node.querySelector(selector)?.textContent ?? "");
const sections = (node: Node) => all(node, "section").map((section) => section.getAttribute("id"));

const withAction = (record: BoundaryRecord, change: Partial<ActionBoundary>): BoundaryRecord => ({
  ...record,
  actions: [{ ...record.actions[0], ...change }],
});
/** Neither confirmed nor anything that rests on it. */
const unconfirmed = { confirmed: null, savings: null } as const;

describe("the sample record", () => {
  it("is what the schema asks for", () => {
    expect(boundaryRecord.parse(sampleBoundaryRecord())).toEqual(sampleBoundaryRecord());
  });
});

describe("boundaryPage", () => {
  const record = sampleBoundaryRecord();
  const document = parsed(record);
  const summary = textOf(document, "#summary");

  it("has every section, and the warnings on top", () => {
    expect(sections(document)).toEqual([
      ...["summary", "curve", "attempts", "map", "interaction", "margins", "groups", "evidence"],
      ...["configuration", "methods"],
    ]);
    expect(textOf(document, "header .banner")).toContain("2 trials failed");
  });

  it("answers for each action, and the paper", () => {
    // 6 (4 * 288 * 288 + 3 * 288 * 768) = 5,971,968 of 15,191,712 are 39.3%; 16 of 42 are 38%, 9 of 42 are 21%.
    // Two layers and two matrices of the MLP: 2 * 995,328 + 2 * 221,184 = 2,433,024, or 16.0%.
    expect(summary).toContain("Of 42 matrices (39.3% of the parameters), 16 (38%, with 16.0% of the parameters)");
    expect(summary).toContain(
      "can be frozen together within 0.5%: delta +0.10% [−0.13, +0.32], confirmed on 3 fresh seeds and held-out examples that nothing was decided on. Before it, 29 together were not confirmed.",
    );
    expect(summary).toContain("no set is confirmed that can be replaced by random values together within 0.5%");
    expect(summary).toContain("whether 4 matrices hold together is undecided after 5 seeds");
    expect(summary).toContain(
      "38% frozen (within that); 21% crystallized (less than that); none replaced by random values",
    );
    expect(summary).toContain("With these matrices frozen, all 15.19M parameters must still be stored");
    // One layer and two matrices of the MLP, 1,437,696, less 16 * 1056 + 15 * 576 numbers of the factors: 1,412,160 of 15,191,712.
    expect(summary).toContain("13.78M numbers must be stored in place of 15.19M (effective parameters, 9.3% less)");
  });

  it("draws the curve and says in words what it shows", () => {
    const svg = document.querySelector("#curve svg.plot");
    const description = svg?.getAttribute("aria-description") ?? "";
    expect(description).toContain("the margin is 0.5%");
    expect(description).toContain("confirmed at 16.0%: +0.10 [-0.13, +0.32]");
    expect(description).toContain("none confirmed");
    const rows = all(document, "#curve tbody tr");
    expect(rows).toHaveLength(record.actions.flatMap(({ tried }) => tried).length);
    const confirmed = rows.filter(({ textContent }) => textContent.includes("confirmed"));
    expect(confirmed.map((row) => row.querySelector("td")?.textContent)).toEqual(["16", "9"]);
  });

  it("maps what became of each matrix", () => {
    const maps = all(document, "#map .map");
    expect(maps).toHaveLength(3);
    const chips = all(maps[0], ".chip").map(({ textContent }) => textContent);
    const many = (text: string) => chips.filter((chip) => chip === text).length;
    // 29 held, of which 16 are confirmed; one was passed over; the rest of 42.
    expect([many("frozen"), many("held"), many("passed over"), many("trained")]).toEqual([16, 13, 1, 12]);
    expect(textOf(maps[1], "tbody")).toContain("rank 4");
  });

  it("runs downwards where there are many layers, counts experts, and places what lies in no layer", () => {
    const [first, second, third] = record.candidates;
    const many = Array.from({ length: 12 }, (_, layer) => ({ ...first, name: `blocks.${layer}.up`, layer }));
    const candidates = [...many, { ...second, layer: 3, role: first.role }, { ...third, layer: null, role: "head" }];
    const expert = { ...second, name: "blocks.3.other", layer: 3, role: first.role };
    const map = parsed({ ...record, candidates: [...candidates, expert] }).querySelector("#map .map")!;
    expect(all(map, "thead th").map(({ textContent }) => textContent)).toEqual(["layer", first.role, "head"]);
    const rows = all(map, "tbody tr");
    expect(rows).toHaveLength(13);
    expect(rows[12].querySelector("th")!.textContent).toBe("none");
    expect(all(rows[3], ".chip").map(({ textContent }) => textContent)).toContain("trained ×3");
  });

  it("gives joint costs that are the sum of the single ones and the difference", () => {
    for (const row of all(document, "#interaction tbody tr")) {
      const [, joint, sum, difference] = all(row, "td").map(({ textContent }) =>
        Number.parseFloat(textContent.replace("−", "-")),
      );
      expect(Math.abs(joint - sum - difference)).toBeLessThan(0.11);
    }
  });

  it("shows the groups beside the printed figures, a diverged one as such", () => {
    const groups = textOf(document, "#groups");
    expect(groups).toContain("+5.3");
    expect(groups).toContain("diverged: 3 of 3 seeds");
  });

  it("escapes what a record holds", () => {
    const page = boundaryPage({ ...record, warnings: ["<script>alert(1)</script>"] });
    expect(page).not.toContain("<script>alert");
  });
});

describe("boundaryPage where something is missing", () => {
  const record = sampleBoundaryRecord();
  const finding = (change: Partial<ActionBoundary>) => textOf(parsed(withAction(record, change)), "#summary");

  it("says why nothing is confirmed", () => {
    const [failed] = record.actions[0].attempts;
    expect(finding({ ...unconfirmed, attempts: [failed] })).toContain(
      "no set is confirmed that can be frozen together within 0.5%: in the only attempt 29 matrices together are shown to cost more (delta +0.710% [+0.502, +0.918]).",
    );
    expect(finding({ ...unconfirmed, attempts: [{ ...failed, result: "budget" }] })).toContain(
      "the budget ended after 3 seeds of confirming 29 matrices",
    );
    const beyond = { ...failed, mean: 0.71, low: 0.3, high: 1.12, result: "undecided" as const };
    expect(finding({ ...unconfirmed, attempts: [beyond] })).toContain(
      "is undecided after 3 seeds (delta +0.71% [+0.30, +1.12]), where it was given up, for the mean lies beyond the margin.",
    );
    expect(finding({ ...unconfirmed, attempts: [], held: [], stopped: "budget" })).toContain(
      "the budget ended before a set held in the search",
    );
    expect(finding({ ...unconfirmed, attempts: [], held: [] })).toContain("not even in the search did a set hold");
    expect(finding({ ...unconfirmed, attempts: [], held: [], tried: [], evidence: [], stopped: "budget" })).toContain(
      "the budget ended before any set was tried",
    );
  });

  it("says what earlier searches of the folder took", () => {
    const [action] = record.actions;
    const [failed] = action.attempts;
    expect(finding({ earlierParts: [3], withoutPart: [] })).toContain(
      "Before it, 29 together were not confirmed. Earlier searches of this folder took 1 of the 3 held-out parts for other sets.",
    );
    const taken = { ...unconfirmed, attempts: [], earlierParts: [1, 2, 3], withoutPart: action.held };
    expect(finding(taken)).toContain(
      "no set is confirmed that can be frozen together within 0.5%: no held-out part is left to confirm 29 matrices on: earlier searches of this folder took 3 of 3 (a new --out with another --seed draws others). In the search 29 matrices",
    );
    const one = { ...unconfirmed, attempts: [failed], earlierParts: [1, 2], withoutPart: action.held.slice(0, 16) };
    expect(finding(one)).toContain(
      "in the only attempt 29 matrices together are shown to cost more (delta +0.710% [+0.502, +0.918]), and no held-out part is left to confirm 16 matrices on: earlier searches of this folder took 2 of 3",
    );
    // Attempts that a search used up itself need no word.
    const own = { ...unconfirmed, attempts: [failed], earlierParts: [], withoutPart: action.held.slice(0, 16) };
    expect(finding(own)).not.toContain("held-out part is left");
  });

  it("speaks of all searches of a folder where the record tells of them", () => {
    const methods = (change: Partial<ActionBoundary>) => textOf(parsed(withAction(record, change)), "#methods");
    expect(methods({ earlierParts: [], withoutPart: [] })).toContain("over all searches of this folder");
    expect(methods({})).not.toContain("over all searches of this folder");
  });

  it("says where more than the paper hopes for is confirmed", () => {
    const [action] = record.actions;
    const attempt = { ...action.attempts[1], size: 22 };
    expect(finding({ attempts: [attempt], confirmed: 0 })).toContain("52% frozen (more than that).");
  });

  it("names a model by its hub id, and by the last part of a path", () => {
    const title = (source: string) => textOf(parsed({ ...record, model: { ...record.model, source } }), "h1");
    expect(title("org/name")).toContain("of org/name can");
    expect(title("runs/first/base/")).toContain("of base can");
    expect(title("./base")).toContain("of base can");
  });

  it("leaves out what there is nothing of", () => {
    const { groups: _, ...rest } = record;
    const empty = { ...unconfirmed, attempts: [], held: [], tried: [], passedOver: [] };
    const document = parsed(withAction({ ...rest, warnings: [] }, empty));
    expect(sections(document)).toEqual([
      ...["summary", "curve", "map", "margins", "evidence", "configuration", "methods"],
    ]);
    expect(document.querySelector(".banner")).toBeNull();
    expect(textOf(document, "#curve")).toContain("No set on record.");
  });

  it("draws sets of which a seed diverged at the upper edge", () => {
    const [action] = record.actions;
    const nothing = { mean: null, low: null, high: null, n: 3 };
    const tried = action.tried.map((set, index) =>
      index === 2
        ? {
            ...set,
            deltas: [[1, 0.1] as [number, number], [2, null] as [number, null]],
            deltaPercent: nothing,
            interaction: nothing,
          }
        : set,
    );
    const document = parsed(withAction(record, { tried }));
    expect(textOf(document, "#curve svg")).toContain("↑");
    expect(textOf(document, "#curve figcaption")).toContain("arrows: sets of which a seed diverged");
    expect(textOf(document, "#curve table")).toContain("diverged: 1 of 2 seeds");
    expect(textOf(document, "#interaction")).toContain("(diverged)");
  });

  it("shows evidence of a single seed without a bound", () => {
    const [action] = record.actions;
    const evidence = action.evidence.map((one) => ({ ...one, deltas: one.deltas.slice(0, 1), high: null }));
    const single = { ...record, seeds: { ...record.seeds, evidence: 1 } };
    const tried = action.tried.map((set) => ({
      ...set,
      interaction: set.interaction && { ...set.interaction, low: null, high: null, n: 1 },
    }));
    const document = parsed(withAction(single, { evidence, tried }));
    expect(textOf(document, "#evidence")).toContain("one seed gives none");
    expect(textOf(document, "#interaction")).not.toContain("NaN");
  });
});
