/** @file What a fine-tuning would do, as text: examples, steps, memory, time, what the plan holds. Knows no files. */
import { count, counted, duration, fixed, percent } from "../report/figure-text.js";
import { wrap } from "../report/printable.js";
import { terminalLook } from "../report/terminal-look.js";
import type { DataTaskResult } from "./data-task.js";
import { learningRates } from "./learning-rates.js";
import type { SftArguments } from "./sft-arguments.js";
import { candidateSteps, type SftSetting, tooShortNote } from "./sft-setting.js";
import type { PlanFile } from "./sft-start.js";
import { leftOutText } from "./test-preview.js";
import type { TrialPace } from "./trial-pace.js";

export interface SftPreviewFacts {
  readonly data: DataTaskResult;
  readonly setting: SftSetting;
  readonly pace: Pick<TrialPace, "stepSeconds" | "evaluationSeconds">;
  readonly args: SftArguments;
  readonly plan: PlanFile | null;
  readonly maxLength: number;
}

function timeText({ setting, pace, args }: SftPreviewFacts): string {
  const evaluations = Math.ceil(setting.steps / setting.evaluateEvery) + 1;
  const once = setting.steps * pace.stepSeconds + evaluations * pace.evaluationSeconds;
  const runs = Math.max(1, 2 * args.comparedSeeds);
  const choice =
    args.learningRate === null
      ? ` The choice of the learning rate takes about ${duration(learningRates.length * candidateSteps * pace.stepSeconds)} more.`
      : "";
  const saved = args.plan !== null || args.progressive !== null ? " Freezing saves some of it." : "";
  return `Time: about ${duration(once)}${runs > 1 ? ` for each of ${runs} fine-tunings` : ""} where nothing is frozen.${saved}${choice}`;
}

function freezingText({ plan, setting: { progressive } }: SftPreviewFacts): string {
  const planned =
    plan === null
      ? []
      : [`the plan's ${counted(plan.record.matrices.length, "matrix", "matrices")} from the first step on`];
  const along =
    progressive === null
      ? []
      : [
          `${progressive.what === "prefix" ? "blocks from the bottom" : "single matrices"} every ${progressive.every} steps after step ${progressive.after}, up to ${percent(progressive.most, 0)}% of the parameters`,
        ];
  const parts = [...planned, ...along];
  return parts.length === 0 ? "Frozen: nothing." : `Frozen: ${parts.join("; then ")}.`;
}

/** @returns lines without a final line end. */
export function sftPreview(facts: SftPreviewFacts): string {
  const { data, setting, maxLength } = facts;
  const { examples, scoredTokens, plan: batch, rows } = data;
  const { memory, threads } = setting.plan;
  const parts = Math.ceil(batch.rows / memory.rowsAtOnce);
  const left = leftOutText(data, maxLength).map((text) => `; ${text}`);
  const paragraphs = [
    `${count(rows.read)} rows read as ${data.format}${left.join("")}.`,
    `Examples: ${count(examples.training)} for training (${count(scoredTokens.training)} scored tokens), ${count(examples.heldOut)} held out (${count(scoredTokens.heldOut)}).`,
    `Steps: ${count(setting.steps)}, ${fixed(setting.epochs, 2)} epochs, each of about ${fixed(batch.meanExamples, 1)} examples with ${fixed(batch.meanScored, 0)} scored tokens; ${counted(setting.warmupSteps, "step")} of warm-up; held-out loss every ${counted(setting.evaluateEvery, "step")}.`,
    `Batches: ${batch.rows} rows of ${batch.length} positions, ${percent(batch.filled, 0)}% filled${parts > 1 ? `; computed in ${parts} parts to fit the memory` : ""}.`,
    `Memory: about ${fixed(memory.bytes / 1e9, 1)} GB, and up to ${fixed(setting.cacheBytes / 1e9, 1)} GB for activations of a frozen prefix; ${counted(threads, "thread")}.`,
    freezingText(facts),
    ...[tooShortNote(setting)].filter((note) => note !== null),
    timeText(facts),
  ];
  const { width } = terminalLook(process.stdout, process.env);
  return paragraphs.flatMap((text) => wrap(text, width)).join("\n");
}
