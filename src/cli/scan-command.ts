/** @file `deadweight scan`: its arguments. */
import { Command, Option } from "commander";
import { UsageError } from "../foundation/errors.js";
import { positiveInteger } from "./option-values.js";
import type { ScanArguments } from "./scan-arguments.js";

const notes = `
<model> is a folder in Hugging Face layout, one .safetensors file, or a hub id org/name[@revision].

Every 2-D weight is measured, and every expert of a stacked one; packed projections (c_attn, qkv_proj, ...) also part by part.
Each measure stands beside its null: what i.i.d. noise of the same shape would show. x1.00 is as noise; docs/measures.md explains all.

Above a smaller side of 2,048 the spectrum is estimated (stochastic Lanczos quadrature) and shown with its standard error.

Examples:
  deadweight scan gpt2
  deadweight scan ./my-model --only 'h.*.attn.c_proj' --sort pr
  deadweight scan ./fine-tuned --base ./base --html change.html
  deadweight scan org/name --json - | jq '.matrices[] | {name, pr, prNull}'`;

export function scanCommand(): Command {
  return new Command("scan")
    .description("Measure the spectrum of every weight matrix beside what noise of its shape would show.")
    .argument("<model>", "folder, .safetensors file, or hub id")
    .option("--only <glob...>", "matrices whose name matches; * stays within a dot, ** crosses dots")
    .option("--base <model>", "also measure what has changed since this checkpoint")
    .addOption(new Option("--quick", "only pr, pc1, norms and entry statistics").conflicts("exact"))
    .option("--exact", "all singular values to 1e-14, by bidiagonalization; takes the whole matrix in memory")
    .option("--no-parts", "packed projections as a whole only")
    .addOption(
      new Option("--amplitudes <fit>", "Gaussian amplitude PR of the rows (paper 62); both takes minutes")
        .choices(["none", "projection", "both"])
        .default("none"),
    )
    .addOption(
      new Option("--sort <key>", "order of the rows")
        .choices(["layer", "name", "pr", "pc1", "spikes", "change", "distance"])
        .default("layer"),
    )
    .option("--json <file>", "write the record here; - for standard output in place of the table")
    .option("--csv <file>", "write a row of figures for each matrix here; - for standard output in place of the table")
    .option("--html <file>", "write the page here")
    .option("--seed <n>", "of what is drawn (default: 0)")
    .option("--jobs <n>", "matrices at a time (default: one a core, as memory allows)")
    .addHelpText("after", notes)
    .action(async (model: string, options: Record<string, unknown>) => {
      const { runScan } = await import("./scan.js");
      await runScan(model, parsed(options));
    });
}

interface RawOptions {
  readonly only?: string[];
  readonly base?: string;
  readonly quick?: boolean;
  readonly exact?: boolean;
  readonly parts?: boolean;
  readonly amplitudes?: ScanArguments["amplitudes"];
  readonly sort?: ScanArguments["sort"];
  readonly json?: string;
  readonly csv?: string;
  readonly html?: string;
  readonly seed?: string;
  readonly jobs?: string;
}

function parsed(raw: RawOptions): ScanArguments {
  const {
    only = [],
    quick,
    exact,
    parts = true,
    amplitudes = "none",
    sort = "layer",
    seed = "0",
    jobs,
    ...paths
  } = raw;
  if (paths.json === "-" && paths.csv === "-") throw new UsageError("--json - and --csv - both want standard output.");
  if (sort === "change" && paths.base === undefined) throw new UsageError("--sort change needs --base.");
  const number = Number(seed);
  if (!Number.isSafeInteger(number) || number < 0 || seed.trim() === "")
    throw new UsageError(`--seed is '${seed}'; it is a whole number of at least 0.`);
  return {
    ...{ only, parts, amplitudes, sort, seed: number },
    ...paths,
    depth: quick ? "norms" : exact ? "exact" : "full",
    ...(jobs !== undefined && { jobs: positiveInteger(jobs, "--jobs") }),
  };
}
