/** @file A model of a few thousand weights with its tokenizer, rows to fine-tune it on, and the built command to test it with. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const main = resolve(import.meta.dirname, "../dist/cli/main.js");
const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url));

const special = ["<unk>", "<eos>", "<|im_start|>", "<|im_end|>"];
const numbers = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const others = ["user", "assistant", "system", "instruction", "response", "input", "question", "answer", ":", "#", "."];
const words = [...special, ...numbers, ...others, "add", "and", "makes"];

/** Word by word; 28 tokens. @param shift what is added to the ids of the words. */
export function smallTokenizer(shift = 0): Record<string, unknown> {
  return {
    version: "1.0",
    added_tokens: special.map((content, id) => ({ id, content, special: true, normalized: false })),
    normalizer: { type: "Lowercase" },
    pre_tokenizer: { type: "Split", pattern: { Regex: "\\w+|[^\\w\\s]" }, behavior: "Removed", invert: true },
    post_processor: null,
    decoder: { type: "WordPiece", prefix: "##", cleanup: false },
    model: {
      type: "WordPiece",
      unk_token: "<unk>",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(words.map((word, id) => [word, id < special.length ? id : id + shift])),
    },
  };
}

export type Kind = "llama" | "gpt2";
const sources: Record<Kind, string> = { llama: "architectures/llama", gpt2: "gpt2/tiny" };

export const readJson = (...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8"));
export const writeJson = (path: string, value: unknown): void => writeFileSync(path, JSON.stringify(value));

/** Copies the fixture: the llama with room for 96 tokens, GPT-2 for its 32. @returns the folder. */
export function smallModel(folder: string, kind: Kind = "llama", tokenizer: unknown = smallTokenizer()): string {
  mkdirSync(folder, { recursive: true });
  for (const name of ["config.json", "model.safetensors"])
    cpSync(join(fixtures, sources[kind], name), join(folder, name));
  const config = readJson(folder, "config.json");
  if (kind === "llama") writeJson(join(folder, "config.json"), { ...config, max_position_embeddings: 96 });
  writeJson(join(folder, "tokenizer.json"), tokenizer);
  writeJson(join(folder, "tokenizer_config.json"), { eos_token: "<eos>", unk_token: "<unk>" });
  return folder;
}

export interface Sum {
  readonly asked: string;
  readonly answer: string;
}

/** Sums of one to three digits below ten, as words, all different: `count` of at most 1,110. */
export function sums(count: number): Sum[] {
  const digits = [...numbers.keys()];
  const lists = [
    ...digits.map((a) => [a]),
    ...digits.flatMap((a) => digits.map((b) => [a, b])),
    ...digits.flatMap((a) => digits.flatMap((b) => digits.map((c) => [a, b, c]))),
  ];
  return Array.from({ length: count }, (_, index) => {
    // 7 and 1,110 share no factor: short and long ones are mixed.
    const list = lists[(index * 7) % lists.length];
    const total = list.reduce((a, b) => a + b, 0);
    return {
      asked: `add ${list.map((digit) => numbers[digit]).join(" and ")}`,
      answer: ` makes ${[...String(total)].map((digit) => numbers[Number(digit)]).join(" ")}`,
    };
  });
}

/** @returns the path. */
export function writeRows(path: string, rows: readonly unknown[]): string {
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** As a user would have it on a machine without a network or colours. */
export const environment = { ...process.env, NO_COLOR: "1", HF_HUB_OFFLINE: "1" };

export const command = (...args: string[]): string[] => [main, "test", ...args];

/** Any command, to its end. */
export function deadweight(...args: string[]): Promise<Ended> {
  return new Promise((done) => {
    const options = { maxBuffer: 1 << 26, env: environment };
    const child = execFile(process.execPath, [main, ...args], options, (_error, stdout, stderr) => {
      done({ code: child.exitCode, stdout, stderr });
    });
  });
}

export const deadweightTest = (...args: string[]): Promise<Ended> => deadweight("test", ...args);

/** Seconds of work: four steps, two seeds. */
export const quick = [
  ...["--steps", "4", "--seeds", "2", "--lr", "1e-3", "--batch-tokens", "64", "--held-out", "16", "--no-controls"],
  ...["--threads", "1", "--jobs", "1"],
];
