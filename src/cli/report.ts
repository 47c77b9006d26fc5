/** @file `deadweight report`: makes the page of a finished run again. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../foundation/errors.js";
import { boundaryRecord } from "../records/boundary-record.js";
import { paperRecord } from "../records/paper-record.js";
import { readRecord, writeFileAtomically } from "../records/record-file.js";
import { sftRecord } from "../records/sft-record.js";
import { testRecord } from "../records/test-record.js";
import { readTrials } from "../records/trials-file.js";
import { verdictsRecord } from "../records/verdicts-record.js";

/** The page of a run, with the margin of its last `verdict`. @throws InputError where the run is not finished. */
async function pageOf(folder: string): Promise<string> {
  const file = (name: string) => join(folder, name);
  const [paper, test] = ["paper.json", "test.json"].map(file);
  if (existsSync(paper)) {
    const { paperPage } = await import("../report/paper-page.js");
    const { withVerdicts } = await import("../paper/paper-summary.js");
    const verdicts = readRecord(file("verdicts.json"), verdictsRecord);
    return paperPage(withVerdicts(readRecord(paper, paperRecord), verdicts));
  }
  if (existsSync(file("sft.json"))) {
    const { sftPage } = await import("../report/sft-page.js");
    return sftPage(readRecord(file("sft.json"), sftRecord));
  }
  if (existsSync(file("boundary.json"))) {
    const { boundaryPage } = await import("../report/boundary-page.js");
    const { rejudgeAtMargins } = await import("../statistics/rejudged-boundary.js");
    const record = readRecord(file("boundary.json"), boundaryRecord);
    return boundaryPage(record, rejudgeAtMargins(record));
  }
  if (!existsSync(test))
    throw new InputError(
      `${folder}: holds no record of a finished run (test.json, boundary.json, sft.json, paper.json). Let \`test\`, \`boundary\`, \`sft\` or \`paper\` finish there first.`,
    );
  const { testPage } = await import("../report/test-page.js");
  const { rejudged } = await import("../statistics/rejudged.js");
  const verdicts = readRecord(file("verdicts.json"), verdictsRecord);
  return testPage(rejudged(readRecord(test, testRecord), verdicts, readTrials(file("trials.jsonl"))));
}

/** Writes the page, and its path on standard output. @throws InputError, OutputError */
export async function runReport(folder: string): Promise<void> {
  const path = join(folder, "report.html");
  writeFileAtomically(path, await pageOf(folder));
  process.stdout.write(`${path}\n`);
}
