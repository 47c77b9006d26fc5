/** @file How long a preset will take on this machine, from its operations and a measured rate. */
import { z } from "zod";
import type { TaskRunner } from "../dispatch/task.js";
import { parseRecord } from "../records/record-file.js";
import type { BackendOptions } from "../training/open-backend.js";
import type { PaperPreset } from "./preset.js";
import { printedArms } from "./printed-figures.js";

const rateTask = new URL("./rate-task.js", import.meta.url);

/**
 * Rate of a whole step over that of one measured product, which with onnxruntime pays for its call and for copying its result. Measured on
 * two cores with AVX-512; see docs/log.md.
 */
const stepEfficiency = { native: 0.93, onnx: 1.2 } as const;

/** Calls, copies, batches: what a step costs beside its operations. Measured like the rate. */
const stepOverheadSeconds = 0.01;
/** Processes, texts, the page. */
const startSeconds = 10;

/** Operations of one forward and backward pass over `positions` tokens of which `scored` reach the head. */
function stepOperations(
  { layers, width, vocabularySize }: PaperPreset["model"],
  positions: number,
  scored: number,
  length: number,
): number {
  const blocks = 12 * layers * width * width;
  const attention = layers * width * length * 2;
  return 6 * (blocks + attention) * positions + 6 * width * vocabularySize * scored;
}

interface Work {
  /** Floating-point operations, evaluations included. */
  readonly operations: number;
  readonly steps: number;
}

function baseWork({ model, base }: PaperPreset): Work {
  const basePositions = base.rows * model.contextLength;
  // Evaluations add about 2%.
  return {
    operations: base.steps * stepOperations(model, basePositions, basePositions, model.contextLength) * 1.02,
    steps: base.steps,
  };
}

function trialWork({ model, sft, seeds }: PaperPreset): Work {
  const step = stepOperations(model, sft.rows * sft.length, sft.slots, sft.length);
  // A forward pass is a third of a step; an example fills about 18 positions.
  const evaluations = sft.steps / sft.evaluateEvery + 1;
  const evaluation = ((sft.heldOutExamples * 18) / (sft.rows * sft.length)) * (step / 3);
  // Arms, full against full, and the candidates of the learning rate.
  const trials = seeds * (Object.keys(printedArms).length + 1) + sft.learningRates.length;
  return { operations: trials * (sft.steps * step + evaluations * evaluation), steps: trials * sft.steps };
}

/** Up to 200 iterations of the nonlinear fit for each row of 16 matrices and two nulls, each about 0.3 microseconds a column. */
function scanSeconds({ model }: PaperPreset, runners: number): number {
  const rows = model.layers * 4 * model.width + 2 * 256;
  return (rows * model.width * 200 * 0.3e-6) / runners;
}

const measuredRate = z.object({ operationsPerSecond: z.number(), backend: z.enum(["native", "onnx"]) });

/** @returns seconds. */
export async function estimatePaper(
  preset: PaperPreset,
  runners: readonly TaskRunner[],
  setting: Omit<BackendOptions, "say">,
  signal: AbortSignal,
): Promise<number> {
  const { operationsPerSecond, backend } = parseRecord(
    measuredRate,
    await runners[0].run(rateTask, setting, { signal }),
    "rate task",
  );
  const [base, trials] = [baseWork(preset), trialWork(preset)];
  const computing = (base.operations + trials.operations) / (operationsPerSecond * stepEfficiency[backend]);
  const overhead = stepOverheadSeconds * (base.steps + trials.steps / runners.length) + startSeconds;
  return computing + overhead + scanSeconds(preset, runners.length);
}
