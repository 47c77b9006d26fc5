/** @file Finds the assistant's turns in a conversation that a chat template has rendered. */
import { InputError } from "../foundation/errors.js";
import { type ChatMessage, isLearnt } from "./chat-message.js";
import type { ChatTemplate } from "./chat-template.js";

export interface TextPart {
  readonly text: string;
  readonly scored: boolean;
}

export interface Conversation {
  readonly where: string;
  readonly messages: readonly ChatMessage[];
  /** Turns of the assistant before this message are not learnt. */
  readonly learntFrom: number;
  readonly tools: unknown;
}

interface Span {
  readonly begin: number;
  readonly end: number;
}

/** What follows an assistant's turn within the rendering up to it: the token that ends the turn is learnt, a newline after it is not,
 * since a model that has ended its turn writes nothing more. */
const withoutNewlines = (text: string): string => text.replace(/[\r\n]+$/, "");

/** The forms in which a template may write a content: as it is, trimmed, without its reasoning. */
function forms(content: string): string[] {
  const answer = content.slice(content.lastIndexOf("</think>") + (content.includes("</think>") ? 8 : 0)).trim();
  return [...new Set([content, content.trim(), answer])].filter((form) => form.trim() !== "");
}

/** The first place of the content from `from` on. */
function locate(text: string, content: string, from: number): Span | null {
  for (const form of forms(content)) {
    const begin = text.indexOf(form, from);
    if (begin >= 0) return { begin, end: begin + form.length };
  }
  return null;
}

/** What the template writes after the content of the last message: mostly the token that ends a turn. */
function endOfTurn(through: string, content: string): string {
  for (const form of forms(content)) {
    const begin = through.lastIndexOf(form);
    if (begin >= 0) return withoutNewlines(through.slice(begin + form.length));
  }
  return "";
}

/** @returns the parts of the rendering, in order. @throws InputError where the template refuses it, or an assistant's turn cannot be found in it. */
export function renderConversation(conversation: Conversation, template: ChatTemplate): TextPart[] {
  const { where, messages, learntFrom, tools } = conversation;
  const render = (count: number, addGenerationPrompt: boolean): string =>
    template.render(messages.slice(0, count), { addGenerationPrompt, tools });
  // Templates may refuse a conversation that has no question yet, or that ends early.
  const attempt = (count: number, addGenerationPrompt: boolean): string | null => {
    try {
      return render(count, addGenerationPrompt);
    } catch (error) {
      if (error instanceof InputError) return null;
      throw error;
    }
  };
  let full: string;
  try {
    full = render(messages.length, false);
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${where}: ${error.message}`);
    throw error;
  }

  const parts: TextPart[] = [];
  let cursor = 0;
  const advance = (end: number, scored: boolean): void => {
    if (end > cursor) parts.push({ text: full.slice(cursor, end), scored });
    cursor = Math.max(cursor, end);
  };
  let searchFrom = 0;
  for (const [index, message] of messages.entries()) {
    if (message.role !== "assistant") {
      searchFrom = locate(full, message.content, searchFrom)?.end ?? searchFrom;
      continue;
    }
    const before = attempt(index, true);
    const through = attempt(index + 1, false);
    const begin = before !== null && before.length >= cursor && full.startsWith(before) ? before.length : null;
    const end =
      through !== null && through.length > (begin ?? cursor) && full.startsWith(through) ? through.length : null;
    const span = turnSpan(full, message.content, { begin, end, searchFrom, through });
    if (span === null) {
      if (index < learntFrom || !isLearnt(message)) continue;
      throw new InputError(
        `${where}: the chat template rewrites the assistant's message ${index + 1} so that it cannot be found in the rendered text. Use a template that keeps it, by --chat-template.`,
      );
    }
    if (index >= learntFrom && isLearnt(message)) {
      advance(span.begin, false);
      advance(span.end, true);
    }
    searchFrom = Math.max(searchFrom, span.end);
  }
  advance(full.length, false);
  return parts;
}

interface TurnEvidence {
  /** Where the rendering up to the turn ends, if the whole rendering starts with it. */
  readonly begin: number | null;
  /** Where the rendering through the turn ends, likewise. */
  readonly end: number | null;
  readonly searchFrom: number;
  readonly through: string | null;
}

/**
 * A turn lies between two renderings that the whole one starts with. Templates that write earlier turns otherwise than the last one
 * (Qwen3 drops their reasoning) give only one of the two, or none: there the turn's content is looked for.
 */
function turnSpan(full: string, content: string, { begin, end, searchFrom, through }: TurnEvidence): Span | null {
  if (begin !== null && end !== null) return { begin, end: begin + withoutNewlines(full.slice(begin, end)).length };
  const found = locate(full, content, begin ?? searchFrom);
  if (found === null || (end !== null && found.end > end)) return null;
  if (end !== null)
    return { begin: found.begin, end: found.begin + withoutNewlines(full.slice(found.begin, end)).length };
  const marker = through === null ? "" : endOfTurn(through, content);
  const closed = full.startsWith(marker, found.end) ? found.end + marker.length : found.end;
  return { begin: begin ?? found.begin, end: closed };
}
