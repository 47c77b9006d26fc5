/** @file What `deadweight export` is asked to do, parsed and checked. */
import { UsageError } from "../foundation/errors.js";

/** Trainers that take a freeze list, and the two ways between a checkpoint and its smaller form. */
export const exportFormats = ["axolotl", "trl", "peft", "llamafactory", "checkpoint", "dense"] as const;
export type ExportFormat = (typeof exportFormats)[number];
export type ListFormat = Exclude<ExportFormat, "checkpoint" | "dense">;

interface Destination {
  readonly out: string;
  readonly json?: string;
}

export type ExportArguments = Destination &
  ({ readonly to: "dense" } | { readonly to: Exclude<ExportFormat, "dense">; readonly plan: string });

export interface RawExportOptions {
  readonly plan?: string;
  readonly to: ExportFormat;
  readonly out: string;
  readonly json?: string;
}

/** @throws UsageError */
export function exportArguments({ plan, to, ...destination }: RawExportOptions): ExportArguments {
  if (destination.out === "") throw new UsageError("--out is empty; it is the folder to write.");
  if (to === "dense") {
    if (plan !== undefined)
      throw new UsageError("--to dense takes no --plan: the compact checkpoint holds its own. Leave it out.");
    return { ...destination, to };
  }
  if (plan === undefined) throw new UsageError(`--to ${to} needs --plan FILE: the plan.json to hand over.`);
  return { ...destination, to, plan };
}
