import { expect, test } from "vitest";
import type { VerdictsRecord } from "../records/verdicts-record.js";
import { verdictTable } from "./verdict-table.js";

const arm = (meanDeltaPercent: number, low: number | null, high: number | null) => ({
  meanDeltaPercent,
  low,
  high,
  n: 3,
  diverged: 0,
  pNoninferior: null,
  damage: null,
  recovery: null,
  holds: high !== null && high < 0.5,
  shownWorse: low !== null && low > 0.5,
});
const record: VerdictsRecord = {
  schema: "deadweight/verdicts@1",
  version: "0",
  margin: 0.5,
  confidence: 0.95,
  seeds: [1, 2, 3],
  floor: { deltaStdPercent: 0.1, meanAbsoluteDeltaPercent: 0.1, n: 3 },
  controls: { "full learns": { passed: false, text: "It does not." } },
  warnings: ["Something to know."],
  matrices: [
    { name: "h.4.attn.c_proj", verdict: "low-rank", arms: { frozen: arm(0, -0.1, 0.1), random: arm(2, 1.5, 2.5) } },
    {
      name: "h.5.attn.c_proj",
      verdict: "undecided",
      arms: { frozen: arm(0.4, null, null) },
      strongestClaim: "nothing",
      seedsToDecide: 9,
    },
  ],
};

test("a line for each matrix and arm, the failed control on top, what is open below", () => {
  const lines = verdictTable(record, { color: false, width: 100 }).split("\n");
  expect(lines[0]).toBe("CONTROL FAILED: full learns: It does not.");
  const row = (pattern: RegExp) =>
    lines
      .find((line) => pattern.test(line))
      ?.trim()
      .split(/\s{2,}/);
  expect(row(/h\.4\.attn\.c_proj .*frozen/)).toEqual([
    "h.4.attn.c_proj",
    "low-rank",
    "frozen",
    "0.000",
    "-0.100",
    "0.100",
    "3",
    "holds",
  ]);
  expect(row(/^\s+random/)).toEqual(["random", "2.000", "1.500", "2.500", "3", "worse"]);
  expect(row(/h\.5\.attn\.c_proj .*frozen/)).toEqual([
    "h.5.attn.c_proj",
    "undecided",
    "frozen",
    "0.400",
    "–",
    "–",
    "3",
    "open",
  ]);
  expect(lines.slice(-3, -1).join(" ")).toMatch(
    /h\.5\.attn\.c_proj is undecided \(shown: nothing\); about 9 seeds of each arm would decide \(frozen is open after 3\)\./,
  );
  expect(lines.at(-1)).toBe("Warning: Something to know.");
});
