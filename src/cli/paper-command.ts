/** @file `deadweight paper`: paper 63 from raw text to report. */
import { Command } from "commander";
import { presetNames } from "../paper/preset.js";
import type { PaperCommandOptions } from "./paper.js";
import { addRunOptions } from "./run-options.js";

export function paperCommand(): Command {
  const command = new Command("paper")
    .description(
      `Run paper 63 from raw text to report: train a base on public-domain books, fine-tune it on WordNet's glosses with the
attention output projection of layer 4 free, frozen, of rank 1, random and zero over paired seeds, scan the attention
matrices, and set our figures beside the printed ones.

Presets: smoke (seconds, for a first try; its verdicts mean nothing), quick (minutes), full (the paper's size, about an hour).
Interrupt at any time; the same command continues.`,
    )
    .option("--preset <name>", `size of the experiment: ${presetNames.join(", ")}`, "quick")
    .option("--out <folder>", "run folder (default: runs/paper-<preset>)")
    .option("--json <file>", "write paper.json here as well; - for standard output in place of the tables");
  // Loaded when it is asked for: --help and mistakes should answer at once.
  return addRunOptions(command).action(async (options: PaperCommandOptions) =>
    (await import("./paper.js")).paper(options),
  );
}
