/** @file The name of a target for people: a group of many matrices in one short pattern. Knows no table and no page. */

/** A pattern with more alternatives than this is no shorter than the names. */
const mostAlternatives = 4;

/** `0-5` for neighbouring numbers, `{q,k}` for a few others; null where that would be long. */
function alternatives(parts: readonly string[]): string | null {
  if (parts.length === 1) return parts[0];
  const numbers = parts.map(Number).sort((a, b) => a - b);
  const neighbours = numbers.every((value, index) => Number.isInteger(value) && value === numbers[0] + index);
  if (neighbours && parts.every((part) => /^\d+$/.test(part))) return `${numbers[0]}-${numbers[numbers.length - 1]}`;
  return parts.length <= mostAlternatives ? `{${parts.join(",")}}` : null;
}

/** The names as one pattern that stands for exactly these; null where there is no short one. */
function patternOf(names: readonly string[]): string | null {
  const split = names.map((name) => name.split("."));
  if (split.some(({ length }) => length !== split[0].length)) return null;
  const columns = split[0].map((_, index) => [...new Set(split.map((parts) => parts[index]))]);
  const combinations = columns.reduce((product, parts) => product * parts.length, 1);
  const texts = columns.map(alternatives);
  return combinations === names.length && texts.every((text) => text !== null) ? texts.join(".") : null;
}

/**
 * `h.4.attn.c_proj` as it is; `h.0-11.attn.c_proj (12 together)` for a group, or `wte and 3 more together` where the names have no short
 * pattern. A pattern stands for exactly the members, so that two groups of one run do not look the same.
 * @param target its name is that of the verdicts: canonical names joined by "+".
 */
export function targetLabel({ name }: { readonly name: string }): string {
  const names = name.split("+");
  if (names.length === 1) return name;
  const pattern = patternOf(names);
  return pattern ? `${pattern} (${names.length} together)` : `${names[0]} and ${names.length - 1} more together`;
}

/** A sentence with the long names of groups in it shortened. */
export function withLabels(text: string, targets: readonly { readonly name: string }[]): string {
  return targets
    .filter(({ name }) => name.includes("+"))
    .sort((a, b) => b.name.length - a.name.length)
    .reduce((shortened, target) => shortened.replaceAll(target.name, targetLabel(target)), text);
}
