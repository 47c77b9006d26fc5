import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyTestRecord, olderTestRecord, sampleTestRecord } from "../../test/sample-test-record.js";
import { testTables } from "./test-tables.js";

const fixture = join(import.meta.dirname, "../../test/fixtures/report/test-tables.txt");
const plain = { color: false, width: 100 };

describe("testTables", () => {
  it("is the golden file", async () => {
    await expect(`${testTables(sampleTestRecord(), plain, { likePaper: true })}\n`).toMatchFileSnapshot(fixture);
  });

  it.each([60, 100, 140])("keeps to %i characters", (width) => {
    const longest = Math.max(
      ...testTables(sampleTestRecord(), { color: false, width }, { likePaper: true })
        .split("\n")
        .map(({ length }) => length),
    );
    expect(longest).toBeLessThanOrEqual(Math.max(width, 100));
  });

  it("puts a failed control above everything else, and doubts the verdicts", () => {
    const record = sampleTestRecord();
    record.verdicts.controls["full learns"] = { passed: false, checked: false, text: "One seed." };
    const unchecked = testTables(record, { color: false, width: 100 });
    expect(unchecked.startsWith("CONTROL NOT CHECKED: full learns: One seed.\n")).toBe(true);
    expect(unchecked).toContain("A control of the test could not be checked, so none of these verdicts");
    record.verdicts.controls["full learns"] = { passed: false, text: "It does not." };
    const text = testTables(record, plain);
    expect(text.startsWith("CONTROL FAILED: full learns: It does not.\n")).toBe(true);
    expect(text).toContain("none of these verdicts is to be relied on");
  });

  it("shows the paper's way only when asked, and nothing that an older record lacks", () => {
    expect(testTables(sampleTestRecord(), plain)).not.toContain("The paper's way");
    expect(testTables(olderTestRecord(), plain, { likePaper: true })).toContain("The paper's way");
    expect(testTables(olderTestRecord(), plain)).not.toMatch(/Forgetting|learning rate|predict|saved|Judged after/);
  });

  it("says so where there is nothing", () => {
    const text = testTables(emptyTestRecord(), plain);
    expect(text).toContain("13 are undecided");
    expect(text).toContain("Noise floor: not measured");
    expect(text).not.toMatch(/NaN|undefined,|null|Infinity/);
  });

  it("colours only when asked, and lets no name steer the terminal", () => {
    const record = sampleTestRecord();
    record.targets[0].name = record.verdicts.matrices[0].name = "a\u001b[31mb";
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    expect(testTables(record, plain)).not.toMatch(/\u001b/);
    expect(testTables(sampleTestRecord(), { color: true, width: 100 })).toContain("\u001b[32m");
  });
});
