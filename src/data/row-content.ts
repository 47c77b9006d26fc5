/** @file What the fields of one row say, as typed texts and messages. Knows formats; knows nothing of templates or tokens. */
import { InputError } from "../foundation/errors.js";
import { type ChatMessage, isLearnt, kindOf, readMessages } from "./chat-message.js";
import type { DataRow } from "./data-row.js";
import type { ExampleFormat } from "./example-format.js";

export type RowContent =
  /** Turns of the assistant from message `learntFrom` on are learnt. */
  | {
      readonly kind: "chat";
      readonly messages: readonly ChatMessage[];
      readonly learntFrom: number;
      readonly tools: unknown;
    }
  | {
      readonly kind: "prompt-completion";
      readonly system: string | null;
      readonly prompt: string;
      readonly completion: string;
    }
  | {
      readonly kind: "question-answer";
      readonly system: string | null;
      readonly question: string;
      readonly answer: string;
    }
  | {
      readonly kind: "instruction";
      readonly system: string | null;
      readonly instruction: string;
      readonly input: string;
      readonly output: string;
    }
  | { readonly kind: "text"; readonly text: string };

function readText({ where, fields }: DataRow, column: string): string {
  const value = fields[column];
  if (typeof value === "string") return value;
  throw new InputError(`${where}: ${column} is ${kindOf(value)}; a text is wanted.`);
}

/** A text with something in it. */
function readAnswer(row: DataRow, column: string): string {
  const text = readText(row, column);
  if (text.trim() !== "") return text;
  throw new InputError(`${row.where}: ${column} is empty, so there is nothing to learn. Remove the row.`);
}

/** Empty where the row has none. */
const readOptional = (row: DataRow, column: string | null): string =>
  column === null || row.fields[column] === undefined || row.fields[column] === null ? "" : readText(row, column);

function chat(
  row: DataRow,
  context: readonly ChatMessage[],
  turns: readonly ChatMessage[],
  system: string,
): RowContent {
  if (!turns.some(isLearnt))
    throw new InputError(
      `${row.where}: has no message of the assistant that says something, so there is nothing to learn. Remove the row.`,
    );
  const whole = [...context, ...turns];
  const first = system === "" || whole[0].role === "system" ? [] : [{ role: "system", content: system }];
  return {
    kind: "chat",
    messages: [...first, ...whole],
    learntFrom: first.length + context.length,
    tools: row.fields.tools ?? null,
  };
}

/** @throws InputError for a field of the wrong type, or where there is nothing to learn. */
export function readRow(row: DataRow, format: ExampleFormat): RowContent {
  if (format.kind === "text") return { kind: "text", text: readAnswer(row, format.text) };
  const system = format.system === null ? null : readOptional(row, format.system);
  switch (format.kind) {
    case "messages":
      return chat(row, [], readMessages(row.fields[format.messages], `${row.where}: ${format.messages}`), system ?? "");
    case "prompt-completion": {
      const { [format.prompt]: prompt, [format.completion]: completion } = row.fields;
      if (!Array.isArray(prompt) && !Array.isArray(completion))
        return {
          kind: format.kind,
          system,
          prompt: readText(row, format.prompt),
          completion: readAnswer(row, format.completion),
        };
      return chat(
        row,
        readMessages(prompt, `${row.where}: ${format.prompt}`),
        readMessages(completion, `${row.where}: ${format.completion}`),
        system ?? "",
      );
    }
    case "question-answer":
      return {
        kind: format.kind,
        system,
        question: readText(row, format.question),
        answer: readAnswer(row, format.answer),
      };
    case "instruction":
      return {
        kind: format.kind,
        system,
        instruction: readText(row, format.instruction),
        input: readOptional(row, format.input),
        output: readAnswer(row, format.output),
      };
    default:
      return format satisfies never;
  }
}
