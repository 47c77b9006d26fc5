/** @file The paper's experiment, stage by stage, in a run folder. Every stage is skipped where its result is there already. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import { parseArm } from "../crystal/arm.js";
import type { TrialSetting } from "../crystal/trial-spec.js";
import type { TaskRunner } from "../dispatch/task.js";
import { fractionDone, runTrials, type TrialProgress, trialsDetail } from "../dispatch/trial-queue.js";
import { InputError } from "../foundation/errors.js";
import type { PaperRecord } from "../records/paper-record.js";
import { parseRecord, readRecord, writeFileAtomically, writeRecord } from "../records/record-file.js";
import type { RunFolder } from "../records/run-folder.js";
import type { TrialRecord } from "../records/trial-record.js";
import { paperPage } from "../report/paper-page.js";
import { judge } from "../statistics/verdict.js";
import { chooseLearningRate } from "../study/learning-rate.js";
import { matrixTestSpecs } from "../study/matrix-test.js";
import type { BackendOptions } from "../training/open-backend.js";
import { removeTrainingState } from "../training/training-state.js";
import { type BaseTraining, baseProgress, baseTraining } from "./base-training.js";
import { paperSummary } from "./paper-summary.js";
import type { PaperPreset } from "./preset.js";
import { printedArms, target } from "./printed-figures.js";
import { scanAttention, spectrumOf } from "./scan-base.js";
import { type PaperTexts, paperTexts } from "./texts.js";

export interface PaperProgress {
  readonly stage: string;
  /** 0..1 */
  readonly fraction: number;
  readonly detail: string;
}

export interface PaperOptions {
  readonly preset: PaperPreset;
  readonly folder: RunFolder;
  /** Threads of all runners together. */
  readonly compute: Omit<BackendOptions, "say">;
  /** What computes, for records. */
  readonly engine: string;
  /** Trials run on all of them, the base on the first. */
  readonly runners: readonly TaskRunner[];
  readonly onProgress: (progress: PaperProgress) => void;
  readonly onNote: (text: string) => void;
  readonly signal: AbortSignal;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

const textsTask = new URL("./texts-task.js", import.meta.url);
const baseTask = new URL("./base-task.js", import.meta.url);

async function prepareTexts({
  preset,
  folder,
  runners,
  onProgress,
  onNote,
  signal,
}: PaperOptions): Promise<PaperTexts> {
  const result = await runners[0].run(
    textsTask,
    { preset: preset.name, folder: folder.path },
    { signal, onProgress: (detail) => onProgress({ stage: "texts", fraction: 0, detail: String(detail) }) },
  );
  const texts = parseRecord(paperTexts, result, "texts");
  const { truncatedExamples, examples } = texts;
  if (truncatedExamples > 0)
    onNote(`${truncatedExamples} of ${examples} fine-tuning examples are cut to ${preset.sft.length} tokens.`);
  return texts;
}

const baseIdentity = z.object({ sha256: z.string() });

/** The weights that the trials and the scan of this folder were made with; others are refused. */
function holdToBase(folder: RunFolder, model: string): void {
  const path = folder.file("base.json");
  const checkpoint = openCheckpoint(model);
  try {
    const sha256 = checkpoint.sha256();
    if (!existsSync(path)) writeRecord(path, { sha256 });
    else if (readRecord(path, baseIdentity).sha256 !== sha256)
      throw new InputError(
        `${model}: the weights are not those that this run began with (their SHA-256 differs from base.json). Restore them, or choose another --out.`,
      );
  } finally {
    checkpoint.close();
  }
}

async function trainBase(options: PaperOptions, model: string, tokenizer: string): Promise<BaseTraining> {
  const { preset, folder, compute, runners, onProgress, onNote, signal } = options;
  const statePath = folder.file("base-state.safetensors");
  const record = join(model, "training.json");
  if (existsSync(record)) {
    onNote(`Reusing the base in ${model}.`);
    removeTrainingState(statePath);
    return readRecord(record, baseTraining);
  }
  const result = await runners[0].run(
    baseTask,
    { preset: preset.name, tokenizer, folder: model, statePath, ...compute },
    {
      signal,
      onProgress(progress) {
        const { step, steps, loss, heldOutLoss } = parseRecord(baseProgress, progress, "base task");
        const heldOut = heldOutLoss === null ? "" : `, held out ${heldOutLoss.toFixed(3)}`;
        onProgress({
          stage: "base model",
          fraction: step / steps,
          detail: `step ${step} of ${steps}, loss ${loss.toFixed(3)}${heldOut}`,
        });
      },
    },
  );
  return parseRecord(baseTraining, result, "base task");
}

export interface PaperRun {
  readonly record: PaperRecord;
  /** Trials whose worker died; the same command repeats them. */
  readonly failed: readonly TrialRecord[];
}

/** Runs what is missing and writes verdicts.json, scan.json, paper.json and report.html. @throws InterruptedError, keeping what is done. */
export async function runPaper(options: PaperOptions): Promise<PaperRun> {
  const { preset, folder, compute, runners, onProgress, onNote, signal, now } = options;
  const begin = now();
  const modelFolder = folder.file("base");
  const texts = await prepareTexts(options);
  const base = await trainBase(options, modelFolder, texts.tokenizerPath);
  holdToBase(folder, modelFolder);
  const setting: TrialSetting = {
    model: modelFolder,
    data: texts.datasetPath,
    rows: preset.sft.rows,
    length: preset.sft.length,
    slots: preset.sft.slots,
    rowsAtOnce: preset.sft.rows,
    keptTrainers: 3,
    plantedGate: 0,
    evaluateEvery: preset.sft.evaluateEvery,
    ...compute,
    threads: Math.max(1, Math.floor(compute.threads / runners.length)),
  };
  const queue = { setting, path: folder.file("trials.jsonl"), runners, signal };
  const trialProgress = (stage: string) => (progress: TrialProgress) =>
    onProgress({ stage, fraction: fractionDone(progress), detail: trialsDetail(progress) });
  const rate = await chooseLearningRate({
    ...queue,
    candidates: preset.sft.learningRates,
    steps: preset.sft.steps,
    seed: preset.seed,
    onProgress: trialProgress("learning rate"),
  });
  onNote(`Learning rate ${rate.learningRate}, chosen on \`full\` with examples that no verdict uses.`);
  const seeds = Array.from({ length: preset.seeds }, (_, index) => index + 1);
  const arms = Object.keys(printedArms)
    .filter((arm) => arm !== "full")
    .map(parseArm);
  const test = { targets: [[target]], arms, steps: preset.sft.steps, learningRate: rate.learningRate };
  const specs = matrixTestSpecs(test, seeds);
  const trials = await runTrials(specs, { ...queue, onProgress: trialProgress("trials") });
  const verdicts = judge(trials, {});
  writeRecord(folder.file("verdicts.json"), verdicts);
  const scan = await scanAttention({ model: modelFolder, folder, seed: preset.seed, runners, onProgress, signal });
  const record = paperSummary({
    preset,
    engine: options.engine,
    model: {
      architecture: scan.model.architecture,
      parameters: scan.model.parameters,
      vocabularySize: texts.vocabularySize,
      sha256: scan.model.sha256,
    },
    corpus: texts.corpus,
    base,
    learningRate: rate.learningRate,
    learningRateCandidates: rate.candidates,
    scoredTokensPerStep: texts.scoredTokensPerStep,
    trials,
    verdicts,
    scan,
    spectrum: spectrumOf(modelFolder, target, scan),
    wallSeconds: (now() - begin) / 1000,
  });
  writeRecord(folder.file("paper.json"), record);
  writeFileAtomically(folder.file("report.html"), paperPage(record));
  return { record, failed: trials.filter(({ outcome }) => outcome.kind === "failed") };
}
