/** @file `deadweight report`: makes the page of a finished run again. */
import { join } from "node:path";
import { Command } from "commander";
import { withVerdicts } from "../paper/paper-summary.js";
import { paperRecord } from "../records/paper-record.js";
import { readRecord, writeFileAtomically } from "../records/record-file.js";
import { verdictsRecord } from "../records/verdicts-record.js";

export function reportCommand(): Command {
  return new Command("report")
    .description("Write report.html of a finished run again, from its records: with the margin of the last `verdict`.")
    .argument("<folder>", "run folder")
    .action(async (folder: string) => {
      const { paperPage } = await import("../report/paper-page.js");
      const path = join(folder, "report.html");
      const record = readRecord(join(folder, "paper.json"), paperRecord);
      const verdicts = readRecord(join(folder, "verdicts.json"), verdictsRecord);
      writeFileAtomically(path, paperPage(withVerdicts(record, verdicts)));
      process.stdout.write(`${path}\n`);
    });
}
