/** @file A run folder: begun once, continued by the same configuration, used by one process at a time. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { InputError, OutputError } from "../foundation/errors.js";
import { makeFolder } from "../foundation/make-folder.js";
import { readRecord, writeRecord } from "./record-file.js";
import { type RunRecord, runRecord } from "./run-record.js";

export interface RunFolder {
  readonly path: string;
  /** As written when the run began. */
  readonly record: RunRecord;
  /** Whether an earlier sitting began it. */
  readonly continued: boolean;
  /** Path of a file inside. */
  file(name: string): string;
  /** Lets other processes in. */
  release(): void;
}

const lockName = "run.lock";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Process that a lock file names; 0 for an empty file, null where the file is gone. */
function holderOf(file: string): number | null {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

/** Takes the folder for this process; a lock whose process is gone, or that was never finished, is taken over. */
function lock(path: string): () => void {
  const file = join(path, lockName);
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
        if (existsSync(file)) rmSync(file);
        throw new OutputError(
          `${path}: cannot be written to (${(error as Error).message}). Choose a writable folder with free space.`,
        );
      }
      const holder = holderOf(file);
      const held = holder !== null && holder > 0 && holder !== process.pid && isAlive(holder);
      if (held || attempt > 2)
        throw new OutputError(
          `${path}: process ${holder} is working in this folder. Wait for it, choose another, or remove ${lockName} if it is no longer true.`,
        );
      if (holder !== null) rmSync(file, { force: true });
    }
  }
}

/** What a killed process was writing under a temporary name. */
function sweep(path: string): void {
  for (const name of readdirSync(path))
    if (name.endsWith(".tmp")) rmSync(join(path, name), { recursive: true, force: true });
}

/** What makes a run another one, by name. Runs of before there was a choice were computed in fp32. */
const identity = ({ command, configuration, inputs }: RunRecord): Record<string, unknown> => ({
  command,
  precision: "fp32",
  ...configuration,
  ...inputs,
});

function differences(there: RunRecord, asked: RunRecord): string {
  const [a, b] = [identity(there), identity(asked)];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((key) => !isDeepStrictEqual(a[key], b[key]))
    .map((key) => `${key} (${JSON.stringify(a[key])} there, ${JSON.stringify(b[key])} asked for)`)
    .join(", ");
}

/**
 * Begins a run in a new or empty folder, or continues the run of the same command and configuration.
 * @throws InputError where the folder holds another run, OutputError where it cannot be written or is in use.
 */
export function openRunFolder(path: string, record: RunRecord): RunFolder {
  try {
    makeFolder(path);
    if (!statSync(path).isDirectory()) throw new OutputError("not a folder");
  } catch (error) {
    throw new OutputError(
      `${path}: cannot be made a run folder (${(error as Error).message}). Choose a writable folder.`,
    );
  }
  const release = lock(path);
  try {
    sweep(path);
    const file = join(path, "run.json");
    const continued = existsSync(file);
    if (!continued) writeRecord(file, record);
    const begun = continued ? readRecord(file, runRecord) : record;
    const differing = differences(begun, record);
    if (differing)
      throw new InputError(
        `${path}: holds a run of another configuration: ${differing}. Choose another --out, or remove the folder.`,
      );
    return { path, record: begun, continued, file: (name) => join(path, name), release };
  } catch (error) {
    release();
    throw error;
  }
}
