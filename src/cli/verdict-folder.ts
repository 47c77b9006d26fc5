/** @file What a run folder keeps that a judgement needs besides its trials. Judges nothing. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readHeldOutTokens } from "../data/sft-dataset.js";
import { readRecord } from "../records/record-file.js";
import { type RunRecord, runRecord } from "../records/run-record.js";
import { testRecord } from "../records/test-record.js";
import { verdictsRecord } from "../records/verdicts-record.js";
import type { Looks } from "../statistics/first-passage.js";

/** Null where the trials lie there alone. */
export function runOf(folder: string): RunRecord | null {
  const path = join(folder, "run.json");
  return existsSync(path) ? readRecord(path, runRecord) : null;
}

/** The looks belong to the plan of the run: judged without them, seeds that were added until it was decided would count as planned. */
export function plannedLooks(folder: string, run: RunRecord | null): Looks | undefined {
  const design = run?.design;
  if (design) return design.seeds === "auto" ? { first: design.firstLook, last: design.lastLook } : undefined;
  const path = join(folder, "verdicts.json");
  const looks = existsSync(path) ? readRecord(path, verdictsRecord).sequential : undefined;
  return looks && { first: looks.firstLook, last: looks.lastLook };
}

/** What the run itself was judged by, where that is on record: it is the question until another is asked. */
export function ownQuestion(
  folder: string,
  run: RunRecord | null,
): { readonly margin?: number; readonly confidence?: number } {
  if (run?.design?.seeds === "auto") return run.design;
  const path = join(folder, "test.json");
  return existsSync(path) ? readRecord(path, testRecord).verdicts : {};
}

/** Scored tokens of each held-out example; undefined where the encoded examples are not there. */
export function heldOutTokensOf(folder: string): readonly number[] | undefined {
  const path = join(folder, "sft-data.json");
  return existsSync(path) ? readHeldOutTokens(path) : undefined;
}
