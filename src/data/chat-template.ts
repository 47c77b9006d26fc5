/** @file Renders conversations through a Jinja chat template, with the names and rules that transformers gives it. Knows nothing of tokens. */
import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import { InputError } from "../foundation/errors.js";
import type { ChatMessage } from "./chat-message.js";
import type { SpecialTokens } from "./tokenizer.js";

export interface RenderOptions {
  /** Ends with what opens a turn of the assistant. */
  readonly addGenerationPrompt: boolean;
  /** Descriptions of the tools that the conversation may call, in the template's own layout. */
  readonly tools?: unknown;
}

export interface ChatTemplate {
  /** @throws InputError where the template refuses the conversation, as many do for roles that do not alternate. */
  render(messages: readonly ChatMessage[], options: RenderOptions): string;
}

/** Llama 3's template falls back to this day where it is given no clock. */
const defaultDate = new Date(Date.UTC(2024, 6, 26));

const months = "January February March April May June July August September October November December".split(" ");
const days = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const twoDigits = (value: number): string => String(value).padStart(2, "0");

/** Python's strftime in the C locale and UTC, for the directives that templates use; others are left as they are. */
function formatDate(date: Date, format: string): string {
  const directives: Readonly<Record<string, string>> = {
    "%Y": String(date.getUTCFullYear()),
    "%m": twoDigits(date.getUTCMonth() + 1),
    "%d": twoDigits(date.getUTCDate()),
    "%B": months[date.getUTCMonth()],
    "%b": months[date.getUTCMonth()].slice(0, 3),
    "%A": days[date.getUTCDay()],
    "%a": days[date.getUTCDay()].slice(0, 3),
    "%H": twoDigits(date.getUTCHours()),
    "%M": twoDigits(date.getUTCMinutes()),
    "%S": twoDigits(date.getUTCSeconds()),
    "%%": "%",
  };
  return format.replace(/%./g, (directive) => directives[directive] ?? directive);
}

function range(begin: number, end?: number, step = 1): number[] {
  const [first, last] = end === undefined ? [0, begin] : [begin, end];
  return Array.from({ length: Math.max(0, Math.ceil((last - first) / step)) }, (_, index) => first + index * step);
}

/** The library's `Template` declares a `strftime_now` of its own, which reads the clock; so its parts are put together here. */
function environment(specials: SpecialTokens, date: Date): Environment {
  const names: Readonly<Record<string, unknown>> = {
    true: true,
    True: true,
    false: false,
    False: false,
    none: null,
    None: null,
    documents: null,
    range,
    strftime_now: (format: string) => formatDate(date, format),
    raise_exception: (message: string) => {
      throw new InputError(message);
    },
  };
  const global = new Environment();
  for (const [name, value] of Object.entries(names)) global.set(name, value);
  const tokens = {
    bos_token: specials.bosToken,
    eos_token: specials.eosToken,
    unk_token: specials.unkToken,
    pad_token: specials.padToken,
  };
  // A token that the tokenizer does not have is undefined to a template, not none.
  for (const [name, token] of Object.entries(tokens)) if (token !== null) global.set(name, token);
  return global;
}

/** The library reports a fault by whatever error its parts throw. */
function attempt<T>(action: () => T, what: string): T {
  try {
    return action();
  } catch (error) {
    const reason = (error as Error).message || (error as Error).constructor.name;
    throw new InputError(`The chat template ${what}: ${reason.replace(/\.$/, "")}.`);
  }
}

/**
 * As transformers does, the first newline after a block and the blanks before it are dropped; `{% generation %}` marks are read and
 * ignored.
 * @param source Jinja text. @param date what `strftime_now` tells, in UTC: fixed, so that the same data give the same tokens on any day.
 * @throws InputError for a template that cannot be parsed.
 */
export function openChatTemplate(source: string, specials: SpecialTokens, date: Date = defaultDate): ChatTemplate {
  const program = attempt(
    () => parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true })),
    "cannot be read, a Jinja template of transformers is wanted",
  );
  return {
    render: (messages, { addGenerationPrompt, tools = null }) =>
      attempt(() => {
        const global = environment(specials, date);
        global.set("messages", messages);
        global.set("tools", tools);
        global.set("add_generation_prompt", addGenerationPrompt);
        return String(new Interpreter(global).run(program).value);
      }, "refuses the conversation"),
  };
}
