import { describe, expect, test } from "vitest";
import { leftOutText, missingArmsText, type PreviewFacts, testPreview } from "./test-preview.js";

const plain = { color: false, width: 100 };
const rows = { read: 1200, truncated: 0, withoutScored: 0, repeated: 0, beyond: 0 };

function facts({ rowsAtOnce = 12, pieces = [[{ text: "a", scored: true }]], leftOut = rows } = {}): PreviewFacts {
  return {
    data: {
      ...{ format: "messages", chatTemplate: "chatml", rows: leftOut, previews: pieces },
      examples: {
        training: 1000,
        heldOut: 100,
        calibrationTraining: 60,
        calibrationHeldOut: 40,
        general: 0,
        confirmation: [],
      },
      scoredTokens: { training: 25_000, heldOut: 2500 },
      heldOutTokens: Array(100).fill(25),
      plan: { rows: 12, length: 64, slots: 520, meanScored: 512.4, meanExamples: 20.25, filled: 0.934 },
    },
    plan: {
      ...{ threads: 4, jobs: 2, memory: { rowsAtOnce, keptTrainers: 1, arenaLimitBytes: null, bytes: 1.25e9 } },
      setting: {
        ...{ model: "m", data: "d", rows: 12, length: 64, slots: 520, rowsAtOnce, keptTrainers: 1 },
        ...{ evaluateEvery: 10, plantedGate: 1, device: "cpu", threads: 2 },
      },
    },
    ...{ maxLength: 64, targets: ["wte"], arms: ["frozen", "crystal:8"] },
    ...{ seeds: { kind: "fixed", seeds: 5 }, trials: { first: 25, most: 25 }, seconds: 125, mostSeconds: 125 },
  };
}

const oneLine = (text: string) => text.replace(/\s+/g, " ");

describe("the preview of a test", () => {
  test("says what would be done, in numbers", () => {
    expect(oneLine(testPreview(facts(), plain))).toBe(
      oneLine(`Example 1 (scored: between ⟦ and ⟧)
⟦a⟧

1,200 rows read as messages, through the chat template chatml.
Examples: 1,000 for training (25,000 scored tokens), 100 held out (2,500), 100 for the choice of the learning rate.
Batches: 12 rows of 64 positions, on average 20.3 examples with 512 scored tokens, 93% filled.
Memory: about 1.3 GB for each of 2 jobs; 4 threads in all.
Trials: 25 (1 target x frozen, crystal:8 x 5 seeds, full twice for each seed, controls), about 2 min 05 s.
Without the arm random a verdict is \`needed\`, \`freezable\` or \`undecided\`: the arms are tested in the order frozen, crystal, random.
Targets: wte.`),
    );
  });

  test("says what may come where seeds are added until everything is decided", () => {
    const sequential = {
      ...facts(),
      ...{
        seeds: { kind: "sequential" as const, first: 3, most: 20 },
        trials: { first: 15, most: 100 },
        mostSeconds: 500,
      },
    };
    expect(oneLine(testPreview(sequential, plain))).toContain(
      "Trials: 15 for the first 3 seeds (1 target x frozen, crystal:8, full twice for each seed, controls), about 2 min 05 s; then seed by seed what is not decided, up to 100 trials for 20 seeds, 8 min 20 s.",
    );
  });

  test("says that batches are computed in parts", () => {
    expect(oneLine(testPreview(facts({ rowsAtOnce: 5 }), plain))).toContain(
      "93% filled; computed in 3 parts of 5 rows to fit the memory.",
    );
  });

  test("marks what is scored, by brackets or by colour, and lets no control character through", () => {
    const pieces = [
      [
        { text: "asked\n", scored: false },
        { text: "said\u001b[31m\nmore", scored: true },
      ],
    ];
    const marked = testPreview(facts({ pieces }), plain);
    expect(marked).toMatch(/^asked\n⟦said.*\nmore⟧$/m);
    expect(marked).not.toContain("\u001b");
    const coloured = testPreview(facts({ pieces }), { ...plain, color: true });
    expect(coloured).toContain("scored: green");
    expect(coloured).not.toMatch(/[⟦⟧]/);
    // Green begins and ends within each line.
    expect(coloured.split("\u001b[32m")).toHaveLength(1 + 2);
    expect(coloured).not.toContain("\u001b[31m");
  });

  test("cuts a long example, and leaves out no piece's mark", () => {
    const pieces = [
      [
        { text: "x".repeat(2000), scored: false },
        { text: "y".repeat(2000), scored: true },
      ],
    ];
    const text = testPreview(facts({ pieces }), plain);
    expect(text.match(/x/g)!.length).toBeLessThan(1300);
    expect(text).toContain("⟦");
  });

  test("says which verdicts the arms leave", () => {
    expect(missingArmsText(["frozen", "crystal:4", "random", "zero"])).toBeNull();
    expect(missingArmsText(["random"])).toMatch(/^Without the arm frozen a verdict is nothing but `undecided`/);
    expect(missingArmsText(["frozen", "random:init"])).toMatch(/^Without the arm crystal a verdict is `needed` or/);
    expect(testPreview(facts(), plain)).toContain("Without the arm random a verdict is `needed`, `freezable`");
  });

  test("says what became of the rows that are not used", () => {
    const leftOut = { read: 50, truncated: 1, withoutScored: 2, repeated: 3, beyond: 4 };
    expect(leftOutText(facts({ leftOut }).data, 64)).toEqual([
      "1 row cut to 64 tokens (--max-length)",
      "2 rows left out, since no token within 64 is scored",
      "3 rows left out of training, since a held-out example is the same",
      "4 rows not needed (--max-examples, --held-out)",
    ]);
    expect(leftOutText(facts().data, 64)).toEqual([]);
  });
});
