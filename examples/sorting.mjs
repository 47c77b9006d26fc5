/**
 * @file Writes fine-tuning data for a GPT-2 that sorts six digits from 0 to 2: its input as prompt, the digits in order as completion.
 *
 *     npm run build && node examples/sorting.mjs [OUT] [COUNT] [SEED]
 *     npm run -s deadweight -- test ../shared/data/nano-gpt-sort --data runs/sorting/sort.jsonl
 *
 * OUT is runs/sorting where it is not given; sort.jsonl is written there. COUNT of the 729 sequences, drawn without replacement by SEED (1),
 * are written in random order; all of them where COUNT is not given. Digits are set apart by spaces, as the model's tokenizer wants them.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DeadweightError, InputError, UsageError } from "../dist/foundation/errors.js";
import { makeFolder } from "../dist/foundation/make-folder.js";
import { randomStream } from "../dist/foundation/random.js";

const digits = 6;
const values = 3;
const sequences = values ** digits;

/** The digits of a number below 729 to base 3, the most significant first. */
function sequenceOf(index) {
  return Array.from({ length: digits }, (_, place) => Math.floor(index / values ** (digits - 1 - place)) % values);
}

function rowOf(index) {
  const sequence = sequenceOf(index);
  const sorted = sequence.toSorted((a, b) => a - b);
  // Prompt and completion are joined as they are.
  return JSON.stringify({ prompt: sequence.join(" "), completion: ` ${sorted.join(" ")}` });
}

/** @throws UsageError */
function wholeNumber(text, what, most) {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new UsageError(`${what} is '${text}'; a whole number from 1 to ${most} is wanted.`);
}

function write(folder, count, seed) {
  const order = randomStream(seed, "sorting examples").permutation(sequences);
  const rows = Array.from(order.subarray(0, count), rowOf);
  const path = join(folder, "sort.jsonl");
  try {
    makeFolder(folder);
    writeFileSync(path, `${rows.join("\n")}\n`);
  } catch (error) {
    throw new InputError(`${path}: cannot be written (${error.message}). Give another folder as first argument.`);
  }
  return path;
}

const [folder = "runs/sorting", count = String(sequences), seed = "1"] = process.argv.slice(2);
try {
  console.log(
    write(folder, wholeNumber(count, "COUNT", sequences), wholeNumber(seed, "SEED", Number.MAX_SAFE_INTEGER)),
  );
} catch (error) {
  if (!(error instanceof DeadweightError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
