import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { InputError } from "../foundation/errors.js";
import { openTokenizer } from "./tokenizer-folder.js";

const fixture = readFileSync(new URL("../../test/fixtures/chat/tokenizer.json", import.meta.url), "utf8");
/** Digits alone, without a special token. */
const digits = JSON.stringify({
  added_tokens: [],
  pre_tokenizer: { type: "WhitespaceSplit" },
  model: { type: "WordLevel", vocab: { "0": 0, "1": 1, "2": 2 }, unk_token: "0" },
});
let folder: string;
const write = (name: string, content: unknown) =>
  writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "deadweight-tokenizer-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("a tokenizer's folder", () => {
  test("needs its tokenizer.json alone, and may have no end-of-text token", () => {
    write("tokenizer.json", digits);
    write("config.json", { eos_token_id: null });
    const { tokenizer, chatTemplate } = openTokenizer(folder);
    expect([tokenizer.endOfTextId, tokenizer.specials.eosToken, chatTemplate]).toEqual([null, null, null]);
    expect([...tokenizer.encode("2 0 1")]).toEqual([2, 0, 1]);
  });

  test("names the special tokens, by text or by object, or by the older file", () => {
    write("tokenizer.json", fixture);
    write("tokenizer_config.json", { bos_token: { content: "<s>" }, eos_token: "<|im_end|>", unk_token: null });
    write("special_tokens_map.json", { eos_token: "</s>", unk_token: "<unk>" });
    write("config.json", { eos_token_id: 2 });
    const { tokenizer } = openTokenizer(folder);
    expect(tokenizer.specials).toEqual({ bosToken: "<s>", eosToken: "<|im_end|>", unkToken: "<unk>", padToken: null });
    expect(tokenizer.endOfTextId).toBe(4);
    expect([tokenizer.tokenOf(3), tokenizer.tokenOf(99_999)]).toEqual(["<|im_start|>", null]);
    const [begun, bare] = [tokenizer.encode("the sum", { specialTokens: true }), tokenizer.encode("the sum")];
    expect([...begun]).toEqual([1, ...bare]);
  });

  test("takes the end-of-text token that the model numbers where none is named", () => {
    write("tokenizer.json", fixture);
    write("config.json", { eos_token_id: 2 });
    expect(openTokenizer(folder).tokenizer.endOfTextId).toBe(2);
    write("generation_config.json", { eos_token_id: [7, 2] });
    expect(openTokenizer(folder).tokenizer.specials.eosToken).toBe("<|eot_id|>");
    write("generation_config.json", { eos_token_id: 50_256 });
    expect(openTokenizer(folder).tokenizer.specials.eosToken).toBe("</s>");
  });

  test("holds a chat template: a text, the default of several, or a file of its own", () => {
    write("tokenizer.json", fixture);
    write("tokenizer_config.json", { chat_template: "a" });
    expect(openTokenizer(folder).chatTemplate).toBe("a");
    const several = ["tool_use", "default"].map((name) => ({ name, template: `of ${name}` }));
    write("tokenizer_config.json", { chat_template: several });
    expect(openTokenizer(folder).chatTemplate).toBe("of default");
    write("chat_template.jinja", "c");
    expect(openTokenizer(folder).chatTemplate).toBe("c");
  });

  test("that cannot be used says what is wrong and what to do", () => {
    expect(() => openTokenizer(folder)).toThrow(/has no tokenizer\.json\. Write one with transformers/);
    write("tokenizer.model", "x");
    expect(() => openTokenizer(folder)).toThrow(/only tokenizer\.model.*save_pretrained/);
    write("tokenizer.json", fixture.slice(0, 400));
    expect(() => openTokenizer(folder)).toThrow(/tokenizer\.json: is not JSON/);
    for (const damaged of ["null", "[]", '{"model": {}}', '{"model": {"type": "BPE", "vocab": {"a": 0}}}']) {
      write("tokenizer.json", damaged);
      expect(() => openTokenizer(folder), damaged).toThrow(InputError);
      expect(() => openTokenizer(folder), damaged).toThrow(`${folder}/tokenizer.json: `);
    }
    write("tokenizer.json", fixture);
    write("tokenizer_config.json", { chat_template: 3 });
    expect(() => openTokenizer(folder)).toThrow(/tokenizer_config\.json: chat_template/);
    write("tokenizer_config.json", "[]");
    expect(() => openTokenizer(folder)).toThrow(InputError);
    truncateSync(join(folder, "tokenizer.json"), 257 * 2 ** 20);
    expect(() => openTokenizer(folder)).toThrow(/larger than 256 MiB/);
  });
});
