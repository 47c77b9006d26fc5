/** @file Encodes fine-tuning data in a worker, and says what became of the rows. */
import { dirname } from "node:path";
import { dataFiles } from "../data/read-rows.js";
import type { TaskRunner } from "../dispatch/task.js";
import { sha256OfFiles } from "../foundation/sha256.js";
import { type LanguageModel, parameterCount } from "../model/language-model.js";
import { parseRecord } from "../records/record-file.js";
import type { TestedData } from "../records/test-record.js";
import type { DataArguments } from "./data-arguments.js";
import { type DataTaskArguments, type DataTaskResult, dataTaskResult } from "./data-task.js";
import { dataPaths, type SourceOptions } from "./local-sources.js";

const dataTask = new URL("./data-task.js", import.meta.url);

/** Longer contexts cost memory that most fine-tuning data do not need. */
const usualLength = 1024;

export interface DataSources {
  readonly paths: readonly string[];
  readonly evalPaths: readonly string[];
  readonly generalPaths: readonly string[];
  /** SHA-256 by what they are. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** Downloads where necessary. @throws InputError where a file is absent. */
export async function findData(
  { data, evalData, generalData }: DataArguments,
  options: SourceOptions,
): Promise<DataSources> {
  const paths = dataFiles(await dataPaths(data, options));
  const evalPaths = dataFiles(await dataPaths(evalData, options));
  const generalPaths = dataFiles(await dataPaths(generalData, options));
  return {
    ...{ paths, evalPaths, generalPaths },
    inputs: {
      data: sha256OfFiles(paths),
      ...(evalPaths.length > 0 && { evalData: sha256OfFiles(evalPaths) }),
      ...(generalPaths.length > 0 && { generalData: sha256OfFiles(generalPaths) }),
    },
  };
}

export function maxLengthOf({ maxLength }: DataArguments, { contextLength }: LanguageModel): number {
  return Math.min(maxLength ?? usualLength, contextLength);
}

export interface EncodeOptions {
  /** Where the encoded examples go. */
  readonly path: string;
  readonly modelFolder: string;
  readonly model: LanguageModel;
  readonly runner: TaskRunner;
  readonly options: SourceOptions;
  /** Further held-out parts, as large as the first; none by default. */
  readonly confirmationParts?: number;
}

export async function encodeData(
  { paths, evalPaths, generalPaths }: DataSources,
  args: DataArguments,
  { path, modelFolder, model, runner, confirmationParts = 0, options: { progress, signal } }: EncodeOptions,
): Promise<DataTaskResult> {
  const [, width] = model.parameters.find(({ shape }) => shape.length === 2)!.shape;
  const perScored = model.vocabularySize * width;
  const task: DataTaskArguments = {
    path,
    request: {
      ...{
        paths: [...paths],
        evalPaths: [...evalPaths],
        generalPaths: [...generalPaths],
        columns: { ...args.columns },
        trainOn: args.trainOn,
      },
      ...{ maxLength: maxLengthOf(args, model), chatTemplate: args.chatTemplate, tokenizer: modelFolder },
      ...{ vocabularySize: model.vocabularySize, heldOut: args.heldOut, calibrate: args.learningRate === null },
      ...{ most: args.maxExamples, seed: args.seed, confirmationParts },
    },
    wish: {
      scoredTokens: args.batchTokens,
      perPosition: Math.max(1, parameterCount(model.parameters) - perScored),
      ...{ perScored, width },
    },
  };
  const result = await runner.run(dataTask, task, {
    signal,
    onProgress: (detail) => progress.update({ stage: "data", fraction: 0, detail: String(detail) }),
  });
  progress.end();
  return parseRecord(dataTaskResult, result, `${dirname(path)}: data`);
}

export function testedData(result: DataTaskResult, args: DataArguments, model: LanguageModel): TestedData {
  const { format, chatTemplate, scoredTokens, rows } = result;
  const { confirmation: _parts, ...examples } = result.examples;
  return {
    ...{ sources: [...args.data], evalSources: [...args.evalData], format, chatTemplate, trainOn: args.trainOn },
    ...{ maxLength: maxLengthOf(args, model), examples, scoredTokens, rows },
  };
}
