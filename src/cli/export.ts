/** @file `deadweight export`: refuses what cannot be handed over, hashes the model, writes, tells what was written. */
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { type Checkpoint, openCheckpoint } from "../checkpoint/checkpoint.js";
import { writeCheckpointFolder } from "../checkpoint/checkpoint-folder.js";
import { findWeightFiles } from "../checkpoint/weight-files.js";
import { axolotlHandover } from "../export/axolotl.js";
import { type CheckedPlan, checkedPlan } from "../export/checked-plan.js";
import { writeCompactCheckpoint } from "../export/compact-checkpoint.js";
import { writeDenseCheckpoint } from "../export/dense-checkpoint.js";
import type { ExportRecord } from "../export/export-record.js";
import { type Handover, type HandoverWriter, replacesValues } from "../export/handover.js";
import { llamafactoryHandover } from "../export/llamafactory.js";
import { modelParameters } from "../export/model-parameters.js";
import { peftHandover } from "../export/peft.js";
import { replacedCheckpoint } from "../export/replaced-checkpoint.js";
import { trlHandover } from "../export/trl.js";
import { version } from "../foundation/version.js";
import { type PlanRecord, planRecord } from "../records/plan-record.js";
import { readRecord, writeRecord } from "../records/record-file.js";
import type { ExportArguments, ListFormat } from "./export-arguments.js";
import { demandNewFolder, filesIn, writeNewFolder } from "./export-folder.js";
import { exportLines } from "./export-lines.js";
import { hashedWithProgress } from "./hashed-checkpoint.js";
import { interruptSignal } from "./interrupt.js";
import { modelPath, type SourceOptions } from "./local-sources.js";
import { terminalProgress } from "./terminal-progress.js";
import { demandWritable } from "./writable-path.js";

const writers: Readonly<Record<ListFormat, HandoverWriter>> = {
  axolotl: axolotlHandover,
  trl: trlHandover,
  peft: peftHandover,
  llamafactory: llamafactoryHandover,
};

type PlannedArguments = Exclude<ExportArguments, { to: "dense" }>;
type Written = Omit<ExportRecord, "schema" | "version" | "to" | "out" | "files">;

/** Folder of the replaced checkpoint, within what is written. */
const replacedFolder = "model";

const weightBytes = (paths: readonly string[]) => paths.reduce((sum, path) => sum + statSync(path).size, 0);

function weightBytesIn(folder: string): number {
  return weightBytes(
    filesIn(folder).flatMap(({ path }) => (path.endsWith(".safetensors") ? [join(folder, path)] : [])),
  );
}

/** @throws InputError, OutputError, UsageError, InterruptedError; nothing is written then. */
export async function runExport(model: string, args: ExportArguments): Promise<void> {
  const { to, out, json } = args;
  demandNewFolder(out);
  if (json !== undefined && json !== "-") demandWritable(json, "--json");
  const progress = terminalProgress(process.stderr, () => performance.now());
  const sources = { progress, signal: interruptSignal((text) => progress.note(text)) };
  const written = args.to === "dense" ? await dense(model, args, sources) : await planned(model, args, sources);
  const record: ExportRecord = {
    ...{ schema: "deadweight/export@1", version, to, out },
    ...written,
    files: filesIn(out),
  };
  if (json === "-") {
    process.stdout.write(`${JSON.stringify(record)}\n`);
    return;
  }
  if (json !== undefined) writeRecord(json, record);
  process.stdout.write(`${exportLines(record, process.stdout.columns ?? 100).join("\n")}\n`);
}

async function dense(model: string, { out }: ExportArguments, sources: SourceOptions): Promise<Written> {
  const path = await modelPath(model, sources);
  writeDenseCheckpoint(out, path);
  return {
    ...{ model: { source: model, sha256: null }, plan: null, train: out, frozen: null, trainableParameters: null },
    ...{ weightBytes: { before: weightBytesIn(path), after: weightBytesIn(out) }, settings: {}, notes: [] },
  };
}

async function planned(model: string, args: PlannedArguments, sources: SourceOptions): Promise<Written> {
  const record = readRecord(args.plan, planRecord);
  // Whoever writes a checkpoint hands the tokenizer on.
  const whole = args.to === "checkpoint" || replacesValues(record);
  const path = await modelPath(model, { ...sources, ...(!whole && { only: "weights" }) });
  const checkpoint = openCheckpoint(path, { hashWhileReading: true });
  try {
    // What can be refused by names and shapes alone should not wait for a hash.
    const plan = checkedPlan(record, args.plan, { ...checkpoint, source: model }, null);
    return args.to === "checkpoint"
      ? await compact(model, path, checkpoint, plan, args, sources)
      : await list(model, checkpoint, plan, { ...args, to: args.to }, sources);
  } finally {
    checkpoint.close();
  }
}

/** @throws InputError where the plan was made for another checkpoint. */
async function demandSameModel(
  model: string,
  checkpoint: Checkpoint,
  record: PlanRecord,
  path: string,
  sources: SourceOptions,
): Promise<string> {
  const sha256 = await hashedWithProgress(checkpoint, sources);
  checkedPlan(record, path, { ...checkpoint, source: model }, sha256);
  return sha256;
}

async function compact(
  model: string,
  path: string,
  checkpoint: Checkpoint,
  plan: CheckedPlan,
  { plan: planPath, out }: PlannedArguments,
  sources: SourceOptions,
): Promise<Written> {
  const sha256 = await demandSameModel(model, checkpoint, plan.record, planPath, sources);
  writeCompactCheckpoint(out, checkpoint, plan);
  const bytes = { before: weightBytes(findWeightFiles(path).paths), after: weightBytesIn(out) };
  const onlyFrozen = plan.matrices.every(({ planned: { action } }) => action === "freeze");
  return {
    ...{ model: { source: model, sha256 }, plan: planPath, train: null, settings: {} },
    ...{ frozen: frozenOf(plan), trainableParameters: null, weightBytes: bytes },
    notes: onlyFrozen
      ? ["The plan only freezes, and a frozen matrix must be stored: the checkpoint holds what it held."]
      : [],
  };
}

function frozenOf({ matrices, free }: CheckedPlan): NonNullable<ExportRecord["frozen"]> {
  const parameters = matrices.reduce((sum, { matrix: { rows, cols } }) => sum + rows * cols, 0);
  return { matrices: matrices.length, ofMatrices: matrices.length + free.length, parameters };
}

async function list(
  model: string,
  checkpoint: Checkpoint,
  plan: CheckedPlan,
  { plan: planPath, to, out }: PlannedArguments & { readonly to: ListFormat },
  sources: SourceOptions,
): Promise<Written> {
  const replaces = replacesValues(plan.record);
  const trained = replaces ? join(out, replacedFolder) : model;
  const parameters = modelParameters({ ...checkpoint, source: model }, plan);
  const handover: Handover = writers[to]({ plan, parameters, source: model, trained });
  const content = replaces ? replacedCheckpoint(checkpoint, plan) : null;
  const sha256 = await demandSameModel(model, checkpoint, plan.record, planPath, sources);
  writeNewFolder(out, (temporary) => {
    if (content !== null) writeCheckpointFolder(join(temporary, replacedFolder), content);
    writeFileSync(join(temporary, handover.fileName), handover.content, { flush: true });
  });
  const { trainableParameters, settings, notes } = handover;
  return {
    ...{ model: { source: model, sha256 }, plan: planPath, train: trained, settings, notes, trainableParameters },
    ...{ frozen: frozenOf(plan), weightBytes: null },
  };
}
