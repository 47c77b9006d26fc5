import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { sampleScanRecord } from "../../test/sample-scan-record.js";
import type { MatrixScanRecord, ScanRecord } from "../records/scan-record.js";
import { mapMeasures } from "./scan-measures.js";
import { scanPage } from "./scan-page.js";
import { spectrumDrawing, spectrumFigure } from "./scan-spectrum-chart.js";

interface Node {
  readonly textContent: string;
  readonly localName: string;
  readonly className: string;
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  readonly children: Iterable<Node>;
  readonly style: { getPropertyValue(name: string): string };
  hidden: boolean;
  disabled: boolean;
  checked: boolean;
  selected: boolean;
  value: string;
  selectedIndex: number;
  scrollIntoView: (options: { readonly behavior: string }) => void;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Node | null;
  querySelectorAll(selector: string): Iterable<Node>;
  dispatchEvent(event: { readonly defaultPrevented: boolean }): boolean;
}

type EventClass = new (type: string, init: object) => { readonly type: string; readonly defaultPrevented: boolean };

const all = (node: Node, selector: string): Node[] => [...node.querySelectorAll(selector)];
const texts = (nodes: readonly Node[]): string[] => nodes.map(({ textContent }) => textContent);
const childrenOf = (node: Node, ...tags: string[]) => [...node.children].filter((one) => tags.includes(one.localName));

/** What a browser has and the parser lacks: tables and choosers by their parts. */
function completed(document: Node): void {
  const parts = (selector: string, name: string, get: (node: Node) => unknown) => {
    for (const node of all(document, selector)) Object.defineProperty(node, name, { get: () => get(node) });
  };
  parts("table", "tBodies", (node) => childrenOf(node, "tbody"));
  parts("table", "tHead", (node) => childrenOf(node, "thead")[0] ?? null);
  parts("thead, tbody", "rows", (node) => childrenOf(node, "tr"));
  parts("tr", "cells", (node) => childrenOf(node, "th", "td"));
  for (const chooser of all(document, "select")) {
    const options = childrenOf(chooser, "option");
    Object.defineProperty(chooser, "selectedIndex", {
      get: () =>
        Math.max(
          0,
          options.findIndex(({ selected }) => selected),
        ),
      set: (index: number) => {
        options[index].selected = true;
      },
    });
  }
}

/** The page as a person meets it: its own script has run in it. */
function opened(record: ScanRecord) {
  const parsed = parseHTML(scanPage(record));
  const document: Node = parsed.document;
  const BrowserEvent: EventClass = parsed.Event;
  completed(document);
  const scrolled: string[] = [];
  const spectrum = document.querySelector("#spectrum");
  if (spectrum) spectrum.scrollIntoView = ({ behavior }) => scrolled.push(behavior);
  const window = { reducedMotion: false, selection: "" };
  const script = all(document, "script").find((one) => one.getAttribute("type") === null)!.textContent;
  new Function("document", "matchMedia", "getSelection", script)(
    document,
    () => ({ matches: window.reducedMotion }),
    () => window.selection,
  );
  const find = (selector: string): Node => document.querySelector(selector)!;
  const send = (node: Node, type: string) => {
    const event = new BrowserEvent(type, { bubbles: true, cancelable: true });
    node.dispatchEvent(event);
    return event;
  };
  const choose = (selector: string, index: number) => {
    all(find(selector), "option")[index].selected = true;
    send(find(selector), "change");
  };
  const check = (selector: string, checked: boolean) => {
    find(selector).checked = checked;
    send(find(selector), "change");
  };
  const type = (text: string) => {
    find("#filter").value = text;
    send(find("#filter"), "input");
  };
  const click = (node: Node) => send(node, "click");
  /** Of Enter and Space a browser makes a click, on a button that nothing keeps from it. */
  const press = (node: Node) => {
    const { defaultPrevented } = send(node, "keydown");
    const reached = node.localName === "button" && !node.disabled && node.getAttribute("tabindex") !== "-1";
    if (reached && !defaultPrevented) send(node, "click");
  };
  const cell = (name: string) => find(`[data-name="${name}"]`);
  return { document, window, scrolled, find, choose, check, type, click, press, cell };
}
type Opened = ReturnType<typeof opened>;

const record = await sampleScanRecord();
const { matrices } = record;
const names = matrices.map(({ name }) => name);
const broken = matrices.find(({ pr }) => pr === null)!;

/** Elements, attributes and text, whatever their order within a tag. */
const drawnIn = (figure: Node) => {
  const picture = figure.querySelector("svg")!;
  return {
    label: picture.getAttribute("aria-label"),
    marks: [...picture.children].map(({ localName, attributes, textContent }) => [
      localName,
      Object.fromEntries([...attributes].map(({ name, value }) => [name, String(value)])),
      textContent,
    ]),
  };
};
const expectedDrawing = (matrix: Parameters<typeof spectrumDrawing>[0]) => {
  const figure: string = spectrumFigure("itself", "", spectrumDrawing(matrix)).html;
  return drawnIn(parseHTML(`<html><body>${figure}</body></html>`).document);
};

function expectShown(page: Opened, matrix: MatrixScanRecord, place: number): void {
  expect(page.find("#spectrum-name").textContent).toBe(matrix.name);
  expect(page.find("#matrix").selectedIndex).toBe(place);
  expect(drawnIn(page.find("#spectrum-itself"))).toEqual(expectedDrawing(matrix));
}

const rowsOf = (page: Opened) => all(page.document, "#all tbody tr");
const rowNames = (page: Opened) => rowsOf(page).map((row) => row.querySelector("th")!.textContent);
const heading = (page: Opened, name: string) =>
  all(page.document, "#all thead th").find(({ textContent }) => textContent === name)!;
const sortBy = (page: Opened, name: string) => page.click(heading(page, name).querySelector("button")!);

describe("the scan's page, once its script has run", () => {
  it("opens what it kept shut without one", () => {
    const page = opened(record);
    expect(all(page.document, "select, input").map(({ disabled }) => disabled)).not.toContain(true);
    expect(page.find("#kept").textContent).toBe("");
    expect(page.scrolled).toEqual([]);
  });

  it("stands where there is no spectrum, no figure or no matrix", () => {
    const bare = matrices.map(({ spectrum, ...rest }) => rest);
    for (const some of [bare, [broken], []]) expect(() => opened({ ...record, matrices: some })).not.toThrow();
    const page = opened({ ...record, matrices: bare });
    page.click(page.cell(names[0]));
    page.type("wte");
    expect(page.find("#kept").textContent).toBe(`1 of ${names.length}`);
  });
});

describe("a column's heading", () => {
  /** Another order as text: of 9 and 10, of negative numbers, of one with an exponent. */
  const kurtoses = [10, 9, null, 2.5e-7, -3, -20, null];
  const numbered = { ...record, matrices: kurtoses.map((kurtosis, i) => ({ ...matrices[i], kurtosis })) };
  const ordered = (...places: number[]) => places.map((place) => names[place]);

  it("sorts numbers as numbers, reverses the second time, and keeps what is absent last", () => {
    const page = opened(numbered);
    sortBy(page, "kurtosis");
    expect(rowNames(page)).toEqual(ordered(5, 4, 3, 1, 0, 2, 6));
    expect(heading(page, "kurtosis").getAttribute("aria-sort")).toBe("ascending");
    sortBy(page, "kurtosis");
    expect(rowNames(page)).toEqual(ordered(0, 1, 3, 4, 5, 2, 6));
    expect(heading(page, "kurtosis").getAttribute("aria-sort")).toBe("descending");
    sortBy(page, "kurtosis");
    expect(rowNames(page)).toEqual(ordered(5, 4, 3, 1, 0, 2, 6));
  });

  it("sorts by what is measured, not by what is printed", () => {
    const close = [0.50004, 0.50003, 0.50001, 0.50002];
    const page = opened({ ...record, matrices: close.map((pc1, i) => ({ ...matrices[i], pc1 })) });
    expect(new Set(rowsOf(page).map((row) => all(row, "td")[6].textContent))).toEqual(new Set(["50.0"]));
    sortBy(page, "pc1 %");
    expect(rowNames(page)).toEqual(ordered(2, 3, 1, 0));
  });

  it("says of one column only that it is the order", () => {
    const page = opened(numbered);
    sortBy(page, "kurtosis");
    sortBy(page, "rows");
    const marked = all(page.document, "#all thead [aria-sort]");
    expect(texts(marked)).toEqual(["rows"]);
    expect(marked[0].getAttribute("aria-sort")).toBe("ascending");
  });

  it("sorts names with their numbers as numbers, and empty notes last", () => {
    const layered = [10, 9, 1].map((layer) => ({ ...matrices[0], name: `h.${layer}.w` }));
    const noted = layered.map((one, i) => (i === 1 ? { ...one, note: "of nothing" } : one));
    const page = opened({ ...record, matrices: noted });
    sortBy(page, "matrix");
    expect(rowNames(page)).toEqual(["h.1.w", "h.9.w", "h.10.w"]);
    for (const _ of ["ascending", "descending"]) {
      sortBy(page, "note");
      expect(rowNames(page)[0]).toBe("h.9.w");
    }
  });

  it("keeps its name for who hears it", () => {
    const page = opened(record);
    const labels = all(page.document, "#all thead button").map((one) => one.getAttribute("aria-label"));
    expect(labels.filter((label) => label !== null)).toContain("pr against noise");
  });
});

describe("the filter", () => {
  const shown = (page: Opened) =>
    rowsOf(page)
      .filter(({ hidden }) => !hidden)
      .map((row) => row.querySelector("th")!.textContent);

  it("hides the rows of other names, and says how many are left", () => {
    const [first, ...rest] = matrices;
    const page = opened({ ...record, matrices: [{ ...first, name: "H.0.C_proj" }, ...rest] });
    page.type("C_PROJ");
    expect(shown(page)).toEqual(["H.0.C_proj", "h.0.attn.c_proj", "h.1.attn.c_proj", "h.2.attn.c_proj"]);
    expect(page.find("#kept").textContent).toBe(`4 of ${names.length}`);
    expect(page.find("#kept").getAttribute("role")).toBe("status");
    page.type("nowhere");
    expect(shown(page)).toEqual([]);
    expect(page.find("#kept").textContent).toBe(`0 of ${names.length}`);
    page.type("");
    expect(shown(page)).toHaveLength(names.length);
    expect(page.find("#kept").textContent).toBe("");
  });

  it("outlasts another order", () => {
    const page = opened(record);
    page.type("h.2.attn.c_attn.");
    sortBy(page, "matrix");
    sortBy(page, "matrix");
    expect(shown(page)).toEqual(["h.2.attn.c_attn.v", "h.2.attn.c_attn.q", "h.2.attn.c_attn.k"]);
  });
});

describe("the measure of the map", () => {
  const measures = mapMeasures(matrices);
  const legend = (page: Opened) => [...page.find("#scale").children];

  it("gives every cell its text, shade and name, and the scale its ends", () => {
    const page = opened(record);
    for (const [index, { value, text, shade, scale }] of [...measures.entries()].reverse()) {
      page.choose("#measure", index);
      for (const matrix of matrices) {
        const figure = value(matrix) ?? null;
        const words = figure === null ? "–" : text(figure);
        const tone = figure === null ? 0 : shade(figure);
        const cell = page.cell(matrix.name);
        expect(cell.textContent).toBe(words);
        expect(cell.className).toBe(`cell ${Number(tone.toFixed(2)) < 0 ? "below" : "above"}`);
        expect(Number(cell.style.getPropertyValue("--shade"))).toBeCloseTo(Math.abs(tone), 2);
        for (const told of ["title", "aria-label"]) expect(cell.getAttribute(told)).toBe(`${matrix.name}: ${words}`);
      }
      const [low, below, middle, , high] = legend(page);
      expect([low.textContent, middle.textContent, high.textContent]).toEqual([scale[0] ?? "", scale[1], scale[2]]);
      expect(below.hidden).toBe(scale[0] === null);
    }
  });
});

describe("a cell of the map", () => {
  it("shows the spectrum of its matrix, as the page would have drawn it", () => {
    const page = opened(record);
    expectShown(page, matrices[0], 0);
    for (const [place, matrix] of [...matrices.entries()].reverse()) {
      page.click(page.cell(matrix.name));
      expectShown(page, matrix, place);
    }
    expect(page.find("#spectrum-itself svg").getAttribute("aria-label")).toContain("Singular values by rank");
  });

  it("says so where the matrix has none", () => {
    const page = opened(record);
    page.click(page.cell(broken.name));
    expect(page.find("#spectrum-name").textContent).toBe(broken.name);
    expect(page.find("#spectrum-itself svg").textContent).toBe("There is no spectrum of this matrix.");
  });

  it("brings it into view, at once for who wants no motion", () => {
    const page = opened(record);
    page.click(page.cell(names[1]));
    page.window.reducedMotion = true;
    page.click(page.cell(names[2]));
    expect(page.scrolled).toEqual(["smooth", "auto"]);
  });

  it("is a button that the keyboard reaches and presses", () => {
    const page = opened(record);
    for (const cell of all(page.document, "[data-cell]")) expect(cell.getAttribute("type")).toBe("button");
    page.press(page.cell("wte"));
    expectShown(page, matrices[names.indexOf("wte")], names.indexOf("wte"));
  });

  it("of a comparison shows also the change, where there is one", () => {
    const changed = matrices.map((matrix, i) => ({
      ...matrix,
      change: i === 1 ? null : { ...matrices[(i + 2) % 3], relativeChange: 0.01 },
    }));
    const page = opened({ ...record, base: record.model, matrices: changed });
    page.click(page.cell(names[2]));
    expect(drawnIn(page.find("#spectrum-change"))).toEqual(expectedDrawing(matrices[1]));
    page.click(page.cell(names[1]));
    expect(page.find("#spectrum-change svg").textContent).toBe("There is no spectrum of this matrix.");
  });
});

describe("a cell of several experts", () => {
  /** Spectra that differ; the last matrix is no expert. */
  const measured = matrices.filter(({ spectrum }) => spectrum);
  const experts = [0, 1, 2].map((expert) => ({
    ...{ ...measured[expert], layer: 0, role: "mlp.experts.up", name: `layers.0.mlp.experts.${expert}.up`, expert },
  }));
  const next = experts.slice(1).map((one) => ({ ...one, layer: 1, name: one.name.replace("s.0.m", "s.1.m") }));
  const mixed = { ...record, matrices: [measured[3], ...experts, ...next] };
  const together = `${experts[0].name} and 2 more`;

  it("opens the first and offers each", () => {
    const page = opened(mixed);
    page.click(page.cell(together));
    expectShown(page, experts[0], 1);
    expect(page.find("#others").hidden).toBe(false);
    expect(page.find("#others span").textContent).toBe("One of 3 in its cell");
    expect(texts(all(page.document, "#others option"))).toEqual(experts.map(({ name }) => name));
    for (const expert of [2, 1, 0]) {
      page.choose("#others select", expert);
      expectShown(page, experts[expert], 1 + expert);
    }
  });

  it("offers them wherever one of them was chosen, and none beside a matrix alone", () => {
    const page = opened(mixed);
    expect(page.find("#others").hidden).toBe(true);
    const offered = () => texts(all(page.document, "#others option").filter(({ selected }) => selected));
    page.click(page.cell("layers.1.mlp.experts.1.up and 1 more"));
    expect(texts(all(page.document, "#others option"))).toEqual(next.map(({ name }) => name));
    page.choose("#matrix", 2);
    expect(offered()).toEqual([experts[1].name]);
    page.click(page.cell(experts[2].name));
    expectShown(page, experts[2], 3);
    expect(offered()).toEqual([experts[2].name]);
    page.click(page.cell(measured[3].name));
    expect(page.find("#others").hidden).toBe(true);
  });

  it("tells mean and range of the measure chosen", () => {
    const page = opened(mixed);
    const measures = mapMeasures(mixed.matrices);
    const index = measures.findIndex(({ key }) => key === "tailExponent");
    page.choose("#measure", index);
    const { text } = measures[index];
    const values = experts.map(({ tailExponent }) => tailExponent!);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const mean = text((values[0] + values[1] + values[2]) / 3);
    expect(page.cell(together).textContent).toBe(mean);
    expect(page.cell(together).getAttribute("title")).toBe(
      `${together}: ${mean} (mean; ${text(low)} to ${text(high)})`,
    );
  });

  it("has a row for each on request", () => {
    const page = opened(mixed);
    expect(page.find("#experts").disabled).toBe(false);
    const hidden = () => all(page.document, "tr.expert").map((row) => row.hidden);
    expect(hidden()).toEqual([true, true, true]);
    for (const checked of [true, false]) {
      page.check("#experts", checked);
      expect(hidden()).toEqual([!checked, !checked, !checked]);
    }
  });
});

describe("a row of the table", () => {
  const last = matrices.length - 1;
  it("shows its spectrum, whatever the order", () => {
    const page = opened(record);
    page.click(rowsOf(page)[last].querySelector("td")!);
    expectShown(page, matrices[last], last);
    sortBy(page, "matrix");
    sortBy(page, "matrix");
    const [first] = rowNames(page);
    page.press(rowsOf(page)[0].querySelector("button")!);
    expectShown(page, matrices[names.indexOf(first)], names.indexOf(first));
  });

  it("lets its text be selected; its button works all the same", () => {
    const page = opened(record);
    page.window.selection = "0.123";
    page.click(rowsOf(page)[last].querySelector("td")!);
    expectShown(page, matrices[0], 0);
    page.press(rowsOf(page)[last].querySelector("button")!);
    expectShown(page, matrices[last], last);
  });
});
