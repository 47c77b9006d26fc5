/** @file By which rules other trainers choose parameters, written down from what they document. Knows nothing of how lists are made. */

/** Rows of the tensor, half-open; null for all of it. */
export interface NamePattern {
  readonly matches: (name: string) => boolean;
  readonly rows: readonly [begin: number, end: number | null] | null;
}

/**
 * Axolotl, `unfrozen_parameters`: an expression is matched from the start of the name; its dots are literal but for one before a plus;
 * `[a:b]`, `[a:]`, `[:b]` or `[a]` at its very end is no part of it but a range of rows.
 */
export function axolotlPattern(text: string): NamePattern {
  const range = /^(.+)\[(\d*)(?:(:)(\d*))?\]$/s.exec(text);
  const expression = range?.[1] ?? text;
  const regular = new RegExp(`^(?:${expression.replace(/\.(?!\+)/g, "\\.")})`);
  const matches = (name: string) => regular.test(name);
  if (range === null) return { matches, rows: null };
  const [, , first, colon, last] = range;
  if (colon === undefined) return { matches, rows: first === "" ? [0, null] : [Number(first), Number(first) + 1] };
  return { matches, rows: [Number(first || 0), last ? Number(last) : null] };
}

export interface AdapterTargets {
  readonly target_modules: readonly string[] | string;
  readonly layers_to_transform?: readonly number[] | undefined;
  readonly layers_pattern?: string | undefined;
}

/** PEFT: a string is an expression for the whole module name; a list holds names or their endings, in the given layers where there are any. */
export function peftTargets(targets: AdapterTargets): (module: string) => boolean {
  const { target_modules: wanted, layers_to_transform: layers, layers_pattern: pattern } = targets;
  if (typeof wanted === "string") return (module) => new RegExp(`^(?:${wanted})$`).test(module);
  return (module) => {
    if (!wanted.some((ending) => module === ending || module.endsWith(`.${ending}`))) return false;
    if (layers === undefined) return true;
    const layer = new RegExp(`^(?:.*?\\.)??${pattern}\\.(\\d+)\\.`).exec(module);
    return layer !== null && layers.includes(Number(layer[1]));
  };
}

export interface FreezeTuning {
  readonly freeze_trainable_layers: number;
  readonly freeze_trainable_modules: string;
  readonly freeze_extra_modules?: string;
}

/**
 * LLaMA-Factory, finetuning_type freeze: the last n layers, the first -n where n is negative; trained is each parameter whose name contains
 * `.layer.module` for one of them (all: `.layer.`), or the name of an extra module.
 */
export function freezeTuningTrains(options: FreezeTuning, layers: number): (name: string) => boolean {
  const { freeze_trainable_layers: n, freeze_trainable_modules: modules, freeze_extra_modules: extra } = options;
  const chosen = [...Array(layers).keys()].filter((layer) => (n > 0 ? layer >= layers - n : layer < -n));
  const parts = chosen.flatMap((layer) =>
    modules.split(",").map((module) => `.${layer}.${module === "all" ? "" : module}`),
  );
  const all = [...parts, ...(extra === undefined ? [] : extra.split(","))];
  return (name) => all.some((part) => name.includes(part));
}
