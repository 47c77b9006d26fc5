/** @file `deadweight test`: its options. */
import { Command } from "commander";
import { addComputeOptions } from "./compute-arguments.js";
import { addDataDetails, addDataOptions, dataNotes } from "./data-arguments.js";
import { type RawTestOptions, testArguments } from "./test-arguments.js";

const notes = `
${dataNotes}

Arms (full always runs): frozen as trained; crystal[:k], its rank-k approximation, frozen; random, frozen; random:init; zero; shuffled;
and crystal[:k]:trainable, random:trainable, zero:trainable, which replace and do not freeze.

Verdicts: redundant (random holds the margin), low-rank (crystal does), freezable (frozen does), needed (frozen does not), undecided.

Examples:
  deadweight test ./my-model --data train.jsonl --dry-run
  deadweight test ./my-model --data train.jsonl --matrix 'layers.*.self_attn.o_proj' --seeds 5
  deadweight test org/name --data org/dataset --matrix 'layers.3.mlp.*' --arms frozen,crystal:8,random
  deadweight test ./my-model --data train.jsonl --matrix '**.o_proj' --together

Interrupt at any time; the same command continues. With --seeds <n> more seeds, matrices or arms continue the folder too; with --seeds
auto the most seeds, margin, confidence, matrices and arms are fixed before the first seed.`;

export function testCommand(): Command {
  const command = new Command("test")
    .description(
      "Test matrices causally: fine-tune with each one free, frozen, of rank 1, random, over paired seeds; with verdicts.",
    )
    .argument("<model>", "folder or hub id");
  addDataOptions(command)
    .option(
      "--general-data <source...>",
      "text of the model's own domain: what each arm makes it forget is measured there",
    )
    .option(
      "--matrix <glob...>",
      "matrices whose name matches, each tested (default: the attention output projections)",
    )
    .option("--together", "treat all of them together, as one")
    .option("--arms <list>", "what is done to a matrix", "frozen,crystal,random")
    .option("--seeds <n>", "paired repetitions; auto: until everything is decided, looking after each", "auto")
    .option(
      "--max-seeds <n>",
      "seeds at most with --seeds auto; part of the plan, not to be changed afterwards (default: 20)",
    )
    .option("--lr-sensitivity", "repeat everything at half and at twice the learning rate")
    .option("--like-paper", "also print the paper's way: one seed, last training loss, no interval")
    .option("--no-controls", "leave out the trials that try the test itself")
    .option("--steps <n>", "of fine-tuning", "50")
    .option("--margin <percent>", "loss that counts as none, percent of full's held-out loss", "0.5")
    .option("--confidence <p>", "of the intervals", "0.95");
  addDataDetails(command, { heldOut: "256", maxExamples: "20000", seedOf: "of the split and the choice of the rate" })
    .option("--dry-run", "show examples with their scored tokens, counts, memory and time; train nothing")
    .option("--out <folder>", "run folder (default: runs/test-<model>)")
    .option("--json <file>", "write test.json here as well; - for standard output in place of the tables");
  return addComputeOptions(command, { jobs: true })
    .addHelpText("after", notes)
    .action(async (model: string, raw: RawTestOptions) => {
      const args = testArguments(raw);
      // Loaded when it is asked for: --help and mistakes should answer at once.
      await (await import("./test.js")).runTest(model, args);
    });
}
