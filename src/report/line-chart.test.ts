import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { seriesLook } from "./arm-look.js";
import { lineChart } from "./line-chart.js";

const text = { title: "Loss", description: "Of two runs.", caption: "Bands: seeds." };
const axes = { x: { label: "step" }, y: { label: "loss" } };
const points = [
  [0, 3],
  [50, 2],
] as const;
const band = [
  [0, 2.9, 3.2],
  [50, 1.8, 2.1],
] as const;

const drawn = (chart: Parameters<typeof lineChart>[0]) =>
  parseHTML(`<!doctype html><html><body>${lineChart(chart).html}</body></html>`).document;

/** Corners of `M x,y L x,y ... Z`. */
function corners(path: string): [number, number][] {
  return [...path.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

/** Shoelace formula, square pixels. */
function area(path: string): number {
  const all = corners(path);
  const sum = all.reduce((total, [x, y], index) => {
    const [nextX, nextY] = all[(index + 1) % all.length];
    return total + x * nextY - nextX * y;
  }, 0);
  return Math.abs(sum) / 2;
}

describe("lineChart", () => {
  const one = { name: "frozen", look: seriesLook(1), points };

  it("draws a band that has an area, and none where there is none", () => {
    const document = drawn({ ...text, ...axes, series: [{ ...one, band }] });
    const [path, ...others] = document.querySelectorAll('[aria-label="area"] path');
    expect(others).toEqual([]);
    const line = document.querySelector('[aria-label="line"] path')!.getAttribute("d")!;
    const [[left, top], [right, bottom]] = corners(line);
    // 0.3 nats wide at both ends, where the line falls by 1 nat.
    expect(area(path.getAttribute("d")!) / ((right - left) * 0.3 * (bottom - top))).toBeCloseTo(1, 2);
    expect(drawn({ ...text, ...axes, series: [one] }).querySelector('[aria-label="area"]')).toBeNull();
  });

  it("draws nothing without figures", () => {
    const document = drawn({ ...text, ...axes, series: [{ ...one, points: [] }] });
    expect(document.querySelector("svg")).toBeNull();
    expect(document.querySelector("p")!.textContent).toBe("No figures on record.");
  });
});
