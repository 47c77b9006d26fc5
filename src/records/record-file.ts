/** @file Reading and atomically writing records. Knows nothing of what a record means. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { z } from "zod";
import { InputError, OutputError } from "../foundation/errors.js";

/** Writes bytes under a temporary name beside `path`, flushes, renames: a reader sees the old file or the new one. @throws OutputError */
export function writeFileAtomically(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const descriptor = openSync(temporary, "w");
    try {
      const bytes = typeof content === "string" ? Buffer.from(content) : content;
      for (let offset = 0; offset < bytes.byteLength; ) offset += writeSync(descriptor, bytes, offset);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary);
    throw new OutputError(
      `${path}: cannot be written (${(error as Error).message}). Choose a writable folder with free space.`,
    );
  }
}

/** @throws OutputError */
export function writeRecord(path: string, record: unknown): void {
  writeFileAtomically(path, `${JSON.stringify(record, null, 1)}\n`);
}

/** Validates a foreign value. `where` opens the message. @throws InputError */
export function parseRecord<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue.path.join(".") || "the record";
  throw new InputError(`${where}: ${path}: ${issue.message}. Written by another version, or edited by hand?`);
}

/** @throws InputError where the file is absent, is not JSON, or is another record. */
export function readRecord<T>(path: string, schema: z.ZodType<T>): T {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new InputError(`${path}: cannot be read (${(error as Error).message}).`);
  }
  return parseRecord(schema, parseJson(text, path), path);
}

/** @throws InputError */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${where}: is not JSON (${(error as Error).message}). Truncated, or edited by hand?`);
  }
}

/** Appends one line and flushes it to disk before returning. @throws OutputError */
export function appendRecord(path: string, record: unknown): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const descriptor = openSync(path, "a");
    try {
      writeSync(descriptor, `${JSON.stringify(record)}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new OutputError(`${path}: cannot be appended to (${(error as Error).message}).`);
  }
}

/**
 * Reads a file of one record a line; an absent file holds none. A last line without its line end is what a killed process leaves:
 * it is cut off the file, since the next append would otherwise continue it. @throws InputError naming the line.
 */
export function readRecordLines<T>(path: string, schema: z.ZodType<T>): T[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  const end = text.lastIndexOf("\n") + 1;
  if (end < text.length) writeFileAtomically(path, text.slice(0, end));
  const records: T[] = [];
  text
    .slice(0, end)
    .split("\n")
    .forEach((line, index) => {
      if (line.trim() === "") return;
      const where = `${path}:${index + 1}`;
      records.push(parseRecord(schema, parseJson(line, where), where));
    });
  return records;
}
