/** @file A set of whole numbers as a regular expression. Knows nothing of what they number. */
import { grouped } from "./grouped.js";

/** `0`, `[0-2]`, `[02]` from ascending digits. */
function digitClass(digits: readonly number[]): string {
  if (digits.length === 1) return String(digits[0]);
  const runs: number[][] = [];
  for (const digit of digits) {
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1) === digit - 1) run.push(digit);
    else runs.push([digit]);
  }
  const shown = runs.map((run) => (run.length < 3 ? run.join("") : `${run[0]}-${run.at(-1)}`));
  return `[${shown.join("")}]`;
}

/**
 * An expression, in the syntax that Python and JavaScript share, that matches the decimal form of these numbers and of no others when what
 * follows it is no digit: `(?:[0-9]|1[01])` for 0 to 11. @param numbers at least one, whole, not negative.
 */
export function numberPattern(numbers: Iterable<number>): string {
  const ascending = [...new Set(numbers)].sort((a, b) => a - b);
  const byTens = grouped(ascending, (number) => Math.floor(number / 10));
  const alternatives = [...byTens].map(
    ([tens, members]) => `${tens === 0 ? "" : tens}${digitClass(members.map((number) => number % 10))}`,
  );
  return alternatives.length === 1 ? alternatives[0] : `(?:${alternatives.join("|")})`;
}
