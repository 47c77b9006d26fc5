/** @file What the cost of each arm of one target is made of. Knows neither terminal nor page. */
import type { ArmSummary, VerdictsRecord } from "../records/verdicts-record.js";
import { absent, exists, type Figure, fixed, signed, withInterval } from "./figure-text.js";
import type { Column, ReportTable } from "./report-table.js";
import type { ArmResult, TargetResult } from "./target-results.js";

interface Entry extends Column {
  /** `undefined` where the record has no such key. */
  readonly of: (summary: ArmSummary, n: number) => string | undefined;
}

const given = (value: Figure, text: (value: Figure) => string) => (value === undefined ? undefined : text(value));

/** Those of older records too, beside which the others are read. */
const known: readonly Entry[] = [
  { heading: "damage", group: "nats per token", align: "right", of: ({ damage }) => signed(damage, 4) },
];

const added: readonly Entry[] = [
  {
    heading: "delta [interval]",
    group: "nats per token",
    align: "right",
    of: ({ meanDeltaNats, lowNats = null, highNats = null }, n) =>
      given(meanDeltaNats, (mean = null) => withInterval({ mean, low: lowNats, high: highNats, n }, 4)),
  },
  {
    heading: "cost of not training",
    group: "nats per token",
    align: "right",
    of: ({ costOfNotTraining }) => given(costOfNotTraining, (value) => signed(value, 4)),
  },
  {
    heading: "steps to recover half",
    align: "right",
    of: ({ stepsToRecoverHalf }) => given(stepsToRecoverHalf, (value) => fixed(value, 0)),
  },
  {
    heading: "delta %, examples resampled",
    align: "right",
    of: ({ meanDeltaPercent: mean, bootstrap }, n) => bootstrap && withInterval({ mean, ...bootstrap, n }, 2),
  },
];

const recovered: Entry = {
  heading: "recovered, %",
  align: "right",
  of: ({ recovery }) => (exists(recovery) ? fixed(recovery * 100, 0) : absent),
};

const has = (arms: readonly ArmResult[], { of }: Entry) =>
  arms.some(({ summary }) => summary && of(summary, summary.n) !== undefined);

/** Null where the record holds none of the figures that stand in no other table. */
export function decompositionTable({ label, arms }: TargetResult): ReportTable | null {
  const more = added.filter((entry) => has(arms, entry));
  if (more.length === 0) return null;
  const nats = more.filter(({ group }) => group);
  const entries = [...known, ...nats, recovered, ...more.filter(({ group }) => !group)];
  return {
    title: `What the cost is made of: ${label}`,
    columns: [{ heading: "arm" }, ...entries.map(({ of, ...column }) => column)],
    rows: arms.map(({ arm, summary }) => ({
      cells: [arm, ...entries.map(({ of }) => (summary && of(summary, summary.n)) ?? absent)],
    })),
    notes: [],
  };
}

const byTokens = "each with all its scored tokens, over which the delta is a mean too";
const byExamples =
  "for the unweighted mean over examples (long and short ones count alike, as the scored tokens of each were not known, so it need not lie around the delta)";

/** What the columns mean: once for all targets. @param examples held out */
export function decompositionNotes({ confidence, sequential, matrices }: VerdictsRecord, examples: number): string[] {
  const level = fixed(confidence * 100, 0);
  const weighted = matrices.some(({ arms }) =>
    Object.values(arms).some(({ bootstrap }) => bootstrap?.weights === "tokens"),
  );
  return [
    "Damage: held-out loss at step 0 minus full's. Recovered: the share of it that fine-tuning takes back, and the step (between evaluations by a straight line) at which half of it is taken back; neither is given where the damage does not exceed the noise floor. Cost of not training: final loss minus that of the same arm left trainable, for frozen minus full's; the other arms have it where their trainable twin was run.",
    `Delta in nats per token: its interval has the same level as the one in percent that the verdict rests on. Examples resampled: the seeds stay as they are and the ${examples} held-out examples are drawn again${weighted ? `, ${byTokens}` : ""}; ${level}% percentile interval${weighted ? "" : ` ${byExamples}`}, adjusted neither for the number of targets${sequential ? " nor for the number of looks" : ""}. No verdict rests on it.`,
  ];
}
