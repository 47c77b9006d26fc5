/** @file `deadweight verdict`: its arguments. */
import { Command } from "commander";
import type { VerdictOptions } from "./verdict.js";

export function verdictCommand(): Command {
  return new Command("verdict")
    .description("Judge the finished trials of a run again, with another margin or confidence. Nothing is trained.")
    .argument("<folder>", "run folder")
    .option(
      "--margin <percent>",
      "loss that counts as none, percent of full's held-out loss (default: that of the run, 0.5 where none is on record; of a boundary several)",
    )
    .option("--confidence <p>", "confidence of the intervals (default: that of the run, or 0.95)")
    .option("--json <file>", "write the verdicts here as well; - for standard output in place of the table")
    .action(async (folder: string, options: VerdictOptions) => {
      // Loaded when it is asked for: --help and mistakes should answer at once.
      (await import("./verdict.js")).runVerdict(folder, options);
    });
}
