/** @file `deadweight test`: its options. */
import { Command, Option } from "commander";
import { type RawTestOptions, testArguments } from "./test-arguments.js";

const notes = `
<model> is a folder in Hugging Face layout with its tokenizer.json, or a hub id org/name[@revision]: GPT-2, Llama, Mistral, Qwen2,
Qwen3, MiniMind, GPT-NeoX (Pythia). It is trained in float32, whatever it is stored in.

Data: .jsonl, .json, .csv, .parquet (also .gz), a folder of them, or a hub data set org/name[@revision][:subset][/split]. Columns:
messages or conversations; prompt and completion; question and answer; instruction, input and output; text; or named ones.

Arms (full always runs): frozen as trained; crystal[:k], its rank-k approximation, frozen; random, frozen; random:init; zero; shuffled;
and crystal[:k]:trainable, random:trainable, zero:trainable, which replace and do not freeze.

Verdicts: redundant (random holds the margin), low-rank (crystal does), freezable (frozen does), needed (frozen does not), undecided.

Examples:
  deadweight test ./my-model --data train.jsonl --dry-run
  deadweight test ./my-model --data train.jsonl --matrix 'layers.*.self_attn.o_proj' --seeds 5
  deadweight test org/name --data org/dataset --matrix 'layers.3.mlp.*' --arms frozen,crystal:8,random
  deadweight test ./my-model --data train.jsonl --matrix '**.o_proj' --together

Interrupt at any time; the same command continues. More seeds, matrices or arms continue the folder too.`;

export function testCommand(): Command {
  return new Command("test")
    .description(
      "Test matrices causally: fine-tune with each one free, frozen, of rank 1, random, over paired seeds; with verdicts.",
    )
    .argument("<model>", "folder or hub id")
    .requiredOption("--data <source...>", "fine-tuning data: files, a folder, or a hub data set")
    .option("--eval-data <source...>", "held-out examples (default: set apart from --data)")
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
    .option("--lr <rate>", "peak learning rate; auto: chosen on full alone, on examples that no verdict uses", "auto")
    .option("--margin <percent>", "loss that counts as none, percent of full's held-out loss", "0.5")
    .option("--confidence <p>", "of the intervals", "0.95")
    .option("--batch-tokens <n>", "scored tokens of a batch, about", "512")
    .option("--max-length <n>", "tokens of an example; longer ones are cut (default: the model's context, up to 1024)")
    .option("--held-out <n>", "held-out examples", "256")
    .option("--max-examples <n>", "training examples at most", "20000")
    .addOption(
      new Option("--train-on <what>", "which tokens are scored").choices(["completion", "all"]).default("completion"),
    )
    .option("--prompt-column <name>", "column of the prompt")
    .option("--completion-column <name>", "column of the completion")
    .option("--messages-column <name>", "column of the conversation")
    .option("--text-column <name>", "column of plain text, all of it scored")
    .option("--chat-template <name>", "a file, or chatml, llama3, zephyr, alpaca (default: the model's own)")
    .option("--dry-run", "show examples with their scored tokens, counts, memory and time; train nothing")
    .option("--out <folder>", "run folder (default: runs/test-<model>)")
    .option("--json <file>", "write test.json here as well; - for standard output in place of the tables")
    .option("--seed <n>", "of the split and the choice of the rate", "1")
    .addOption(new Option("--precision <p>", "of the arithmetic").choices(["fp32"]).default("fp32"))
    .addOption(new Option("--device <device>", "where to compute").choices(["cpu", "webgpu"]).default("cpu"))
    .option("--threads <n>", "threads in all (default: all cores)")
    .option("--jobs <n>", "trials at a time, each in a process of its own (default: one a core, as memory allows)")
    .option(
      "--memory <size>",
      "of all jobs together, e.g. 12GB; batches are split to fit (default: 80% of the machine's)",
    )
    .addHelpText("after", notes)
    .action(async (model: string, raw: RawTestOptions) => {
      const args = testArguments(raw);
      // Loaded when it is asked for: --help and mistakes should answer at once.
      await (await import("./test.js")).runTest(model, args);
    });
}
