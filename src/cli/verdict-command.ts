/** @file `deadweight verdict`: judges the finished trials of a run again, without training. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { InputError, UsageError } from "../foundation/errors.js";
import { readRecord, readRecordLines, writeRecord } from "../records/record-file.js";
import { newestTrials, trialRecord } from "../records/trial-record.js";
import { verdictsRecord } from "../records/verdicts-record.js";
import { verdictTable } from "../report/verdict-table.js";
import { judge } from "../statistics/verdict.js";

function percentage(text: string | undefined, what: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new UsageError(`${what} is '${text}'; it is a number.`);
  return value;
}

function run(folder: string, options: { margin?: string; confidence?: string; json?: string }): void {
  const margin = percentage(options.margin, "--margin");
  const confidence = percentage(options.confidence, "--confidence");
  const path = join(folder, "trials.jsonl");
  const trials = newestTrials(readRecordLines(path, trialRecord));
  if (trials.length === 0) throw new InputError(`${path}: there are no trials to judge. Is ${folder} a run folder?`);
  const judged = join(folder, "verdicts.json");
  // The looks belong to the plan of the run: judged without them, seeds that were added until it was decided would count as planned.
  const looks = existsSync(judged) ? readRecord(judged, verdictsRecord).sequential : undefined;
  const verdicts = judge(trials, {
    ...(margin !== undefined && { margin }),
    ...(confidence !== undefined && { confidence }),
    ...(looks && { looks: { first: looks.firstLook, last: looks.lastLook } }),
    details: true,
  });
  writeRecord(judged, verdicts);
  if (options.json === "-") {
    process.stdout.write(`${JSON.stringify(verdicts)}\n`);
    return;
  }
  if (options.json) writeRecord(options.json, verdicts);
  process.stdout.write(`${verdictTable(verdicts)}\n`);
}

export function verdictCommand(): Command {
  return new Command("verdict")
    .description("Judge the finished trials of a run again, with another margin or confidence. Nothing is trained.")
    .argument("<folder>", "run folder")
    .option("--margin <percent>", "loss that counts as none, percent of full's held-out loss (default: 0.5)")
    .option("--confidence <p>", "confidence of the intervals (default: 0.95)")
    .option("--json <file>", "write the verdicts here as well; - for standard output in place of the table")
    .action(run);
}
