/** @file What `deadweight test` cannot use: one sentence each, before any trial starts. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openCheckpoint } from "../src/checkpoint/checkpoint.js";
import { writeSafetensors } from "../src/checkpoint/safetensors-writer.js";
import {
  deadweightTest,
  quick,
  readJson,
  smallModel,
  smallTokenizer,
  sums,
  writeJson,
  writeRows,
} from "./small-model.js";

const folder = mkdtempSync(join(tmpdir(), "deadweight-test-input-"));
const at = (...names: string[]) => join(folder, ...names);
const [model, data] = [at("model"), at("data.jsonl")];
const rows = sums(120).map(({ asked, answer }) => ({ prompt: asked, completion: answer }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  smallModel(model);
  writeRows(data, rows);
});

let run = 0;
async function refused(code: number, message: RegExp, ...args: string[]): Promise<void> {
  const out = at(`run-${run++}`);
  const ended = await deadweightTest(...args, ...(args.includes("--out") ? [] : ["--out", out]));
  const told = ended.stderr.split("\n").filter((line) => line.startsWith("deadweight: "));
  if (code === 1) {
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(message);
  } else expect(ended.stderr).toMatch(message);
  expect(ended.stderr).not.toMatch(/^\s+at |Internal error/m);
  expect(ended.code).toBe(code);
  expect(ended.stdout).toBe("");
  // Nothing is in the way of the same command with its input mended.
  for (const name of ["trials.jsonl", "run.json", "run.lock"]) expect(existsSync(join(out, name))).toBe(false);
}

describe("options", () => {
  test.each([
    [["--seeds", "0"], /--seeds is '0'; it is a whole number of at least 1/],
    [["--margin", "-1"], /--margin is '-1'; it is a positive number/],
    [["--arms", "frozen,cristal"], /Unknown arm 'cristal'\. Accepted: full, frozen, crystal/],
    [["--arms", "full"], /--arms names none besides full/],
    [["--memory", "much"], /--memory is 'much'; it is a size such as 12GB/],
    [["--train-on", "prompt"], /prompt.*completion, all/],
    [["--arms", "crystal:99"], /crystal:99: layers\.0\.self_attn\.o_proj is 16 x 16; its rank is at most 16/],
  ])("%j", async (options, message) => {
    await refused(2, message, model, "--data", data, ...quick, ...options);
  });

  test("no data at all", async () => {
    await refused(2, /required option '--data/, model);
  });

  test("places that cannot be written to", async () => {
    const file = at("a-file");
    writeFileSync(file, "kept");
    await refused(
      1,
      /below: cannot be made a run folder .*Choose/,
      model,
      "--data",
      data,
      "--out",
      join(file, "below"),
    );
    await refused(1, /--json .*cannot be written/, model, "--data", data, "--json", at("absent", "test.json"));
    expect(readFileSync(file, "utf8")).toBe("kept");
  });

  test("a target that does not exist, naming those near it", async () => {
    const message = /'layers\.\*\.self_attn\.o_porj': no matrix .*Nearest names: .*layers\.0\.self_attn\.o_proj/;
    await refused(1, message, model, "--data", data, "--matrix", "layers.*.self_attn.o_porj");
  });

  test("less memory than one row takes", async () => {
    const message = /One row of \d+ tokens takes about 0\.1 GiB, and .* Set --memory higher or --jobs lower/;
    await refused(1, message, model, "--data", data, ...quick, "--memory", "50MB");
  });
});

describe("data", () => {
  const long = rows.map(({ prompt, completion }) => ({ prompt: Array(60).fill(prompt).join(" "), completion }));
  const messages = rows.map(({ completion }) => ({ messages: [{ role: "assistant", content: completion }] }));
  const broken = `${JSON.stringify(rows[0])}\n{"prompt": "add one", "completion": \n${JSON.stringify(rows[1])}\n`;
  const cases: [what: string, content: string | Uint8Array | unknown[], message: RegExp][] = [
    ["no completion", rows.map(({ prompt }) => ({ prompt, completion: "" })), /data\.jsonl:\d+: completion is empty/],
    [
      "nothing scored within the context",
      long,
      /No held-out example is left \(120 rows were read; 120 without a scored token within --max-length\)\. Set --max-length higher/,
    ],
    ["one row", rows.slice(0, 1), /No held-out example is left \(1 row was read\)\. Give more data, or --eval-data/],
    ["no row", "", /data\.jsonl: .*(holds no row|empty)/],
    [
      "mixed schemas",
      [rows[0], { question: "add one", answer: "makes one" }],
      /data\.jsonl:2: has no prompt and no completion, but data\.jsonl:1 has/,
    ],
    ["unknown columns", [{ left: "a", right: "b" }], /data\.jsonl:1: no columns of a known format; found left, right/],
    [
      "invalid UTF-8",
      Buffer.concat([Buffer.from(`${JSON.stringify(rows[0])}\n{"prompt": "`), Buffer.of(0xff)]),
      /data\.jsonl:2: byte \d+ of the file \(0xff\) is not valid UTF-8/,
    ],
    ["a line that does not parse", broken, /data\.jsonl:2: is not JSON .*One object a line is wanted/],
    [
      "messages without a template",
      messages,
      /data\.jsonl:\d+: holds messages, but the tokenizer brings no chat template/,
    ],
  ];
  test.each(cases)("%s", async (what, content, message) => {
    const path = at(what.replaceAll(" ", "-"), "data.jsonl");
    mkdirSync(join(path, ".."));
    if (Array.isArray(content)) writeRows(path, content);
    else writeFileSync(path, content);
    await refused(1, message, model, "--data", path, ...quick);
  });

  test("a file that is absent, and a column", async () => {
    await refused(1, /absent\.jsonl: does not exist/, model, "--data", at("absent.jsonl"));
    await refused(1, /data\.jsonl:1: has no column 'ask'/, model, "--data", data, "--prompt-column", "ask");
    await refused(1, /absent\.jsonl: does not exist/, model, "--data", data, "--eval-data", at("absent.jsonl"));
  });

  test("mended, is tested in the same folder", async () => {
    const [path, out] = [writeRows(at("mended.jsonl"), rows.slice(0, 1)), at("mended-run")];
    expect((await deadweightTest(model, "--data", path, ...quick, "--out", out)).code).toBe(1);
    writeRows(path, rows);
    expect((await deadweightTest(model, "--data", path, ...quick, "--out", out, "--arms", "frozen")).code).toBe(0);
  });
});

describe("a model", () => {
  const copy = (name: string): string => {
    cpSync(model, at(name), { recursive: true });
    return at(name);
  };
  const tested = (...args: string[]) => [...args, "--data", data, ...quick];

  test("that is absent, or a file", async () => {
    await refused(1, /absent: no such folder/, ...tested(at("absent")));
    await refused(
      1,
      /model\.safetensors: is a file; to train, give the model's folder/,
      ...tested(join(model, "model.safetensors")),
    );
  });

  test("without config or tokenizer", async () => {
    const plain = copy("no-config");
    rmSync(join(plain, "config.json"));
    await refused(1, /no-config: has no config\.json/, ...tested(plain));
    const wordless = copy("no-tokenizer");
    rmSync(join(wordless, "tokenizer.json"));
    await refused(1, /no-tokenizer: has no tokenizer\.json/, ...tested(wordless));
  });

  test("whose tokenizer has more tokens than it", async () => {
    const shifted = smallModel(at("shifted"), "llama", smallTokenizer(30));
    await refused(
      1,
      /tokenizer does not fit the model: .* the id \d+, but the model has only 37 tokens/,
      ...tested(shifted),
    );
  });

  test("of an unsupported type, which is said before its weights are read", async () => {
    const other = copy("other");
    const config = readJson(other, "config.json");
    writeFileSync(join(other, "model.safetensors"), "no weights at all");
    writeJson(join(other, "config.json"), { ...config, model_type: "mamba" });
    await refused(1, /config\.json: model_type is "mamba"; what can be trained is gpt2/, ...tested(other));
    writeJson(join(other, "config.json"), { ...config, hidden_act: "relu" });
    await refused(1, /config\.json: hidden_act is "relu"/, ...tested(other));
    writeFileSync(join(other, "config.json"), "{");
    await refused(1, /config\.json: is not JSON/, ...tested(other));
  });

  test("whose weights are cut short, or of another shape", async () => {
    const cut = copy("cut");
    truncateSync(join(cut, "model.safetensors"), 5000);
    await refused(1, /model\.safetensors: .*Truncated download\?/, ...tested(cut));
    const wide = copy("wide");
    writeJson(join(wide, "config.json"), { ...readJson(wide, "config.json"), intermediate_size: 32 });
    await refused(1, /has the shape \[24, 16\]; config\.json calls for \[32, 16\]/, ...tested(wide));
    const deep = copy("deep");
    writeJson(join(deep, "config.json"), { ...readJson(deep, "config.json"), num_hidden_layers: 3 });
    await refused(1, /the weights lack 'layers\.2\..*', which config\.json calls for/, ...tested(deep));
  });

  test("whose weights are not finite", async () => {
    const broken = copy("nan");
    const checkpoint = openCheckpoint(model);
    const tensors = [...checkpoint.tensors].map(([name, { shape }]) => ({
      ...{ name, shape, dtype: "F32" as const, data: checkpoint.readFloat32(name) },
    }));
    checkpoint.close();
    tensors.find(({ name }) => name === "model.layers.1.mlp.up_proj.weight")!.data[5] = Number.NaN;
    writeSafetensors(join(broken, "model.safetensors"), tensors);
    await refused(1, /up_proj\.weight' holds NaN or infinite values, the first as element 5/, ...tested(broken));
  });
});
