/** @file Values of options, parsed and checked. Knows no command. */
import { UsageError } from "../foundation/errors.js";

/** @throws UsageError naming the option and what it takes; so do all here. */
export function positiveInteger(text: string, what: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new UsageError(`${what} is '${text}'; it is a whole number of at least 1.`);
  return value;
}

export function positiveNumber(text: string, what: string): number {
  const value = Number(text);
  if (!(Number.isFinite(value) && value > 0)) throw new UsageError(`${what} is '${text}'; it is a positive number.`);
  return value;
}

/** At least 0. */
export function wholeNumber(text: string, what: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < 0)
    throw new UsageError(`${what} is '${text}'; it is a whole number of at least 0.`);
  return value;
}

/** Strictly between 0 and 1. */
export function parseConfidence(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new UsageError(`--confidence is '${text}'; it lies between 0 and 1, e.g. 0.95.`);
  return value;
}

export function optional<Value>(
  text: string | undefined,
  option: string,
  parse: (text: string, option: string) => Value,
): Value | null {
  return text === undefined ? null : parse(text, option);
}
