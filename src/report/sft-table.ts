/** @file The tables of a fine-tuning as data: its phases, what was frozen when, the comparison, the checkpoints. */
import type { PairedComparison, SftRecord } from "../records/sft-record.js";
import { absent, count, fixed, percent, ratio, signed } from "./figure-text.js";
import type { ReportTable } from "./report-table.js";
import { mean, pace, runName, trainingTime } from "./sft-findings.js";

const right = "right" as const;

export function phasesTable({ result: { phases } }: SftRecord): ReportTable {
  const first = phases[0]?.tokensPerSecond ?? null;
  return {
    title: "Phases: steps between two changes of what is frozen",
    columns: [
      { heading: "steps" },
      { heading: "frozen, %", align: right },
      { heading: "trainable parameters", align: right, dropFirst: 2 },
      { heading: "prefix blocks", align: right, dropFirst: 4 },
      { heading: "activations", dropFirst: 3 },
      { heading: "tokens/s", align: right },
      { heading: "against first", align: right, dropFirst: 5 },
      { heading: "scored tokens/s", align: right, dropFirst: 1 },
      { heading: "time", align: right, dropFirst: 6 },
    ],
    rows: phases.map((phase) => ({
      cells: [
        `${phase.fromStep + 1} to ${phase.toStep}`,
        percent(phase.frozenShare),
        count(phase.trainableParameters),
        String(phase.prefixBlocks),
        phase.prefixBlocks === 0 ? absent : phase.cached ? "kept" : "computed",
        pace(phase.tokensPerSecond),
        ratio(phase.tokensPerSecond, first),
        pace(phase.scoredTokensPerSecond),
        trainingTime(phase.seconds),
      ],
    })),
    notes: [
      "Evaluations are not timed. No gradient enters the blocks of the prefix (the embeddings count as one); kept activations spare them the forward pass too.",
    ],
  };
}

const mostNames = 3;

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, mostNames).join(", ");
  return names.length > mostNames ? `${shown} and ${names.length - mostNames} more` : shown;
}

/** Null where nothing was frozen or thawed along the way. */
export function eventsTable({ result: { events } }: SftRecord): ReportTable | null {
  if (events.length === 0) return null;
  return {
    title: "What was frozen when",
    columns: [{ heading: "step" }, { heading: "what" }, { heading: "why" }, { heading: "parameters" }],
    rows: events.map(({ step, kind, names, reason }) => ({
      cells: [String(step), kind, reason, namesText(names)],
    })),
    notes: [],
  };
}

/** Null where plain fine-tuning was not run. */
export function comparisonTable(record: SftRecord): ReportTable | null {
  const { comparison } = record;
  if (comparison === null) return null;
  const group = "to the same held-out loss";
  const rows = comparison.map((pair) => ({
    cells: [
      String(pair.seed),
      fixed(pair.plain.lastLoss, 4),
      fixed(pair.frozen.lastLoss, 4),
      signed(pair.lastDeltaPercent, 2),
      signed(pair.bestDeltaPercent, 2),
      fixed(pair.sharedLoss, 4),
      fixed(pair.plainSeconds, 1),
      fixed(pair.frozenSeconds, 1),
      fixed(pair.speedUp, 2),
      ratio(pair.plain.seconds, pair.frozen.seconds),
    ],
  }));
  const ratios = comparison.map(({ speedUp }) => speedUp).filter((value) => value !== null);
  const average = (of: (pair: PairedComparison) => number) => mean(comparison.map(of));
  const means = {
    cells: [
      "mean",
      fixed(
        average(({ plain }) => plain.lastLoss),
        4,
      ),
      fixed(
        average(({ frozen }) => frozen.lastLoss),
        4,
      ),
      signed(
        average(({ lastDeltaPercent }) => lastDeltaPercent),
        2,
      ),
      signed(
        average(({ bestDeltaPercent }) => bestDeltaPercent),
        2,
      ),
      ...[absent, absent, absent],
      ratios.length > 0 ? fixed(mean(ratios), 2) : absent,
      fixed(
        average(({ plain, frozen }) => plain.seconds / frozen.seconds),
        2,
      ),
    ],
    tone: "target" as const,
  };
  return {
    title: `Losses and seconds, plain and ${runName(record)}`,
    columns: [
      { heading: "seed" },
      { heading: "plain", group: "last held-out loss", align: right },
      { heading: "this run", group: "last held-out loss", align: right },
      { heading: "delta, %", group: "last held-out loss", align: right },
      { heading: "delta of the lowest, %", align: right, dropFirst: 2 },
      { heading: "loss", group, align: right, dropFirst: 3 },
      { heading: "plain, s", group, align: right },
      { heading: "this run, s", group, align: right },
      { heading: "speed-up", group, align: right },
      { heading: "speed-up of all steps", align: right, dropFirst: 1 },
    ],
    rows: comparison.length > 1 ? [...rows, means] : rows,
    notes: [
      "Same data in the same order, one after the other on this machine. The loss is the lowest that both reach; seconds are of training alone, between two evaluations by interpolation.",
      ...(comparison.length === 1 ? ["One seed: a difference may be chance."] : []),
    ],
  };
}

export function checkpointsTable({ checkpoints }: SftRecord): ReportTable {
  return {
    title: "Checkpoints",
    columns: [
      { heading: "folder" },
      { heading: "step", align: right },
      { heading: "held-out loss", align: right },
      { heading: "SHA-256", dropFirst: 1 },
    ],
    rows: checkpoints.map(({ folder, step, heldOutLoss, sha256 }) => ({
      cells: [`${folder}/`, String(step), fixed(heldOutLoss, 4), sha256],
    })),
    notes: [],
  };
}
