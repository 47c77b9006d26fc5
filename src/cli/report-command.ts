/** @file `deadweight report`: its arguments. */
import { Command } from "commander";

export function reportCommand(): Command {
  return new Command("report")
    .description("Write report.html of a finished run again, from its records: with the margin of the last `verdict`.")
    .argument("<folder>", "run folder")
    .action(async (folder: string) => {
      // Loaded when it is asked for: --help and mistakes should answer at once.
      await (await import("./report.js")).runReport(folder);
    });
}
