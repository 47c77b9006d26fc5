/** @file A plan as Axolotl's `unfrozen_parameters`: what no expression of the list matches is frozen. */
import { InputError } from "../foundation/errors.js";
import { commented, fileHeading } from "./file-heading.js";
import { grouped } from "./grouped.js";
import { cannotExpress, type Handover, type HandoverRequest } from "./handover.js";
import { elementsOf } from "./model-parameters.js";
import { numberPattern } from "./number-pattern.js";
import { parameterPlace } from "./parameter-place.js";

interface FreeOrNot {
  readonly name: string;
  readonly frozen: boolean;
}

/** A dot needs no escape there, and with one would mean another thing. @throws InputError */
function literal(text: string): string {
  if (!/^[\w.-]+$/.test(text))
    throw new InputError(`'${text}': Axolotl's expressions cannot hold such a name. Rename the tensor.`);
  return text;
}

const alternatives = (words: readonly string[]) => (words.length === 1 ? words[0] : `(?:${words.join("|")})`);

/** `ln_1.weight` as `ln_1.` and `weight`. */
function lastWord(rest: string): readonly [before: string, last: string] {
  const at = rest.lastIndexOf(".") + 1;
  return [rest.slice(0, at), rest.slice(at)];
}

/**
 * Expressions that match, from the start of the name to its end, exactly the parameters that are not frozen: one for all layers in which a
 * parameter is free, where its weight and its bias share them. Each ends in `$`, so that none is read as a range of rows (`[a:b]`).
 * @throws InputError for a name with characters other than letters, digits, `_`, `-` and dots.
 */
export function unfrozenPatterns(parameters: readonly FreeOrNot[]): string[] {
  const outside: string[] = [];
  const layersOf = new Map<string, { container: string; rest: string; free: number[]; all: number[] }>();
  for (const { name, frozen } of parameters) {
    const place = parameterPlace(literal(name));
    if (place === null) {
      if (!frozen) outside.push(`^${name}$`);
      continue;
    }
    const { container, rest, layer } = place;
    const key = `${container} ${rest}`;
    const entry = layersOf.get(key) ?? { container, rest, free: [], all: [] };
    layersOf.set(key, entry);
    entry.all.push(layer);
    if (!frozen) entry.free.push(layer);
  }
  const entries = [...layersOf.values()].filter(({ free }) => free.length > 0);
  const shared = grouped(entries, ({ container, rest, free, all }) => {
    const layers = free.length === all.length ? "[0-9]+" : numberPattern(free);
    return `^${container}.${layers}.${lastWord(rest)[0]}`;
  });
  const inside = [...shared].map(
    ([begin, group]) => `${begin}${alternatives(group.map(({ rest }) => lastWord(rest)[1]))}$`,
  );
  return [...outside, ...inside];
}

export function axolotlHandover(request: HandoverRequest): Handover {
  const { parameters, trained } = request;
  if (!parameters.some(({ frozen }) => !frozen)) throw cannotExpress("Axolotl", request, "it leaves nothing to train.");
  const patterns = unfrozenPatterns(
    parameters.flatMap(({ name, laterName, frozen }) =>
      [name, ...(laterName === null ? [] : [laterName])].map((known) => ({ name: known, frozen })),
    ),
  );
  const heading = fileHeading(
    "Axolotl: keys to merge into a configuration of full fine-tuning (no `adapter`).",
    request,
  );
  const content = [
    commented([
      ...heading,
      "Expressions match from the start of a parameter's name, their dots are literal; what none matches is frozen.",
      "With gradient checkpointing, set use_reentrant: false under gradient_checkpointing_kwargs.",
    ]),
    `base_model: ${JSON.stringify(trained)}\n`,
    "unfrozen_parameters:\n",
    ...patterns.map((pattern) => `  - '${pattern}'\n`),
  ].join("");
  return {
    ...{ fileName: "axolotl.yaml", content, notes: [] },
    trainableParameters: elementsOf(parameters, ({ frozen }) => !frozen),
    settings: { base_model: trained, unfrozen_parameters: patterns },
  };
}
