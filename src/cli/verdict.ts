/** @file `deadweight verdict`: judges the finished trials of a run again, without training. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError, UsageError } from "../foundation/errors.js";
import { boundaryRecord } from "../records/boundary-record.js";
import { readRecord, writeRecord } from "../records/record-file.js";
import { readTrials } from "../records/trials-file.js";
import { boundaryMarginsText } from "../report/boundary-margins-text.js";
import { verdictTable } from "../report/verdict-table.js";
import { rejudgeAtMargins, rejudgeBoundary } from "../statistics/rejudged-boundary.js";
import { judge } from "../statistics/verdict.js";
import { heldOutTokensOf, ownQuestion, plannedLooks, runOf } from "./verdict-folder.js";
import { folderWarnings } from "./verdict-warnings.js";

function percentage(text: string | undefined, what: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new UsageError(`${what} is '${text}'; it is a number.`);
  return value;
}

interface Question {
  readonly margin: number | undefined;
  readonly confidence: number | undefined;
  readonly json: string | undefined;
}

/** Without a margin: at several. */
function runBoundary(path: string, { margin, confidence, json }: Question): void {
  if (!existsSync(path))
    throw new InputError(
      `${path}: there is no such file, so the search is not finished. Run the same \`boundary\` command to continue it.`,
    );
  const record = readRecord(path, boundaryRecord);
  const own = confidence ?? record.confidence;
  const judged = rejudgeBoundary(record, { margin: margin ?? record.margin, confidence: own });
  if (json === "-") {
    process.stdout.write(`${JSON.stringify(judged)}\n`);
    return;
  }
  if (json) writeRecord(json, judged);
  process.stdout.write(`${boundaryMarginsText(margin === undefined ? rejudgeAtMargins(record, own) : [judged])}\n`);
}

export interface VerdictOptions {
  readonly margin?: string;
  readonly confidence?: string;
  readonly json?: string;
}

export function runVerdict(folder: string, options: VerdictOptions): void {
  const margin = percentage(options.margin, "--margin");
  const confidence = percentage(options.confidence, "--confidence");
  const boundary = join(folder, "boundary.json");
  const run = runOf(folder);
  if (existsSync(boundary) || run?.command === "boundary") {
    runBoundary(boundary, { margin, confidence, json: options.json });
    return;
  }
  const path = join(folder, "trials.jsonl");
  const trials = readTrials(path);
  if (trials.length === 0)
    throw new InputError(
      run === null
        ? `${path}: there are no trials to judge. Is ${folder} a run folder?`
        : `${path}: no trial is finished yet. Run the same \`${run.command}\` command to continue the run.`,
    );
  const looks = plannedLooks(folder, run);
  const heldOutTokens = heldOutTokensOf(folder);
  const own = ownQuestion(folder, run);
  const question = { margin: margin ?? own.margin, confidence: confidence ?? own.confidence };
  const judged = judge(trials, {
    ...(question.margin !== undefined && { margin: question.margin }),
    ...(question.confidence !== undefined && { confidence: question.confidence }),
    ...(looks && { looks }),
    ...{ details: true, heldOutTokens },
  });
  // `paper` warns of none of this itself.
  const further = run?.command === "paper" ? [] : folderWarnings(folder, trials, judged, heldOutTokens);
  const verdicts = { ...judged, warnings: [...judged.warnings, ...further] };
  // First what was asked for: a folder that cannot be written to is no reason to keep it back.
  process.stdout.write(`${options.json === "-" ? JSON.stringify(verdicts) : verdictTable(verdicts)}\n`);
  if (options.json && options.json !== "-") writeRecord(options.json, verdicts);
  writeRecord(join(folder, "verdicts.json"), verdicts);
}
