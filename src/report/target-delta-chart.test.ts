import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { sampleTestRecord } from "../../test/sample-test-record.js";
import type { TestRecord } from "../records/test-record.js";
import { targetDeltaChart } from "./target-delta-chart.js";

const drawn = (record: TestRecord) =>
  parseHTML(`<!doctype html><html><body>${targetDeltaChart(record).html}</body></html>`).document;
const numbers = (text: string) => [...text.matchAll(/-?[\d.]+/g)].map(Number);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

interface Shown {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly kind: "holds" | "worse" | "open";
}

/** One target with one arm. Margin 0.5%: the axis ends at 2.12% at most. */
function recordOf({ mean, low, high, kind }: Shown): TestRecord {
  const record = sampleTestRecord();
  const [target] = record.targets;
  const [judged] = record.verdicts.matrices;
  const [arm] = target.arms;
  return {
    ...record,
    targets: [{ ...target, arms: [{ ...arm, deltaPercent: { mean, low, high, n: 3 } }] }],
    verdicts: {
      ...record.verdicts,
      matrices: [
        {
          ...judged,
          arms: { [arm.arm]: { ...judged.arms[arm.arm], holds: kind === "holds", shownWorse: kind === "worse" } },
        },
      ],
    },
  };
}

/** Pixels of a value: the axis is straight, and 0 and the margin have rules. */
function measured(record: TestRecord) {
  const document = drawn(record);
  const figure = document.querySelector("figure")!;
  const rules = [...figure.querySelectorAll('g[aria-label="rule"]')];
  const [zero, margin] = rules.map((rule) => Number(rule.querySelector("line")!.getAttribute("x1")));
  const valueAt = (pixel: number) => ((pixel - zero) / (margin - zero)) * record.verdicts.margin;
  const interval = rules[2]?.querySelector("line");
  const ends = interval && [interval.getAttribute("x1"), interval.getAttribute("x2")].map((x) => valueAt(Number(x)));
  const dots = [...figure.querySelectorAll('g[aria-label="dot"]')];
  const texts = [...figure.querySelectorAll("text")].map(({ textContent }) => textContent);
  return { figure, ends, dots, texts };
}

const hollow = (dot: { getAttribute(name: string): string | null }) => dot.getAttribute("fill") === "var(--paper)";

describe("targetDeltaChart", () => {
  it("draws what lies within the axis of an interval whose mean lies beyond it, and tells it from one shown worse", () => {
    const { ends, dots, texts } = measured(recordOf({ mean: 2.6, low: -0.2, high: 5.4, kind: "open" }));
    expect(ends![0]).toBeCloseTo(-0.2, 6);
    expect(ends![1]).toBeCloseTo(2.12, 6);
    // An open arrowhead at the right end and no other dot.
    expect(dots.map(hollow)).toEqual([true]);
    expect(texts).toContain("+2.6%");
    const worse = measured(recordOf({ mean: 2.6, low: 1.1, high: 4.1, kind: "worse" }));
    expect(worse.ends![0]).toBeCloseTo(1.1, 6);
    expect(worse.dots.map(hollow)).toEqual([false]);
  });

  it("points at both sides where an interval goes beyond both, and at an interval that lies beyond as a whole", () => {
    const both = measured(recordOf({ mean: 0.1, low: -14, high: 14.2, kind: "open" }));
    expect(both.ends!.map((end: number) => Math.abs(end))).toEqual([expect.closeTo(2.12, 6), expect.closeTo(2.12, 6)]);
    expect(both.dots.map(hollow)).toEqual([true, true, true]);
    const far = measured(recordOf({ mean: 20, low: 15, high: 25, kind: "worse" }));
    expect(far.ends).toBeUndefined();
    expect(far.dots.map(hollow)).toEqual([false]);
    expect(far.texts).toContain("+20.0%");
  });

  it("fills the dot of an arm that holds", () => {
    const { dots, ends } = measured(recordOf({ mean: 0.1, low: -0.2, high: 0.4, kind: "holds" }));
    expect(dots.map(hollow)).toEqual([false]);
    expect(ends).toEqual([expect.closeTo(-0.2, 6), expect.closeTo(0.4, 6)]);
  });

  it("shades the noise where the axis reaches it, and else says how large it is", () => {
    const record = sampleTestRecord();
    const shades = (one: TestRecord) => [...drawn(one).querySelectorAll('g[fill="var(--shade)"]')].length;
    expect(shades(record)).toBe(2);
    record.verdicts.floor.meanAbsoluteDeltaPercent = 28.46;
    expect(shades(record)).toBe(0);
    expect(drawn(record).querySelector("figcaption")!.textContent).toMatch(/Not shaded, .*±28\.46%/);
  });

  it("keeps the names of targets off the plot", () => {
    const record = sampleTestRecord();
    for (const svg of drawn(record).querySelectorAll("svg")) {
      const headings = [...svg.querySelectorAll("text")].filter(({ textContent }) => textContent.includes(" · "));
      const zone = [...svg.querySelectorAll('g[fill="var(--worse)"] rect')].map((rect) =>
        ["y", "height"].map((name) => Number(rect.getAttribute(name))),
      );
      const baselines = headings.map((heading) => {
        const [group, own] = [heading.parentElement!, heading].map(
          (one) => numbers(one.getAttribute("transform") ?? "translate(0,0)")[1],
        );
        return sum([group, own]);
      });
      expect(baselines.length).toBe(zone.length);
      // At least half a line of text above the block that begins there, and as much below the one before.
      for (const [index, baseline] of baselines.entries()) {
        expect(zone[index][0] - baseline).toBeGreaterThan(7);
        if (index > 0) expect(baseline - sum(zone[index - 1])).toBeGreaterThan(7);
      }
    }
  });

  it("lays targets out in two parts on one scale", () => {
    const margins = [...drawn(sampleTestRecord()).querySelectorAll("svg")].map((svg) =>
      [...svg.querySelectorAll('g[aria-label="rule"]')]
        .slice(0, 2)
        .map((rule) => rule.querySelector("line")!.getAttribute("x1")),
    );
    expect(margins.length).toBe(2);
    expect(margins[0]).toEqual(margins[1]);
    expect(drawn(recordOf({ mean: 0, low: -0.1, high: 0.1, kind: "holds" })).querySelectorAll("svg").length).toBe(1);
  });
});
