/** @file What a test would do, as text: examples with their scored tokens marked, counts, memory, time. Knows no files. */
import { armAt, sequence } from "../records/arm-sequence.js";
import { count, counted, duration, fixed } from "../report/figure-text.js";
import { printable, wrap } from "../report/printable.js";
import { painter, type TerminalLook } from "../report/terminal-look.js";
import type { SeedPlan } from "../study/crystallization-test.js";
import type { DataTaskResult } from "./data-task.js";
import type { TrialCounts } from "./test-trials.js";
import type { TrialPlan } from "./trial-plan.js";

export interface PreviewFacts {
  readonly data: DataTaskResult;
  readonly plan: TrialPlan;
  readonly maxLength: number;
  readonly targets: readonly string[];
  readonly arms: readonly string[];
  readonly seeds: SeedPlan;
  readonly trials: TrialCounts;
  readonly seconds: number;
  /** If nothing is decided before the last seed. */
  readonly mostSeconds: number;
}

/** Letters of an example shown at most: from its start, and up to its end. */
const shownLetters = 1200;

/** Scored text is bright; without colour it stands between ⟦ and ⟧. Line ends are shown as they are. */
function exampleText(pieces: DataTaskResult["previews"][number], { color }: TerminalLook): string {
  const paint = painter(color);
  const shown = (text: string) => text.split("\n").map(printable).join("\n");
  const mark = (text: string, scored: boolean) => {
    if (color)
      return text
        .split("\n")
        .map((line) => paint(scored ? "green" : "dim", line))
        .join("\n");
    return scored ? `⟦${text}⟧` : text;
  };
  let left = shownLetters;
  const marked = pieces.map(({ text, scored }) => {
    const cut = text.length > left ? `${text.slice(0, left)} …` : text;
    left = Math.max(0, left - text.length);
    return mark(shown(cut), scored);
  });
  return marked.join("");
}

export function leftOutText({ rows }: DataTaskResult, maxLength: number): string[] {
  const { truncated, withoutScored, repeated, beyond } = rows;
  const rowsOf = (value: number) => counted(value, "row");
  return [
    ...(truncated > 0 ? [`${rowsOf(truncated)} cut to ${maxLength} tokens (--max-length)`] : []),
    ...(withoutScored > 0 ? [`${rowsOf(withoutScored)} left out, since no token within ${maxLength} is scored`] : []),
    ...(repeated > 0 ? [`${rowsOf(repeated)} left out of training, since a held-out example is the same`] : []),
    ...(beyond > 0 ? [`${rowsOf(beyond)} not needed (--max-examples, --held-out)`] : []),
  ];
}

/** What the verdict can be where an arm of the sequence is not among those to be run; null where none is missing. */
export function missingArmsText(arms: readonly string[]): string | null {
  const missing = sequence.find((place) => armAt(place, arms) === undefined);
  if (missing === undefined) return null;
  const possible = {
    frozen: "nothing but `undecided`",
    crystal: "`needed` or `undecided`",
    random: "`needed`, `freezable` or `undecided`",
  }[missing];
  return `Without the arm ${missing} a verdict is ${possible}: the arms are tested in the order ${sequence.join(", ")}`;
}

function trialsText({ targets, arms, seeds, trials, seconds, mostSeconds }: PreviewFacts): string {
  const what = `${counted(targets.length, "target")} x ${arms.join(", ")}`;
  if (seeds.kind === "fixed")
    return `Trials: ${trials.first} (${what} x ${counted(seeds.seeds, "seed")}, full twice for each seed, controls), about ${duration(seconds)}.`;
  return `Trials: ${trials.first} for the first ${seeds.first} seeds (${what}, full twice for each seed, controls), about ${duration(seconds)}; then seed by seed what is not decided, up to ${trials.most} trials for ${seeds.most} seeds, ${duration(mostSeconds)}.`;
}

/** @returns lines without a final line end. */
export function testPreview(facts: PreviewFacts, look: TerminalLook): string {
  const { data, plan, targets, maxLength } = facts;
  const { examples, scoredTokens, plan: batch, rows } = data;
  const { memory, jobs, threads } = plan;
  const paint = painter(look.color);
  const missingArms = missingArmsText(facts.arms);
  const parts = Math.ceil(batch.rows / memory.rowsAtOnce);
  const paragraphs = [
    `${count(rows.read)} rows read as ${data.format}${data.chatTemplate === null ? "" : `, through the chat template ${data.chatTemplate}`}${leftOutText(
      data,
      maxLength,
    )
      .map((text) => `; ${text}`)
      .join("")}.`,
    `Examples: ${count(examples.training)} for training (${count(scoredTokens.training)} scored tokens), ${count(examples.heldOut)} held out (${count(scoredTokens.heldOut)}), ${count(examples.calibrationTraining + examples.calibrationHeldOut)} for the choice of the learning rate.`,
    `Batches: ${batch.rows} rows of ${batch.length} positions, on average ${fixed(batch.meanExamples, 1)} examples with ${fixed(batch.meanScored, 0)} scored tokens, ${fixed(batch.filled * 100, 0)}% filled${parts > 1 ? `; computed in ${parts} parts of ${memory.rowsAtOnce} rows to fit the memory` : ""}.`,
    `Memory: about ${fixed(memory.bytes / 1e9, 1)} GB for each of ${counted(jobs, "job")}; ${counted(threads, "thread")} in all.`,
    trialsText(facts),
    ...(missingArms === null ? [] : [`${missingArms}.`]),
    `Targets: ${targets.join(", ")}.`,
  ];
  return [
    ...data.previews.flatMap((pieces, index) => [
      paint("bold", `Example ${index + 1} (scored: ${look.color ? "green" : "between ⟦ and ⟧"})`),
      exampleText(pieces, look),
      "",
    ]),
    ...paragraphs.flatMap((text) => wrap(text, look.width)),
  ].join("\n");
}
