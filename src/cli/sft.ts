/** @file `deadweight sft`: model, plan, data, learning rate, fine-tuning, checkpoints, plan bound to them, report. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { fractionDone, trialsDetail } from "../dispatch/trial-queue.js";
import { workerProcess } from "../dispatch/worker-process.js";
import { InputError, InterruptedError } from "../foundation/errors.js";
import { version } from "../foundation/version.js";
import { writeFileAtomically, writeRecord } from "../records/record-file.js";
import { openRunFolder, type RunFolder } from "../records/run-folder.js";
import type { RunRecord } from "../records/run-record.js";
import type { SftRecord } from "../records/sft-record.js";
import { duration } from "../report/figure-text.js";
import { sftPage } from "../report/sft-page.js";
import { sftTables } from "../report/sft-tables.js";
import { chooseLearningRate, type LearningRateCandidate } from "../study/learning-rate.js";
import { chooseBackend, noteOtherBackend } from "./chosen-backend.js";
import { dataConfiguration } from "./data-arguments.js";
import type { DataTaskResult } from "./data-task.js";
import { type DataSources, encodeData, findData, maxLengthOf } from "./fine-tuning-data.js";
import { interruptSignal } from "./interrupt.js";
import { learningRates } from "./learning-rates.js";
import { modelPath, type SourceOptions } from "./local-sources.js";
import { thisMachine } from "./machine.js";
import { type SftArguments, sftConfiguration } from "./sft-arguments.js";
import { boundPlan } from "./sft-bound-plan.js";
import { sftPreview } from "./sft-preview.js";
import { runFineTunings } from "./sft-runs.js";
import { candidateSteps, type SftSetting, sftSetting, tooShortNote } from "./sft-setting.js";
import { demandPlanFits, type PlanFile, readPlan, type SftModel } from "./sft-start.js";
import { sftSummary } from "./sft-summary.js";
import { terminalProgress } from "./terminal-progress.js";
import { leftOutText } from "./test-preview.js";
import { openTrainableModel } from "./trainable-model.js";
import { paceOf } from "./trial-pace.js";
import { withdrawRun } from "./withdraw-run.js";
import { demandWritable } from "./writable-path.js";

const now = () => performance.now();

interface Sft {
  readonly source: string;
  readonly path: string;
  readonly args: SftArguments;
  readonly opened: SftModel;
  readonly plan: PlanFile | null;
  readonly sources: DataSources;
  /** What computes, for records. */
  readonly engine: string;
  readonly options: SourceOptions;
}

function runRecordOf({ source, args, opened, plan, sources, engine }: Sft): RunRecord {
  return {
    schema: "deadweight/run@1",
    version,
    command: "sft",
    configuration: { model: source, ...dataConfiguration(args), ...sftConfiguration(args), precision: args.precision },
    inputs: { model: opened.facts.sha256, ...sources.inputs, ...(plan !== null && { plan: plan.sha256 }) },
    machine: thisMachine(),
    backend: engine,
    startedAt: new Date().toISOString(),
  };
}

interface Prepared {
  readonly data: DataTaskResult;
  readonly setting: SftSetting;
}

async function prepare(sft: Sft, file: string, runner: ReturnType<typeof workerProcess>): Promise<Prepared> {
  const { sources, args, opened, options, path } = sft;
  const where = { path: file, modelFolder: path, model: opened.model, runner, options };
  const data = await encodeData(sources, args, where);
  return { data, setting: sftSetting(opened, data, args, { model: resolve(path), data: resolve(file) }) };
}

async function dryRun(sft: Sft): Promise<void> {
  const { args, opened, options, plan } = sft;
  const folder = mkdtempSync(join(tmpdir(), "deadweight-dry-run-"));
  const runner = workerProcess();
  try {
    const { data, setting } = await prepare(sft, join(folder, "sft-data.json"), runner);
    const pace = await paceOf(runner, setting.plan.setting, options);
    const facts = { data, setting, pace, args, plan, maxLength: maxLengthOf(args, opened.model) };
    process.stdout.write(`${sftPreview(facts)}\n`);
  } finally {
    await runner.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface ChosenRate {
  readonly learningRate: number;
  readonly candidates: readonly LearningRateCandidate[];
}

/** The same choice as a test's: on plain fine-tuning, with examples of their own. */
async function rateOf(
  folder: RunFolder,
  { args, options }: Sft,
  { plan }: SftSetting,
  runner: ReturnType<typeof workerProcess>,
): Promise<ChosenRate> {
  if (args.learningRate !== null) return { learningRate: args.learningRate, candidates: [] };
  const { progress, signal } = options;
  const choice = await chooseLearningRate({
    ...{ setting: plan.setting, runners: [runner], steps: candidateSteps, seed: args.seed, signal },
    ...{ candidates: learningRates, path: folder.file("trials.jsonl") },
    onProgress: (state) =>
      progress.update({ stage: "learning rate", fraction: fractionDone(state), detail: trialsDetail(state) }),
  });
  progress.end();
  const edge =
    choice.learningRate === Math.max(...learningRates) ? "; the highest tried, a higher one may do more" : "";
  progress.note(`Learning rate ${choice.learningRate}, chosen in ${candidateSteps} steps of plain fine-tuning${edge}.`);
  return choice;
}

async function runIn(folder: RunFolder, sft: Sft): Promise<SftRecord> {
  const { args, opened, options, plan, engine } = sft;
  const { progress } = options;
  const runner = workerProcess();
  try {
    const prepared = await prepare(sft, folder.file("sft-data.json"), runner);
    for (const text of leftOutText(prepared.data, maxLengthOf(args, opened.model))) progress.note(`${text}.`);
    const { setting } = prepared;
    const note = tooShortNote(setting);
    if (note !== null) progress.note(note);
    if (!folder.continued) {
      const { stepSeconds, evaluationSeconds } = await paceOf(runner, setting.plan.setting, options);
      const seconds = setting.steps * stepSeconds + (setting.steps / setting.evaluateEvery + 1) * evaluationSeconds;
      progress.note(`${setting.steps} steps: about ${duration(seconds)} where nothing is frozen.`);
    }
    const rate = await rateOf(folder, sft, setting, runner);
    await runner.close();
    const runs = await runFineTunings({ folder, args, setting, plan, options, learningRate: rate.learningRate });
    return sftSummary({ args, opened, plan, engine, ...prepared, ...rate }, runs);
  } finally {
    progress.end();
    await runner.close();
  }
}

/** `plan.json` goes with best/, or with last/ where only that is kept; `plan-last.json` with last/ beside best/. */
function writePlans(folder: RunFolder, record: SftRecord, { opened, plan }: Sft): boolean {
  if (record.frozenMatrices.length === 0) return false;
  for (const [index, { folder: name, sha256 }] of record.checkpoints.entries()) {
    const bound = boundPlan({
      ...{ matrices: record.frozenMatrices, given: plan?.record ?? null, base: opened.facts },
      ...{ result: { path: folder.file(name), sha256 }, all: opened.matrices },
    });
    writeRecord(folder.file(index === 0 ? "plan.json" : "plan-last.json"), bound);
  }
  return true;
}

function show(record: SftRecord, { json }: SftArguments): void {
  if (json === "-") process.stdout.write(`${JSON.stringify(record)}\n`);
  else {
    if (json !== null) writeRecord(json, record);
    process.stdout.write(`${sftTables(record)}\n`);
  }
}

export async function runSft(source: string, given: SftArguments): Promise<void> {
  if (given.json !== null && given.json !== "-") demandWritable(given.json, "--json");
  const plan = given.plan === null ? null : readPlan(given.plan);
  const progress = terminalProgress(process.stderr, now);
  const options = { progress, signal: interruptSignal(progress.note) };
  const begin = now();
  const path = await modelPath(source, options);
  const opened = openTrainableModel(source, path, (matrices) => matrices);
  if (plan !== null) demandPlanFits(plan, path, opened);
  const sources = await findData(given, options);
  const { engine, ...chosen } = await chooseBackend(given, options);
  const args = { ...given, ...chosen };
  const sft: Sft = { source, path, args, opened, plan, options, sources, engine };
  if (args.dryRun) return dryRun(sft);
  const out = args.out ?? join("runs", `sft-${basename(source.replace(/@.*$/, ""))}`);
  const folder = openRunFolder(out, runRecordOf(sft));
  try {
    progress.note(`${folder.continued ? "Continuing" : "Starting"} in ${out}.`);
    noteOtherBackend(folder, engine, progress.note);
    const record = await runIn(folder, sft);
    const planned = writePlans(folder, record, sft);
    writeRecord(folder.file("sft.json"), record);
    writeFileAtomically(folder.file("report.html"), sftPage(record));
    show(record, args);
    const kept = record.checkpoints.map((checkpoint) => folder.file(checkpoint.folder)).join(", ");
    progress.note(
      `Done in ${duration((now() - begin) / 1000)}. Checkpoints: ${kept}.${planned ? ` Plan: ${folder.file("plan.json")}.` : ""} Report: ${pathToFileURL(folder.file("report.html")).href}`,
    );
  } catch (error) {
    progress.end();
    if (error instanceof InputError) withdrawRun(folder);
    if (error instanceof InterruptedError)
      throw new InterruptedError("Stopped; what was done is saved. Run the same command to continue.");
    throw error;
  } finally {
    folder.release();
  }
}
