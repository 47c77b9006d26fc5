/** @file The options of every command that fine-tunes on a user's data: which data, which of it, how it is cut. */
import { type Command, Option } from "commander";
import type { ColumnChoice } from "../data/example-format.js";
import { optional, positiveInteger, positiveNumber, wholeNumber } from "./option-values.js";

export interface DataArguments {
  /** Local paths or hub ids. */
  readonly data: readonly string[];
  readonly evalData: readonly string[];
  readonly generalData: readonly string[];
  readonly columns: ColumnChoice;
  readonly chatTemplate: string | null;
  readonly trainOn: "completion" | "all";
  /** Null: the model's context, up to 1,024 tokens. */
  readonly maxLength: number | null;
  readonly heldOut: number;
  readonly maxExamples: number;
  /** Scored tokens of a batch. */
  readonly batchTokens: number;
  /** Null: chosen, on examples set apart. */
  readonly learningRate: number | null;
  readonly seed: number;
}

/** As commander gives them. */
export interface RawDataOptions {
  readonly data: string[];
  readonly evalData?: string[];
  readonly generalData?: string[];
  readonly promptColumn?: string;
  readonly completionColumn?: string;
  readonly messagesColumn?: string;
  readonly textColumn?: string;
  readonly chatTemplate?: string;
  readonly trainOn: "completion" | "all";
  readonly maxLength?: string;
  readonly heldOut: string;
  readonly maxExamples: string;
  readonly batchTokens: string;
  readonly lr: string;
  readonly seed: string;
}

export const dataNotes = `<model> is a folder in Hugging Face layout with its tokenizer.json, or a hub id org/name[@revision]: GPT-2, Llama, Mistral, Qwen2,
Qwen3, MiniMind, GPT-NeoX (Pythia). It is trained in float32, whatever it is stored in.

Data: .jsonl, .json, .csv, .parquet (also .gz), a folder of them, or a hub data set org/name[@revision][:subset][/split]. Columns:
messages or conversations; prompt and completion; question and answer; instruction, input and output; text; or named ones.`;

/** Which data; before the command's own options. */
export function addDataOptions(command: Command): Command {
  return command
    .requiredOption("--data <source...>", "fine-tuning data: files, a folder, or a hub data set")
    .option("--eval-data <source...>", "held-out examples (default: set apart from --data)");
}

/** How the data are read and cut; after the command's own options. @param defaults shown in the help. */
export function addDataDetails(
  command: Command,
  { heldOut, maxExamples, seedOf }: { readonly heldOut: string; readonly maxExamples: string; readonly seedOf: string },
): Command {
  return command
    .option("--lr <rate>", "peak learning rate; auto: chosen on full alone, on examples set apart for it", "auto")
    .option("--batch-tokens <n>", "scored tokens of a batch, about", "512")
    .option("--max-length <n>", "tokens of an example; longer ones are cut (default: the model's context, up to 1024)")
    .option("--held-out <n>", "held-out examples", heldOut)
    .option("--max-examples <n>", "training examples at most", maxExamples)
    .addOption(
      new Option("--train-on <what>", "which tokens are scored").choices(["completion", "all"]).default("completion"),
    )
    .option("--prompt-column <name>", "column of the prompt")
    .option("--completion-column <name>", "column of the completion")
    .option("--messages-column <name>", "column of the conversation")
    .option("--text-column <name>", "column of plain text, all of it scored")
    .option("--chat-template <name>", "a file, or chatml, llama3, zephyr, alpaca (default: the model's own)")
    .option("--seed <n>", seedOf, "1");
}

/** @throws UsageError naming the option and what it takes. */
export function dataArguments(raw: RawDataOptions): DataArguments {
  const { promptColumn: prompt, completionColumn: completion, messagesColumn: messages, textColumn: text } = raw;
  return {
    ...{ data: raw.data, evalData: raw.evalData ?? [], generalData: raw.generalData ?? [] },
    ...{ columns: { prompt, completion, messages, text }, chatTemplate: raw.chatTemplate ?? null },
    trainOn: raw.trainOn,
    maxLength: optional(raw.maxLength, "--max-length", positiveInteger),
    heldOut: positiveInteger(raw.heldOut, "--held-out"),
    maxExamples: positiveInteger(raw.maxExamples, "--max-examples"),
    batchTokens: positiveInteger(raw.batchTokens, "--batch-tokens"),
    learningRate: raw.lr === "auto" ? null : positiveNumber(raw.lr, "--lr"),
    seed: wholeNumber(raw.seed, "--seed"),
  };
}

/** What identifies a run as far as its data go: other values are another experiment. */
export function dataConfiguration(args: DataArguments) {
  const { columns, trainOn, chatTemplate, maxLength, heldOut, maxExamples, learningRate, batchTokens, seed } = args;
  const named = Object.fromEntries(
    Object.entries(columns).flatMap(([column, name]) => (name === undefined ? [] : [[column, name]])),
  );
  return {
    ...{ data: [...args.data], evalData: [...args.evalData], columns: named, trainOn, chatTemplate },
    ...{ maxLength, heldOut, maxExamples, learningRate: learningRate ?? ("auto" as const), batchTokens, seed },
  };
}
