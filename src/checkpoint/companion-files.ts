/** @file What goes with the weights of a checkpoint into one that is made from it: config and tokenizer. Knows no tensor values. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { WritableDtype, WritableTensor } from "./safetensors-writer.js";

const companions = [
  ...["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja"],
  ...["vocab.json", "merges.txt", "tokenizer.model", "generation_config.json"],
];
const mostBytes = 256 * 2 ** 20;

const torchNames: Readonly<Record<WritableDtype, string>> = { F32: "float32", F16: "float16", BF16: "bfloat16" };

/** What lies beside the weights and goes with them, text and binary, by file name; what is not there is left out. */
export function companionFiles(folder: string): Record<string, string | Uint8Array> {
  const found = companions.filter((name) => {
    const path = join(folder, name);
    return existsSync(path) && statSync(path).isFile() && statSync(path).size <= mostBytes;
  });
  return Object.fromEntries(found.map((name) => [name, readFileSync(join(folder, name))]));
}

/** The config in the spelling that it had, with the dtype that is written; weights are stored plainly whatever they were. */
export function configOfWritten(
  config: Readonly<Record<string, unknown>> | null,
  tensors: readonly Pick<WritableTensor, "dtype">[],
): Record<string, unknown> {
  const { quantization_config: _quantization, ...kept } = config ?? {};
  const key = "dtype" in kept ? "dtype" : "torch_dtype";
  const [only, ...others] = new Set(tensors.map(({ dtype }) => dtype));
  return { ...kept, [key]: torchNames[others.length === 0 && only !== undefined ? only : "F32"] };
}
