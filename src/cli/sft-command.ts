/** @file `deadweight sft`: its options. */
import { Command, Option } from "commander";
import { defaultProgressive } from "../training/progressive-freezing.js";
import { addComputeOptions } from "./compute-arguments.js";
import { addDataDetails, addDataOptions, dataNotes } from "./data-arguments.js";
import { type RawSftOptions, sftArguments } from "./sft-arguments.js";

const notes = `
--plan carries out a plan before the first step: its random, zero and low-rank matrices take the place of the trained ones, and all of
its matrices stay as they are then. --progressive freezes more along the way: every --freeze-every steps it measures how far each matrix
(or each group from the bottom: embeddings, block 0, block 1, ...) has moved for its learning rate, and freezes what moves less than
--freeze-threshold of what it moved at first; where the held-out loss rises after a freeze, it is taken back. Frozen matrices cost no
weight gradient, a frozen prefix no backward pass, and, where its activations fit --cache-memory, no forward pass either.

It writes best/ and last/ (folders that transformers opens), sft.json, report.html, and, where anything stayed frozen, plan.json: the
plan bound to best/, for \`deadweight export\`; plan-last.json is the same for last/.

${dataNotes}

Examples:
  deadweight sft ./my-model --data train.jsonl --dry-run
  deadweight sft ./my-model --data train.jsonl --epochs 3 --lr 1e-4
  deadweight sft ./my-model --data train.jsonl --plan runs/boundary-my-model/plan.json --compare
  deadweight sft ./my-model --data train.jsonl --progressive --freeze prefix --compare --seeds 3

Interrupt at any time; the same command continues where it stopped, to the same weights. --compare and more --seeds continue too.`;

const rule = defaultProgressive;

export function sftCommand(): Command {
  const command = new Command("sft")
    .description("Fine-tune, with a freeze plan or with progressive freezing, or plainly; write checkpoint and report.")
    .argument("<model>", "folder or hub id");
  addDataOptions(command)
    .option("--general-data <source...>", "text of the model's own domain: what is forgotten is measured there")
    .option("--plan <file>", "plan.json of `boundary`, or your own: what to do to which matrix beforehand")
    .option("--progressive", "freeze more along the way")
    .addOption(
      new Option("--freeze <what>", `what to freeze along the way (default: ${rule.what})`).choices([
        "prefix",
        "matrices",
      ]),
    )
    .option("--freeze-every <steps>", `steps between decisions (default: ${rule.every})`)
    .option("--freeze-threshold <share>", `of the movement of the first interval (default: ${rule.threshold})`)
    .option("--freeze-most <share>", `of the parameters, at most (default: ${rule.most})`)
    .option("--freeze-tolerance <percent>", `rise of the held-out loss that takes it back (default: ${rule.tolerance})`)
    .option("--epochs <n>", "passes over the training examples (default: 1)")
    .option("--steps <n>", "steps, in place of --epochs")
    .addOption(
      new Option("--schedule <kind>", "of the learning rate after the warm-up")
        .choices(["cosine", "linear", "constant"])
        .default("cosine"),
    )
    .option("--warmup <share>", "of the steps", "0.1")
    .option("--weight-decay <rate>", "of AdamW, on matrices", "0.1")
    .option("--clip <norm>", "of the gradients; 0 for none", "1")
    .option("--evaluate-every <steps>", "held-out loss (default: about 20 times in all)")
    .addOption(
      new Option("--keep <which>", "checkpoints: of the lowest held-out loss, of the last step")
        .choices(["best", "last", "both"])
        .default("both"),
    )
    .addOption(
      new Option("--dtype <type>", "of the checkpoints").choices(["source", "F32", "F16", "BF16"]).default("source"),
    )
    .option("--cache-memory <size>", "for activations of a frozen prefix; 0 for none (default: half of what is free)")
    .option("--compare", "also fine-tune plainly, with the same data in the same order")
    .option("--seeds <n>", "paired seeds of --compare (default: 1)");
  addDataDetails(command, { heldOut: "256", maxExamples: "1000000", seedOf: "of the split and the order of the data" })
    .option("--dry-run", "count examples and steps, estimate memory and time; train nothing")
    .option("--out <folder>", "run folder (default: runs/sft-<model>)")
    .option("--json <file>", "write sft.json here as well; - for standard output in place of the tables");
  return addComputeOptions(command, { jobs: false })
    .addHelpText("after", notes)
    .action(async (model: string, raw: RawSftOptions) => {
      const args = sftArguments(raw);
      // Loaded when it is asked for: --help and mistakes should answer at once.
      await (await import("./sft.js")).runSft(model, args);
    });
}
