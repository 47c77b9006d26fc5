import { describe, expect, test } from "vitest";
import { InputError } from "../foundation/errors.js";
import { builtinTemplates, chatTemplateSource } from "./builtin-templates.js";
import { openChatTemplate } from "./chat-template.js";
import { type ColumnChoice, detectFormat } from "./example-format.js";
import { renderExample } from "./rendered-example.js";

const specials = { bosToken: "<s>", eosToken: "</s>", unkToken: null, padToken: null };
const rowsOf = (...fields: Record<string, unknown>[]) =>
  fields.map((one, index) => ({ where: `train.jsonl:${index + 1}`, fields: one }));
const detect = (chosen: ColumnChoice, ...fields: Record<string, unknown>[]) => detectFormat(rowsOf(...fields), chosen);

/** The scored text in brackets. */
function render(fields: Record<string, unknown>, template: string | null = null, chosen: ColumnChoice = {}): string {
  const [row] = rowsOf(fields);
  const opened = template === null ? null : openChatTemplate(template, specials);
  const { parts } = renderExample(row, detectFormat([row], chosen), opened);
  return parts.map(({ text, scored }) => (scored ? `[${text}]` : text)).join("");
}

const message = (role: string, content: unknown) => ({ role, content });
const talk = [message("user", "hi"), message("assistant", "hello")];

describe("the format of a data set", () => {
  test("is found by the usual columns", () => {
    const kind = (fields: Record<string, unknown>) => detect({}, fields).kind;
    expect(kind({ messages: talk, prompt: "x" })).toBe("messages");
    expect(detect({}, { conversations: talk })).toMatchObject({ kind: "messages", messages: "conversations" });
    expect(kind({ prompt: "a", completion: "b" })).toBe("prompt-completion");
    expect(kind({ question: "a", answer: "b", text: "c" })).toBe("question-answer");
    expect(detect({}, { instruction: "a", response: "b" })).toMatchObject({ kind: "instruction", output: "response" });
    expect(kind({ id: 1, text: "c" })).toBe("text");
  });

  test("is found by the columns that are named", () => {
    expect(detect({ text: "body" }, { body: "a", text: "b" })).toEqual({ kind: "text", text: "body" });
    expect(detect({ messages: "talk" }, { talk })).toMatchObject({ kind: "messages", messages: "talk" });
    expect(detect({ prompt: "q", completion: "a" }, { q: "a", a: "b" })).toMatchObject({
      prompt: "q",
      completion: "a",
    });
    expect(detect({ completion: "gold" }, { question: "a", gold: "b" })).toMatchObject({
      kind: "prompt-completion",
      prompt: "question",
    });
    expect(() => detect({ prompt: "qestion" }, { question: "a", answer: "b" })).toThrow(
      "train.jsonl:1: has no column 'qestion', which --prompt-column names; found question, answer.",
    );
    expect(() => detect({ prompt: "q" }, { q: "a", other: "b" })).toThrow(
      /which column holds the completion.*q, other/,
    );
    expect(() => detect({ prompt: "q", text: "t" }, { q: "a", t: "b" })).toThrow(/different formats are named: q, t/);
  });

  test("is asked for where it is not known", () => {
    expect(() => detectFormat([])).toThrow(InputError);
    expect(() => detect({}, { query: "a", reply: "b" })).toThrow(
      /train\.jsonl:1: no columns of a known format; found query, reply, wanted .*--prompt-column/,
    );
    expect(() => detect({}, {})).toThrow(/found no columns/);
  });

  test("is that of all rows; the optional columns are those of any", () => {
    const pair = { question: "a", answer: "b" };
    expect(() => detect({}, pair, pair, { text: "c" }, { text: "d" })).toThrow(
      "train.jsonl:3: has no question and no answer, but train.jsonl:1 has question and answer; found text.",
    );
    const alpaca = { instruction: "a", output: "b" };
    expect(detect({}, alpaca, { ...alpaca, input: "c", system: "d" })).toMatchObject({
      input: "input",
      system: "system",
    });
    expect(detect({}, { ...alpaca, input: null })).toMatchObject({ input: null, system: null });
  });
});

describe("a row", () => {
  test("without a template is plain text", () => {
    expect(render({ prompt: "a", completion: "b" })).toBe("a[b]");
    expect(render({ question: "Why?", answer: "So." })).toBe("Question: Why?\nAnswer:[ So.]");
    expect(render({ text: "a" })).toBe("[a]");
    expect(render({ system: "s", question: "Why?", answer: "So." })).toBe("s\n\nQuestion: Why?\nAnswer:[ So.]");
    expect(render({ instruction: "Add.", input: "1 2", output: "3" })).toBe(
      "Below is an instruction that describes a task, paired with an input that provides further context. Write a response that appropriately completes the request.\n\n### Instruction:\nAdd.\n\n### Input:\n1 2\n\n### Response:\n[3]",
    );
    expect(render({ instruction: "Sing.", input: "", output: "La" })).toBe(
      "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\nSing.\n\n### Response:\n[La]",
    );
  });

  test("with a template is a conversation, bare prompts and texts apart", () => {
    const { chatml, zephyr, llama3, alpaca } = builtinTemplates;
    expect(render({ question: "Why?", answer: "So." }, zephyr)).toBe("<|user|>\nWhy?</s>\n<|assistant|>\n[So.</s>]\n");
    expect(render({ instruction: "Add.", input: "1 2", output: "3" }, alpaca)).toBe(
      "<s>### Instruction:\nAdd.\n\n1 2\n\n### Response:\n[3</s>]\n\n",
    );
    expect(render({ prompt: "a", completion: "b" }, chatml)).toBe("a[b]");
    expect(render({ system: "s", prompt: "a", completion: "b" }, chatml)).toBe(
      "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n[b<|im_end|>]\n",
    );
    expect(render({ messages: talk }, llama3)).toBe(
      "<s><|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n[hello<|eot_id|>]",
    );
  });

  test("of messages needs a template that accepts and keeps them", () => {
    expect(() => render({ messages: talk })).toThrow(/train\.jsonl:1: holds messages.*--chat-template/);
    expect(() => render({ messages: talk }, "{{ raise_exception('No roles, please.') }}")).toThrow(
      "train.jsonl:1: The chat template refuses the conversation: No roles, please.",
    );
    expect(() => render({ messages: talk }, "{{ messages | length }}")).toThrow(/rewrites the assistant's message 2/);
    expect(() => openChatTemplate("{% if %}", specials)).toThrow(/The chat template cannot be read.*Jinja/);
    expect(() => chatTemplateSource("chatlm")).toThrow(/chatlm: cannot be read as a chat template.*alpaca, chatml/);
  });

  test("tells a template a date that does not change", () => {
    const template = openChatTemplate("{{ strftime_now('%d %b %Y, %A') }} {{ range(2) | length }}", specials);
    expect(template.render([], { addGenerationPrompt: false })).toBe("26 Jul 2024, Friday 2");
  });

  test("that does not hold what it should is refused by its place", () => {
    expect(() => render({ prompt: "a", completion: 3 })).toThrow(
      "train.jsonl:1: completion is the number 3; a text is wanted.",
    );
    expect(() => render({ prompt: "a", completion: " \n" })).toThrow(/train\.jsonl:1: completion is empty/);
    expect(() => render({ text: "" })).toThrow(/text is empty/);
    const chat = (messages: unknown) => () => render({ messages }, builtinTemplates.chatml);
    expect(chat("hi")).toThrow("train.jsonl:1: messages: is the text 'hi'; a list of messages");
    expect(chat([])).toThrow(/an empty list/);
    expect(chat(["hi"])).toThrow(/messages: message 1: is the text 'hi'; an object with role and content/);
    expect(chat([{ role: "bot", content: "a" }])).toThrow(/message 1: its role is the text 'bot'; one of system/);
    expect(chat([message("user", "a"), message("assistant", null)])).toThrow(/message 2: its content is null/);
    expect(chat([message("user", [{ type: "image_url" }])])).toThrow(/of type 'image_url'; only parts with a text/);
    expect(chat([message("user", "a")])).toThrow(/train\.jsonl:1: has no message of the assistant/);
    expect(chat([message("user", "a"), message("assistant", "")])).toThrow(/nothing to learn/);
    expect(() => render({ prompt: [message("user", "a")], completion: "b" })).toThrow(
      /completion: is the text 'b'; a list/,
    );
  });
});
