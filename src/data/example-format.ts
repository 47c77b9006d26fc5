/** @file Which columns of a data set hold what. Knows columns by name alone; what their fields hold is read elsewhere. */
import { InputError } from "../foundation/errors.js";
import type { DataRow } from "./data-row.js";

/** Columns named by the user; those left out are found by their usual names. */
export interface ColumnChoice {
  readonly messages?: string | undefined;
  readonly prompt?: string | undefined;
  readonly completion?: string | undefined;
  readonly text?: string | undefined;
}

/** The names of the columns that hold an example. `system` and `input` may be missing or null in single rows. */
export type ExampleFormat =
  | { readonly kind: "messages"; readonly messages: string; readonly system: string | null }
  | {
      readonly kind: "prompt-completion";
      readonly prompt: string;
      readonly completion: string;
      readonly system: string | null;
    }
  | {
      readonly kind: "question-answer";
      readonly question: string;
      readonly answer: string;
      readonly system: string | null;
    }
  | {
      readonly kind: "instruction";
      readonly instruction: string;
      readonly input: string | null;
      readonly output: string;
      readonly system: string | null;
    }
  | { readonly kind: "text"; readonly text: string };

const accepted = "messages, conversations, prompt and completion, question and answer, instruction and output, or text";
const options = "--messages-column, --prompt-column with --completion-column, or --text-column";
const usualPrompts = ["prompt", "question", "instruction", "input"];
const usualCompletions = ["completion", "answer", "output", "response"];

/** A column whose fields are all missing is no column: readers of tables fill up what single rows leave out. */
const columnsOf = ({ fields }: DataRow): string[] =>
  Object.keys(fields).filter((name) => fields[name] !== undefined && fields[name] !== null);

const list = (names: readonly string[]): string => (names.length === 0 ? "no columns" : names.join(", "));

/** @throws InputError */
function chosenFormat({ where, fields }: DataRow, columns: readonly string[], chosen: ColumnChoice): ExampleFormat {
  const { messages, prompt, completion, text } = chosen;
  for (const [option, name] of Object.entries(chosen) as [string, string | undefined][])
    if (name !== undefined && !Object.hasOwn(fields, name))
      throw new InputError(
        `${where}: has no column '${name}', which --${option}-column names; found ${list(Object.keys(fields))}.`,
      );
  const kinds = [messages, prompt ?? completion, text].filter((name) => name !== undefined);
  if (kinds.length > 1)
    throw new InputError(
      `Columns of different formats are named: ${list(Object.values(chosen).filter(Boolean))}. Use one of ${options}.`,
    );
  const system = columns.includes("system") ? "system" : null;
  if (messages !== undefined) return { kind: "messages", messages, system };
  if (text !== undefined) return { kind: "text", text };
  const other = (named: string | undefined, usual: readonly string[], taken: string | undefined, option: string) => {
    const name = named ?? usual.find((one) => one !== taken && columns.includes(one));
    if (name !== undefined) return name;
    throw new InputError(
      `${where}: which column holds the ${option}? Name one of ${list(columns)} by --${option}-column.`,
    );
  };
  return {
    kind: "prompt-completion",
    prompt: other(prompt, usualPrompts, completion, "prompt"),
    completion: other(completion, usualCompletions, prompt, "completion"),
    system,
  };
}

function usualFormat(columns: readonly string[]): ExampleFormat | null {
  const has = (...names: string[]): boolean => names.every((name) => columns.includes(name));
  const system = has("system") ? "system" : null;
  const conversation = ["messages", "conversations"].find((name) => has(name));
  if (conversation !== undefined) return { kind: "messages", messages: conversation, system };
  if (has("prompt", "completion"))
    return { kind: "prompt-completion", prompt: "prompt", completion: "completion", system };
  if (has("question", "answer")) return { kind: "question-answer", question: "question", answer: "answer", system };
  const output = ["output", "response"].find((name) => has(name));
  if (has("instruction") && output !== undefined)
    return { kind: "instruction", instruction: "instruction", input: "input", output, system };
  return has("text") ? { kind: "text", text: "text" } : null;
}

/** Columns without which a row is no example of the format. */
function requiredColumns(format: ExampleFormat): string[] {
  switch (format.kind) {
    case "messages":
      return [format.messages];
    case "prompt-completion":
      return [format.prompt, format.completion];
    case "question-answer":
      return [format.question, format.answer];
    case "instruction":
      return [format.instruction, format.output];
    case "text":
      return [format.text];
    default:
      return format satisfies never;
  }
}

/** The optional columns that any row has: the first row may happen to have none. */
function withOptionalColumns(format: ExampleFormat, rows: readonly DataRow[]): ExampleFormat {
  if (format.kind === "text") return format;
  const used = (name: string): boolean =>
    rows.some(({ fields }) => fields[name] !== undefined && fields[name] !== null);
  const system = used("system") && !requiredColumns(format).includes("system") ? "system" : null;
  return format.kind === "instruction"
    ? { ...format, system, input: used("input") ? "input" : null }
    : { ...format, system };
}

/**
 * The format of the first row, which all rows must share.
 * @throws InputError for no rows, no known columns, a named column that does not exist, or rows of different formats.
 */
export function detectFormat(rows: readonly DataRow[], chosen: ColumnChoice = {}): ExampleFormat {
  if (rows.length === 0) throw new InputError("The data holds no rows; at least one example is wanted.");
  const [first] = rows;
  const columns = columnsOf(first);
  const named = Object.values(chosen).some((name) => name !== undefined);
  const format = named ? chosenFormat(first, columns, chosen) : usualFormat(columns);
  if (format === null)
    throw new InputError(
      `${first.where}: no columns of a known format; found ${list(columns)}, wanted ${accepted}. Name yours by ${options}.`,
    );
  const required = requiredColumns(format);
  for (const { where, fields } of rows) {
    const missing = required.filter((name) => !Object.hasOwn(fields, name));
    if (missing.length > 0)
      throw new InputError(
        `${where}: has no ${missing.join(" and no ")}, but ${first.where} has ${required.join(" and ")}; found ${list(Object.keys(fields))}. All rows must have the same format.`,
      );
  }
  return withOptionalColumns(format, rows);
}
