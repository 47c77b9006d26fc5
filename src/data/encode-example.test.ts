import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../foundation/errors.js";
import { builtinTemplates } from "./builtin-templates.js";
import { openChatTemplate } from "./chat-template.js";
import { checkVocabulary, type EncodeExampleOptions, encodeExample } from "./encode-example.js";
import { detectFormat } from "./example-format.js";
import { renderExample } from "./rendered-example.js";
import { loadTokenizer } from "./tokenizer.js";

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/chat/${name}`, import.meta.url), "utf8"));
// Written by make_chat.py: transformers.
const { templates, chats, pairs } = fixture("chat.json") as {
  templates: Record<string, string>;
  chats: {
    template: string;
    messages: { role: string; content: string }[];
    error?: string;
    text: string;
    prompt: string;
    ids: number[];
    mask: number[];
  }[];
  pairs: { tokenizer: string; prompt: string; completion: string; ids: number[]; mask: number[] }[];
};
const config = { bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>" };
const tokenizers: Record<string, ReturnType<typeof loadTokenizer>> = {
  tokenizer: loadTokenizer(fixture("tokenizer.json"), config),
  metaspace: loadTokenizer(fixture("metaspace.json"), config),
};
const { tokenizer } = tokenizers;
const whole: EncodeExampleOptions = { maxLength: 4096, trainOn: "completion" };
const rowOf = (fields: Record<string, unknown>) => ({ where: "train.jsonl:7", fields });
const encode = (fields: Record<string, unknown>, template: string | null, options = whole) => {
  const row = rowOf(fields);
  const opened = template === null ? null : openChatTemplate(template, tokenizer.specials);
  return encodeExample(tokenizer, renderExample(row, detectFormat([row]), opened), options);
};

describe("a conversation", () => {
  test.each(chats.map((chat, index) => ({ ...chat, name: `${chat.template}, conversation ${index}` })))(
    "has the text, ids and mask that Python gives: $name",
    ({ template, messages, error, text, prompt, ids, mask }) => {
      const opened = openChatTemplate(templates[template], tokenizer.specials);
      if (error !== undefined) {
        expect(() => encode({ messages }, templates[template])).toThrow(InputError);
        expect(() => encode({ messages }, templates[template])).toThrow(`train.jsonl:7: The chat template refuses`);
        expect(() => encode({ messages }, templates[template])).toThrow(error);
        return;
      }
      expect(opened.render(messages, { addGenerationPrompt: false })).toBe(text);
      expect(opened.render(messages.slice(0, -1), { addGenerationPrompt: true })).toBe(prompt);
      const { example } = encode({ messages }, templates[template]);
      expect([...example.tokens]).toEqual(ids);
      expect([...example.scored]).toEqual(mask);
    },
  );

  test("in ShareGPT's layout, or split into prompt and completion, is the same", () => {
    const { messages, ids } = chats.filter(({ template }) => template === "chatml")[1];
    const conversations = messages.map(({ role, content }) => ({
      from: { user: "human", assistant: "gpt", system: "system" }[role],
      value: content,
    }));
    const split = { prompt: messages.slice(0, -1), completion: messages.slice(-1) };
    expect([...encode({ conversations }, templates.chatml).example.tokens]).toEqual(ids);
    const last = encode(split, templates.chatml).example;
    expect([...last.tokens]).toEqual(ids);
    expect(tokenizer.decode(last.tokens.filter((_, i) => last.scored[i] === 1))).toBe("It is.<|im_end|>");
  });

  test("leaves out turns that are weighted 0", () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "assistant", content: "no", weight: 0 },
      { role: "user", content: "b" },
      { role: "assistant", content: "yes" },
    ];
    const { example } = encode({ messages }, builtinTemplates.llama3);
    expect(tokenizer.decode(example.tokens.filter((_, i) => example.scored[i] === 1))).toBe("yes<|eot_id|>");
  });

  const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((text) => text.trim() !== "");
  // A text that a template writes itself would be a special token, or be found in its place.
  const plain = words.filter((text) => !/[<>|#]/.test(text) && text === text.trim());
  test("scores what the assistant says and no more, under any template", () => {
    const sources = fc.constantFrom(...Object.values(builtinTemplates), ...Object.values(templates));
    fc.assert(
      fc.property(sources, fc.array(fc.tuple(plain, plain), { minLength: 1, maxLength: 3 }), (source, turns) => {
        const messages = turns.flatMap(([user, assistant]) => [
          { role: "user", content: user },
          { role: "assistant", content: assistant },
        ]);
        const { example, scoredTokens, wholeLength } = encode({ messages }, source);
        expect(example.scored.length).toBe(example.tokens.length);
        expect(example.scored.length).toBe(wholeLength);
        const scored = tokenizer.decode(example.tokens.filter((_, i) => example.scored[i] === 1));
        for (const [, assistant] of turns) expect(scored).toContain(assistant);
        expect(scoredTokens).toBe(example.scored.reduce((sum, flag) => sum + flag, 0));
      }),
      { numRuns: 150 },
    );
  });
});

describe("prompt and completion", () => {
  test.each(pairs)("have the ids and mask of TRL: $tokenizer, '$prompt' '$completion'", (pair) => {
    const row = rowOf({ prompt: pair.prompt, completion: pair.completion });
    const rendered = renderExample(row, detectFormat([row]), null);
    const { example } = encodeExample(tokenizers[pair.tokenizer], rendered, whole);
    expect([...example.tokens]).toEqual(pair.ids);
    expect([...example.scored]).toEqual(pair.mask);
  });

  test("cover the text, whatever it is", () => {
    const text = fc.string({ unit: "binary", minLength: 1 }).filter((one) => one.trim() !== "" && !one.includes("<"));
    fc.assert(
      fc.property(text, text, (prompt, completion) => {
        const { example } = encode({ prompt, completion }, null);
        const flagged = (flag: number) => example.tokens.filter((_, i) => example.scored[i] === flag);
        expect(flagged(0).length + flagged(1).length).toBe(example.tokens.length);
        expect(tokenizer.decode(example.tokens)).toBe(`<s>${prompt}${completion}</s>`);
        expect(tokenizer.decode(flagged(1))).toContain(completion);
      }),
    );
  });

  test("are cut off at the end, and the cut is reported", () => {
    const cut = encode({ prompt: "the sum", completion: " is 5" }, null, { ...whole, maxLength: 3 });
    expect([cut.truncated, cut.example.tokens.length, cut.wholeLength > 3]).toEqual([true, 3, true]);
    expect(encode({ prompt: "the sum", completion: " is 5" }, null).truncated).toBe(false);
  });

  test("score everything but the first token on request", () => {
    const { example } = encode({ prompt: "the sum", completion: "5" }, null, { ...whole, trainOn: "all" });
    expect([...example.scored]).toEqual(Array.from(example.tokens, (_, i) => (i === 0 ? 0 : 1)));
  });

  test("need a model that has all their tokens", () => {
    const { example } = encode({ prompt: "a", completion: "b" }, null);
    expect(() => checkVocabulary(tokenizer, [example], tokenizer.vocabularySize)).not.toThrow();
    const id = Math.max(...example.tokens);
    expect(() => checkVocabulary(tokenizer, [example], id)).toThrow(
      `does not fit the model: it gives the token '${tokenizer.tokenOf(id)}' the id ${id}, but the model has only ${id} tokens`,
    );
  });
});
