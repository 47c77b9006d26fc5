/** @file Which held-out part a set of matrices is confirmed on: each part serves one set of an action, over all searches of a folder. Runs nothing. */
import { existsSync } from "node:fs";
import { armName } from "../crystal/arm.js";
import { version } from "../foundation/version.js";
import { type AttemptRecord, attemptRecord } from "../records/attempt-record.js";
import { type BoundaryRecord, boundaryRecord } from "../records/boundary-record.js";
import {
  appendRecord,
  cutUnfinishedLine,
  readRecord,
  readRecordLines,
  writeFileAtomically,
} from "../records/record-file.js";
import type { RunFolder } from "../records/run-folder.js";
import type { MatrixSet } from "./boundary-search.js";

/** The held-out parts of an action. */
export interface ActionParts {
  /** attempts.jsonl: read anew each time, appended to. */
  readonly path: string;
  readonly action: string;
  /** Parts in all: as many as there may be attempts. */
  readonly count: number;
}

const matricesOf = (set: MatrixSet): AttemptRecord["matrices"] =>
  set.map(({ name, arm }) => ({ name, arm: armName(arm) }));

/** Equal for the same matrices treated the same way, whatever their order. */
const identityOf = (matrices: AttemptRecord["matrices"]): string =>
  matrices
    .map(({ name, arm }) => `${name} ${arm}`)
    .sort()
    .join("\n");

/** Of all actions. @throws InputError naming the line. */
function readAttempts(path: string, count: number): AttemptRecord[] {
  return readRecordLines(path, attemptRecord.extend({ part: attemptRecord.shape.part.max(count - 1) }));
}

const attemptsOf = ({ path, action, count }: ActionParts): AttemptRecord[] =>
  readAttempts(path, count).filter((record) => record.action === action);

/** Of a folder that was searched before attempts were recorded: what its last search put to the test. One that saw no seed used nothing. */
function earlierAttempts({ version: madeBy, actions }: BoundaryRecord): AttemptRecord[] {
  return actions.flatMap(({ action, attempts }) =>
    attempts
      .filter(({ deltas }) => deltas.length > 0)
      .map(({ part, matrices }) => ({
        ...{ schema: "deadweight/attempt@1" as const, version: madeBy, action, part: part - 1, matrices },
      })),
  );
}

/**
 * For the folder's owner, before anything is searched: what cannot be read is told before hours are spent.
 * @param count held-out parts of an action. @returns the path of the attempts on record. @throws InputError
 */
export function openAttempts(folder: RunFolder, count: number): string {
  const [path, boundary] = [folder.file("attempts.jsonl"), folder.file("boundary.json")];
  cutUnfinishedLine(path);
  if (!existsSync(path) && existsSync(boundary)) {
    const lines = earlierAttempts(readRecord(boundary, boundaryRecord)).map((record) => `${JSON.stringify(record)}\n`);
    // At once: a part of them would look like all of them.
    writeFileAtomically(path, lines.join(""));
  }
  readAttempts(path, count);
  return path;
}

/** The part that the set has on record, else the first that no set of the action has; null where none is left. */
export function partFor(set: MatrixSet, parts: ActionParts): number | null {
  const attempts = attemptsOf(parts);
  const identity = identityOf(matricesOf(set));
  const own = attempts.find(({ matrices }) => identityOf(matrices) === identity);
  if (own) return own.part;
  const taken = new Set(attempts.map(({ part }) => part));
  for (let part = 0; part < parts.count; part++) if (!taken.has(part)) return part;
  return null;
}

/** Puts on record that the part is the set's. */
export function takePart(set: MatrixSet, part: number, parts: ActionParts): void {
  const matrices = matricesOf(set);
  const identity = identityOf(matrices);
  const known = attemptsOf(parts).some((own) => own.part === part && identityOf(own.matrices) === identity);
  if (known) return;
  const record: AttemptRecord = {
    schema: "deadweight/attempt@1",
    ...{ version, action: parts.action, part, matrices },
  };
  appendRecord(parts.path, record);
}

/** Parts that sets of the action other than these have on record, ascending. */
export function partsOfOthers(sets: readonly MatrixSet[], parts: ActionParts): number[] {
  const own = new Set(sets.map((set) => identityOf(matricesOf(set))));
  const others = attemptsOf(parts).filter(({ matrices }) => !own.has(identityOf(matrices)));
  return [...new Set(others.map(({ part }) => part))].sort((a, b) => a - b);
}
