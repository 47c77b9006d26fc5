/** @file Chat templates that are known by name, for models that bring none; or one read from a file. */
import { readFileSync, statSync } from "node:fs";
import { InputError } from "../foundation/errors.js";

const maxTemplateBytes = 2 ** 20;

/** OpenAI's ChatML, as Qwen2 writes it, without its default system message. */
const chatml = `{%- for message in messages %}
{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' }}
{%- endif %}`;

/** Llama 3's turns, without the date and the tools of its later versions. */
const llama3 = `{%- if bos_token is defined %}
{{- bos_token }}
{%- endif %}
{%- for message in messages %}
{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}`;

/** Zephyr's: every turn ends with the end-of-text token. */
const zephyr = `{%- for message in messages %}
{{- '<|' + message['role'] + '|>\\n' + message['content'] + (eos_token if eos_token is defined else '') + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|assistant|>\\n' }}
{%- endif %}`;

/** Headings in plain text, after Alpaca's prompt; fits any vocabulary. */
const alpaca = `{%- if bos_token is defined %}
{{- bos_token }}
{%- endif %}
{%- for message in messages %}
{%- if message['role'] == 'system' %}
{{- message['content'] + '\\n\\n' }}
{%- elif message['role'] == 'assistant' %}
{{- '### Response:\\n' + message['content'] + (eos_token if eos_token is defined else '') + '\\n\\n' }}
{%- else %}
{{- '### Instruction:\\n' + message['content'] + '\\n\\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '### Response:\\n' }}
{%- endif %}`;

export const builtinTemplates: Readonly<Record<string, string>> = { alpaca, chatml, llama3, zephyr };

/** @param nameOrPath one of `builtinTemplates`, or a file. @returns the template's source. @throws InputError */
export function chatTemplateSource(nameOrPath: string): string {
  if (Object.hasOwn(builtinTemplates, nameOrPath)) return builtinTemplates[nameOrPath];
  const wanted = `A file with a Jinja template is wanted, or one of ${Object.keys(builtinTemplates).join(", ")}.`;
  try {
    const { size } = statSync(nameOrPath);
    if (size <= maxTemplateBytes) return readFileSync(nameOrPath, "utf8");
  } catch (error) {
    throw new InputError(`${nameOrPath}: cannot be read as a chat template (${(error as Error).message}). ${wanted}`);
  }
  throw new InputError(`${nameOrPath}: is larger than 1 MiB, which no chat template is. ${wanted}`);
}
