import { describe, expect, test } from "vitest";
import { InputError } from "../foundation/errors.js";
import { gutenbergCorpus, packageFolder } from "./gutenberg-corpus.js";
import { wordnetGlosses } from "./wordnet-glosses.js";

describe("the books", () => {
  test("are eighteen, each in two parts that together are the whole", () => {
    const { training, heldOut } = gutenbergCorpus();
    expect([training.length, heldOut.length]).toEqual([18, 18]);
    const words = (texts: readonly string[]) => texts.reduce((sum, text) => sum + text.split(/\s+/).length, 0);
    // `wc -w` counts 2,135,242 words.
    expect(Math.abs(words(training) + words(heldOut) - 2_135_242)).toBeLessThan(100);
    expect(words(heldOut) / words(training)).toBeGreaterThan(0.015);
    expect(words(heldOut) / words(training)).toBeLessThan(0.025);
  });

  test("that are not installed are asked for by command", () => {
    expect(() => packageFolder("no-such-package-of-texts")).toThrow(InputError);
    expect(() => packageFolder("no-such-package-of-texts")).toThrow(/Run: npm install no-such-package-of-texts/);
  });
});

describe("the glosses", () => {
  const glosses = wordnetGlosses();
  const headword = ({ prompt }: { prompt: string }) => prompt.replace(/^define the \w+ /, "");

  test("define no word in two parts", () => {
    const parts = Object.values(glosses).map((pairs) => new Set(pairs.map(headword)));
    for (const [i, a] of parts.entries())
      for (const b of parts.slice(i + 1)) expect([...a].filter((word) => b.has(word))).toEqual([]);
  });

  test("are many, whole and clean", () => {
    const all = Object.values(glosses).flat();
    expect(all.length).toBeGreaterThan(85_000);
    expect(glosses.heldOut.length).toBeGreaterThan(2000);
    expect(new Set(all.map(({ prompt }) => prompt)).size).toBe(all.length);
    for (const { prompt, completion } of all) {
      expect(prompt).toMatch(/^define the (noun|verb|adjective|adverb) \S/);
      if (completion === "" || /[_"]/.test(prompt) || completion.includes('"'))
        expect.fail(`${prompt} -> ${completion}`);
    }
    expect(all).toContainEqual({
      prompt: "define the noun entity",
      completion:
        "that which is perceived or known or inferred to have its own distinct existence (living or nonliving)",
    });
  });
});
