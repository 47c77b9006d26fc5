/** @file From data files to encoded splits, with what there is to say of them. Knows nothing of models but two sizes. */

import { randomStream } from "../foundation/random.js";
import { chatTemplateSource } from "./builtin-templates.js";
import { type ChatTemplate, openChatTemplate } from "./chat-template.js";
import { checkVocabulary, type EncodedRow, encodeExample } from "./encode-example.js";
import { type ColumnChoice, detectFormat } from "./example-format.js";
import { readDataFiles } from "./read-rows.js";
import { renderExample } from "./rendered-example.js";
import { everyExample, type SftDataset } from "./sft-dataset.js";
import { type SftExample, scoredTokens } from "./sft-example.js";
import { type Split, splitExamples } from "./split-examples.js";
import type { Tokenizer } from "./tokenizer.js";
import { openTokenizer } from "./tokenizer-folder.js";

export interface DataRequest {
  /** Local files or folders. */
  readonly paths: readonly string[];
  /** Those of the held-out examples; empty where they are set apart from the others. */
  readonly evalPaths: readonly string[];
  /** General text, to measure what fine-tuning makes the model forget; may be empty. */
  readonly generalPaths: readonly string[];
  readonly columns: ColumnChoice;
  readonly trainOn: "completion" | "all";
  /** Tokens of an example. */
  readonly maxLength: number;
  /** A built-in template's name or a file; null for the model's own, if it has one. */
  readonly chatTemplate: string | null;
  /** Folder that holds tokenizer.json. */
  readonly tokenizer: string;
  /** Rows of the model's embedding. */
  readonly vocabularySize: number;
  readonly heldOut: number;
  readonly calibrate: boolean;
  /** Further held-out parts, as large as the first; none by default. */
  readonly confirmationParts?: number;
  /** Training examples at most. */
  readonly most: number;
  readonly seed: number;
}

/** Text of an example, in pieces that are scored or not. */
export type ExamplePreview = readonly { readonly text: string; readonly scored: boolean }[];

export interface PreparedData extends Split {
  readonly dataset: SftDataset;
  readonly format: string;
  /** Null where no template was used. */
  readonly chatTemplate: string | null;
  readonly previews: readonly ExamplePreview[];
}

const previewed = 3;
/** Examples of general text. */
const generalExamples = 128;

/** Texts (or examples of any format, all of them scored), cut to the length of an example. */
async function generalText(
  tokenizer: Tokenizer,
  template: ChatTemplate | null,
  { generalPaths, maxLength, seed }: DataRequest,
): Promise<SftExample[]> {
  if (generalPaths.length === 0) return [];
  const rows = await readDataFiles(generalPaths);
  const format = detectFormat(rows);
  const order = randomStream(seed, "general text").permutation(rows.length);
  const examples: SftExample[] = [];
  for (let next = 0; next < order.length && examples.length < generalExamples; next++) {
    const rendered = renderExample(rows[order[next]], format, template);
    const { example, scoredTokens } = encodeExample(tokenizer, rendered, { maxLength, trainOn: "all" });
    if (scoredTokens > 0) examples.push(example);
  }
  return examples;
}

/** @throws InputError for what cannot be read, does not fit the model, or leaves a split empty. */
export async function prepareData(
  request: DataRequest,
  onProgress: (detail: string) => void = () => {},
): Promise<PreparedData> {
  onProgress("reading");
  const { tokenizer, chatTemplate: own } = openTokenizer(request.tokenizer);
  const rows = await readDataFiles(request.paths);
  const evalRows = request.evalPaths.length === 0 ? null : await readDataFiles(request.evalPaths);
  const format = detectFormat(rows, request.columns);
  const evalFormat = evalRows === null ? format : detectFormat(evalRows, request.columns);
  const source = request.chatTemplate === null ? own : chatTemplateSource(request.chatTemplate);
  const template = source === null ? null : openChatTemplate(source, tokenizer.specials);
  let usedTemplate = false;
  const trainingRows = new Set(rows);
  const encode = (row: (typeof rows)[number]): EncodedRow => {
    const rendered = renderExample(row, trainingRows.has(row) ? format : evalFormat, template);
    // A template has written the special tokens.
    usedTemplate ||= !rendered.specialTokens;
    return encodeExample(tokenizer, rendered, request);
  };
  const total = rows.length + (evalRows?.length ?? 0);
  const split = splitExamples(rows, evalRows, {
    ...request,
    encode,
    onProgress: (encoded) => {
      if (encoded % 500 === 0) onProgress(`${encoded} of ${total} rows encoded`);
    },
  });
  const general = await generalText(tokenizer, template, request);
  const dataset = { ...split.dataset, ...(general.length > 0 && { general }) };
  checkVocabulary(tokenizer, everyExample(dataset), request.vocabularySize);
  return {
    ...{ ...split, dataset },
    format: format.kind,
    chatTemplate: usedTemplate ? (request.chatTemplate ?? "the model's own") : null,
    previews: split.dataset.training.slice(0, previewed).map((example) => previewOf(tokenizer, example)),
  };
}

/** Runs of tokens are decoded together: a letter may be spread over several. */
export function previewOf(tokenizer: Tokenizer, { tokens, scored }: SftExample): ExamplePreview {
  const pieces: { text: string; scored: boolean }[] = [];
  for (let begin = 0; begin < tokens.length; ) {
    let end = begin + 1;
    while (end < tokens.length && scored[end] === scored[begin]) end++;
    // What precedes is decoded too: a tokenizer may drop the space before a text's first word.
    const before = tokenizer.decode(tokens.subarray(0, begin));
    const whole = tokenizer.decode(tokens.subarray(0, end));
    const text = whole.startsWith(before) ? whole.slice(before.length) : tokenizer.decode(tokens.subarray(begin, end));
    pieces.push({ text, scored: scored[begin] === 1 });
    begin = end;
  }
  return pieces;
}

export function totalScored(examples: readonly SftExample[]): number {
  return examples.reduce((sum, example) => sum + scoredTokens(example), 0);
}
