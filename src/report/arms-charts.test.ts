import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { olderTestRecord, sampleTestRecord } from "../../test/sample-test-record.js";
import type { TestRecord } from "../records/test-record.js";
import { distanceCurves, heldOutCurves } from "./arms-charts.js";
import { signed } from "./figure-text.js";
import type { Html } from "./html.js";

const parsed = ({ html }: Html) => parseHTML(`<!doctype html><html><body>${html}</body></html>`).document;
const curvesOf = ({ full, targets, sft, verdicts }: TestRecord, index: number) => ({
  arms: [{ arm: "full", curve: full.curve }, ...targets[index].arms],
  sft,
  verdicts,
});
const description = (document: ReturnType<typeof parsed>) =>
  document.querySelector("svg")!.getAttribute("aria-description")!;
const caption = (document: ReturnType<typeof parsed>) => document.querySelector("figcaption")!.textContent;
const areas = (document: ReturnType<typeof parsed>) => document.querySelectorAll('[aria-label="area"] path').length;

describe("the curves of the arms", () => {
  const record = sampleTestRecord();

  it("have a band each", () => {
    expect(areas(parsed(heldOutCurves(curvesOf(record, 0))))).toBe(4);
    expect(areas(parsed(distanceCurves(curvesOf(record, 0))))).toBe(3);
  });

  it("end, as distance to full, at the delta of the table", () => {
    for (const [index, { arms }] of record.targets.entries()) {
      const finished = arms.filter(({ deltaPercent }) => deltaPercent.mean !== null);
      const document = parsed(distanceCurves(curvesOf(record, index)));
      for (const { arm, deltaPercent } of finished)
        expect(description(document)).toContain(`${arm} ${signed(deltaPercent.mean, 2)}%`);
      expect(caption(document)).toMatch(/^Each seed against full/);
    }
  });

  it("are unpaired where the record is older, and say so", () => {
    const document = parsed(distanceCurves(curvesOf(olderTestRecord(), 0)));
    expect(caption(document)).toContain("no curves that are paired seed by seed");
    expect(areas(document)).toBe(0);
    expect(description(document)).toMatch(/frozen \+\d/);
  });
});
