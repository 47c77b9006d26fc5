/** @file Reading and atomically writing records. Knows nothing of what a record means. */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { z } from "zod";
import { InputError, OutputError } from "../foundation/errors.js";
import { makeFolder } from "../foundation/make-folder.js";

/** Writes bytes under a temporary name beside `path`, flushes, renames: a reader sees the old file or the new one. @throws OutputError */
export function writeFileAtomically(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    makeFolder(dirname(path));
    const descriptor = openSync(temporary, "w");
    try {
      const bytes = typeof content === "string" ? Buffer.from(content) : content;
      writeFully(descriptor, bytes);
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

/** Writes all bytes: one call may write fewer than it was given. */
function writeFully(descriptor: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.byteLength; ) offset += writeSync(descriptor, bytes, offset);
}

/** Appends one line and flushes it to disk before returning; what cannot be written whole is taken back. @throws OutputError */
export function appendRecord(path: string, record: unknown): void {
  try {
    makeFolder(dirname(path));
    const descriptor = openSync(path, "a");
    const bytesBefore = fstatSync(descriptor).size;
    try {
      writeFully(descriptor, Buffer.from(`${JSON.stringify(record)}\n`));
      fsyncSync(descriptor);
    } catch (error) {
      ftruncateSync(descriptor, bytesBefore);
      throw error;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new OutputError(`${path}: cannot be appended to (${(error as Error).message}). Is the disk full?`);
  }
}

/** Cuts off a last line without its line end, which a killed process leaves: the next append would continue it. For the folder's owner. */
export function cutUnfinishedLine(path: string): void {
  if (!existsSync(path)) return;
  const text = readFileSync(path, "utf8");
  const end = text.lastIndexOf("\n") + 1;
  if (end < text.length) writeFileAtomically(path, text.slice(0, end));
}

export interface NumberedRecord<T> {
  /** In its file, from 1. */
  readonly line: number;
  readonly record: T;
}

/** Reads a file of one record a line; an absent file holds none, and an unfinished last line is none. @throws InputError naming the line. */
export function readNumberedRecords<T>(path: string, schema: z.ZodType<T>): NumberedRecord<T>[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.flatMap((text, index) => {
    if (text.trim() === "") return [];
    const line = index + 1;
    const where = `${path}:${line}`;
    return [{ line, record: parseRecord(schema, parseJson(text, where), where) }];
  });
}

/** The same without the numbers. */
export function readRecordLines<T>(path: string, schema: z.ZodType<T>): T[] {
  return readNumberedRecords(path, schema).map(({ record }) => record);
}
