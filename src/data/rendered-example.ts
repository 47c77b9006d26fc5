/** @file One row as text, cut into parts that are scored and parts that are not. Knows nothing of tokens. */
import { InputError } from "../foundation/errors.js";
import type { ChatMessage } from "./chat-message.js";
import type { ChatTemplate } from "./chat-template.js";
import type { DataRow } from "./data-row.js";
import type { ExampleFormat } from "./example-format.js";
import { renderConversation, type TextPart } from "./rendered-conversation.js";
import { type RowContent, readRow } from "./row-content.js";

export interface RenderedExample {
  readonly where: string;
  /** In order; together the whole text. */
  readonly parts: readonly TextPart[];
  /** Whether the tokenizer adds its special tokens; a chat template has written them already. */
  readonly specialTokens: boolean;
  /** Whether the end-of-text token closes the example. */
  readonly endOfText: boolean;
}

/** The prompts of Stanford Alpaca (Taori et al. 2023). */
const alpacaWithInput =
  "Below is an instruction that describes a task, paired with an input that provides further context. Write a response that appropriately completes the request.\n\n";
const alpacaWithoutInput =
  "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n";

function alpacaPrompt(instruction: string, input: string): string {
  return input === ""
    ? `${alpacaWithoutInput}### Instruction:\n${instruction}\n\n### Response:\n`
    : `${alpacaWithInput}### Instruction:\n${instruction}\n\n### Input:\n${input}\n\n### Response:\n`;
}

type Pair = Exclude<RowContent, { kind: "chat" } | { kind: "text" }>;

/** Prompt and completion as plain text; a prompt and a completion of the data's own are concatenated as they are, which is TRL's rule. */
function plainPair(content: Pair): readonly [prompt: string, completion: string] {
  switch (content.kind) {
    case "prompt-completion":
      return [content.prompt, content.completion];
    case "question-answer":
      return [`Question: ${content.question}\nAnswer:`, ` ${content.answer}`];
    case "instruction":
      return [alpacaPrompt(content.instruction, content.input), content.output];
    default:
      return content satisfies never;
  }
}

function turns(content: Pair): readonly [user: string, assistant: string] {
  switch (content.kind) {
    case "prompt-completion":
      return [content.prompt, content.completion];
    case "question-answer":
      return [content.question, content.answer];
    case "instruction":
      return [
        content.input === "" ? content.instruction : `${content.instruction}\n\n${content.input}`,
        content.output,
      ];
    default:
      return content satisfies never;
  }
}

function plain(where: string, parts: readonly TextPart[]): RenderedExample {
  return { where, parts: parts.filter(({ text }) => text !== ""), specialTokens: true, endOfText: true };
}

/** Bare strings become turns only where a system message beside them says that they are meant so. */
const isConversation = (content: Pair): boolean => content.kind !== "prompt-completion" || content.system !== null;

/**
 * Questions and instructions go through the chat template where there is one. Without one they are plain text, and a system text,
 * if any, stands before it, followed by an empty line.
 * @param template null where the model has none. @throws InputError for a row that does not hold what its format promises, messages
 * without a template, or messages that the template refuses.
 */
export function renderExample(row: DataRow, format: ExampleFormat, template: ChatTemplate | null): RenderedExample {
  const { where } = row;
  const content = readRow(row, format);
  const chat = (messages: readonly ChatMessage[], learntFrom: number, tools: unknown): RenderedExample => {
    if (template === null)
      throw new InputError(
        `${where}: holds messages, but the tokenizer brings no chat template. Give one by --chat-template: a name or a .jinja file.`,
      );
    const parts = renderConversation({ where, messages, learntFrom, tools }, template);
    return { where, parts, specialTokens: false, endOfText: false };
  };
  if (content.kind === "chat") return chat(content.messages, content.learntFrom, content.tools);
  if (content.kind === "text") return plain(where, [{ text: content.text, scored: true }]);
  const system = content.system ?? "";
  if (template !== null && isConversation(content)) {
    const [user, assistant] = turns(content);
    const first = system === "" ? [] : [{ role: "system", content: system }];
    const messages = [...first, { role: "user", content: user }, { role: "assistant", content: assistant }];
    return chat(messages, messages.length - 1, null);
  }
  const [prompt, completion] = plainPair(content);
  return plain(where, [
    { text: system === "" ? prompt : `${system}\n\n${prompt}`, scored: false },
    { text: completion, scored: true },
  ]);
}
