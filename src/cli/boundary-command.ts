/** @file `deadweight boundary`: its options. */
import { Command } from "commander";
import { boundaryArguments, type RawBoundaryOptions } from "./boundary-arguments.js";
import { addComputeOptions } from "./compute-arguments.js";
import { addDataDetails, addDataOptions, dataNotes } from "./data-arguments.js";

const notes = `
What one matrix costs alone does not say what many cost together. The search
  1. fine-tunes with each matrix treated alone, and orders them: least cost for each parameter saved first;
  2. treats the first 1, 2, 4, ... and all of them together, then bisects; a matrix that a set fails with is passed over;
  3. confirms the largest set that held, on seeds and held-out examples that nothing was decided on. A set that fails is shrunk and
     confirmed anew on fresh ones, within the same error. A held-out part serves one set of an action, however often a folder is
     searched: another --matrix or budget gets the parts that are left.

Actions: freeze as trained; crystal:k, the rank-k approximation, frozen; crystal, with k chosen for each matrix; random values, frozen;
zero; cheapest, the first of random, crystal and freeze that holds alone. Several (freeze,crystal,random) are searched one after the
other and share the trials of full fine-tuning.

It writes boundary.json, report.html, and for each action with a confirmed set plan-<action>.json, the one that saves most as plan.json:
for \`deadweight sft --plan\` and \`deadweight export --plan\`.

${dataNotes}

Examples:
  deadweight boundary ./my-model --data train.jsonl --dry-run
  deadweight boundary ./my-model --data train.jsonl --action freeze --max-hours 2
  deadweight boundary ./my-model --data train.jsonl --action freeze,crystal,random --matrix '**.self_attn.*' --max-trials 100

Interrupt at any time; the same command continues. \`deadweight verdict\` judges the trials at another margin.`;

export function boundaryCommand(): Command {
  const command = new Command("boundary")
    .description(
      "Find how many matrices can go together: joint trials, confirmed on fresh seeds and data; makes a plan.",
    )
    .argument("<model>", "folder or hub id");
  addDataOptions(command)
    .option("--matrix <glob...>", "matrices that may go (default: every matrix of a layer)")
    .option("--action <list>", "what is done to them", "freeze")
    .option("--max-trials <n>", "trials of an action at most (default: as many as it takes)")
    .option("--max-hours <n>", "hours of an action at most, over all sittings")
    .option("--evidence-seeds <n>", "seeds of each matrix alone", "2")
    .option("--search-seeds <n>", "seeds of a set in the search, at least; two more where it is close", "3")
    .option("--max-seeds <n>", "seeds of a confirmation, at most", "12")
    .option("--attempts <n>", "confirmations of an action at most, over all searches of a folder", "3")
    .option("--pass-over <n>", "matrices that the search may pass over", "3")
    .option("--like-paper", "also freeze the sets of paper 64 and print its figures beside")
    .option("--steps <n>", "of fine-tuning", "50")
    .option("--margin <percent>", "loss that counts as none, percent of full's held-out loss", "0.5")
    .option("--confidence <p>", "that a confirmed set is within the margin", "0.95");
  addDataDetails(command, { heldOut: "256", maxExamples: "20000", seedOf: "of the split and the choice of the rate" })
    .option("--dry-run", "count the trials and estimate the time; train nothing")
    .option("--out <folder>", "run folder (default: runs/boundary-<model>)")
    .option("--json <file>", "write boundary.json here as well; - for standard output in place of the tables");
  return addComputeOptions(command, { jobs: true })
    .addHelpText("after", notes)
    .action(async (model: string, raw: RawBoundaryOptions) => {
      const args = boundaryArguments(raw);
      // Loaded when it is asked for: --help and mistakes should answer at once.
      await (await import("./boundary.js")).runBoundary(model, args);
    });
}
