/** @file `deadweight report`: makes the page of a finished run again. */
import { join } from "node:path";
import { Command } from "commander";
import { paperRecord } from "../records/paper-record.js";
import { readRecord, writeFileAtomically } from "../records/record-file.js";

export function reportCommand(): Command {
  return new Command("report")
    .description("Write report.html of a finished run again, from its records.")
    .argument("<folder>", "run folder")
    .action(async (folder: string) => {
      const { paperPage } = await import("../report/paper-page.js");
      const path = join(folder, "report.html");
      writeFileAtomically(path, paperPage(readRecord(join(folder, "paper.json"), paperRecord)));
      process.stdout.write(`${path}\n`);
    });
}
