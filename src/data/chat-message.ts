/** @file Messages of a conversation, read from a field in OpenAI's or ShareGPT's layout. Knows nothing of templates. */
import { InputError } from "../foundation/errors.js";

/** Further keys (`tool_calls`, `reasoning_content`, `name`) are passed on to the chat template. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
  readonly [key: string]: unknown;
}

const roles = new Map([
  ["system", "system"],
  ["developer", "developer"],
  ["user", "user"],
  ["human", "user"],
  ["assistant", "assistant"],
  ["gpt", "assistant"],
  ["tool", "tool"],
  ["function", "function"],
]);

type Fields = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What a value is, for messages: "a list", "the number 3". */
export function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "string") return `the text '${value.length > 40 ? `${value.slice(0, 40)}...` : value}'`;
  return `the ${typeof value} ${String(value)}`;
}

const callsTools = ({ tool_calls: calls }: Fields): boolean => Array.isArray(calls) && calls.length > 0;

/** A text, or a list of text parts as OpenAI allows; a message that calls tools may have none. */
function readContent(value: unknown, message: Fields, place: string): string {
  if (typeof value === "string") return value;
  if ((value === null || value === undefined) && (callsTools(message) || isObject(message.function_call))) return "";
  if (Array.isArray(value) && value.length > 0)
    return value
      .map((part: unknown) => {
        if (isObject(part) && typeof part.text === "string") return part.text;
        throw new InputError(
          `${place}: a part of its content is ${isObject(part) && typeof part.type === "string" ? `of type '${part.type}'` : kindOf(part)}; only parts with a text can be trained on.`,
        );
      })
      .join("");
  throw new InputError(`${place}: its content is ${kindOf(value)}; a text is wanted.`);
}

function readMessage(value: unknown, place: string): ChatMessage {
  if (!isObject(value))
    throw new InputError(
      `${place}: is ${kindOf(value)}; an object with role and content (or from and value) is wanted.`,
    );
  const shareGpt = !Object.hasOwn(value, "role") && Object.hasOwn(value, "from");
  const { from, value: said, ...rest } = value;
  const [named, text, others] = shareGpt ? [from, said, rest] : [value.role, value.content, value];
  const role = typeof named === "string" ? roles.get(named) : undefined;
  if (role === undefined)
    throw new InputError(
      `${place}: its ${shareGpt ? "from" : "role"} is ${kindOf(named)}; one of ${[...roles.keys()].join(", ")} is wanted.`,
    );
  return { ...others, role, content: readContent(text, value, place) };
}

/** @param where of the field, for messages: "train.jsonl:12: messages". @throws InputError */
export function readMessages(value: unknown, where: string): ChatMessage[] {
  if (!Array.isArray(value) || value.length === 0)
    throw new InputError(
      `${where}: is ${Array.isArray(value) ? "an empty list" : kindOf(value)}; a list of messages with role and content (or from and value) is wanted.`,
    );
  return value.map((message: unknown, index) => readMessage(message, `${where}: message ${index + 1}`));
}

/** Whether its turn is learnt: it is the assistant's, says something, and is not weighted 0 (OpenAI's way to leave out a turn). */
export const isLearnt = (message: ChatMessage): boolean =>
  message.role === "assistant" &&
  message.weight !== 0 &&
  (message.content.trim() !== "" || callsTools(message) || isObject(message.function_call));
