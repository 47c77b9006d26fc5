/** @file `deadweight export`: its options. */
import { Command, Option } from "commander";
import { exportArguments, exportFormats, type RawExportOptions } from "./export-arguments.js";

const notes = `
<model> is the checkpoint that the plan was made for: a folder, one .safetensors file, or a hub id org/name[@revision]; its SHA-256 is compared.

  axolotl       axolotl.yaml: unfrozen_parameters, exactly what the plan leaves free
  trl           freeze_plan.py: sets requires_grad and checks itself; for every trainer of transformers models
  peft          peft_config.py: LoraConfig arguments; what the plan freezes gets no adapter
  llamafactory  llamafactory.yaml: freeze tuning, where whole modules of the first or last layers are free
  checkpoint    a smaller checkpoint: factors and seeds in place of matrices; with a PyTorch loader
  dense         a compact folder, given as <model>, back to an ordinary checkpoint

Where a plan replaces values, a freeze list comes with model/, the checkpoint that holds them: that is the one to train. docs/export.md says more.

Examples:
  deadweight export gpt2 --plan run/plan.json --to axolotl --out for-axolotl
  deadweight export ./my-model --plan run/plan.json --to checkpoint --out small
  deadweight export ./small --to dense --out restored`;

export function exportCommand(): Command {
  return new Command("export")
    .description("Hand a plan over: as a freeze list for another trainer, or as a smaller checkpoint.")
    .argument("<model>", "folder, .safetensors file, or hub id")
    .option("--plan <file>", "plan.json to hand over")
    .addOption(new Option("--to <format>", "what to write").choices([...exportFormats]).makeOptionMandatory())
    .requiredOption("--out <folder>", "folder to write: new or empty")
    .option("--json <file>", "write what was done here as a record; - for standard output in place of the lines")
    .addHelpText("after", notes)
    .action(async (model: string, raw: RawExportOptions) => {
      const args = exportArguments(raw);
      const { runExport } = await import("./export.js");
      await runExport(model, args);
    });
}
