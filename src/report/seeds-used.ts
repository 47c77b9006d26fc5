/** @file How many seeds each verdict of a test took where it is judged after every seed, and what that saved. Knows neither terminal nor page. */
import { armAt, sequence } from "../records/arm-sequence.js";
import type { TestRecord } from "../records/test-record.js";
import type { ArmSummary, MatrixVerdict, VerdictsRecord } from "../records/verdicts-record.js";
import { absent, count, counted, duration, fixed } from "./figure-text.js";

/** The arms that a verdict rests on, each tested only where the one before holds. */
const sequences: Readonly<Record<MatrixVerdict["verdict"], readonly string[]>> = {
  redundant: ["frozen", "crystal", "random"],
  "low-rank": ["frozen", "crystal", "random"],
  freezable: ["frozen", "crystal"],
  needed: ["frozen"],
  undecided: [],
};

const mostSeeds = ({ arms }: MatrixVerdict) => Math.max(0, ...Object.values(arms).map(({ n }) => n));

/** `decided after 4 seeds`, `open after 12 seeds`; null where the test was not judged after every seed. */
export function verdictSeeds(judged: MatrixVerdict | undefined, { sequential }: VerdictsRecord): string | null {
  if (!sequential || !judged) return null;
  const { verdict, arms } = judged;
  if (verdict === "undecided") return `open after ${counted(mostSeeds(judged), "seed")}`;
  const needed = Object.entries(arms).flatMap(([arm, { decidedAt }]) => {
    const [first, ...options] = arm.split(":");
    return !options.includes("trainable") && sequences[verdict].includes(first) ? (decidedAt ?? []) : [];
  });
  return needed.length === 0 ? null : `decided after ${counted(Math.max(...needed), "seed")}`;
}

/** In a column "decided after". */
export function armSeeds(summary: ArmSummary | undefined): string {
  if (!summary || summary.n === 0) return absent;
  return summary.decidedAt === undefined ? `open at ${summary.n}` : counted(summary.decidedAt, "seed");
}

/** `12 paired seeds`, or `3 to 12 paired seeds` where arms differ. */
export function pairedSeeds({ sft, verdicts }: TestRecord): string {
  const numbers = verdicts.matrices.flatMap(({ arms }) => Object.values(arms).map(({ n }) => n));
  const [fewest, most] = [Math.min(...numbers), Math.max(...numbers)];
  return verdicts.sequential && numbers.length > 0 && fewest < most
    ? `${fewest} to ${counted(most, "paired seed")}`
    : counted(sft.seeds.length, "paired seed");
}

/** What is still open may still get seeds, and with them the saving shrinks. */
function unfinished({ verdicts }: TestRecord): boolean {
  const last = verdicts.sequential?.lastLook ?? 0;
  return verdicts.matrices.some((matrix) => matrix.verdict === "undecided" && mostSeeds(matrix) < last);
}

/** Behind an arm that is open: it waits for a decision that did not come. */
function hasWaitingArm({ verdict, arms }: MatrixVerdict): boolean {
  if (verdict !== "undecided") return false;
  const own = sequence.flatMap((place) => armAt(place, Object.keys(arms)) ?? []);
  const open = own.findIndex((arm) => !arms[arm].holds);
  return open >= 0 && open < own.length - 1;
}

/** One sentence; null where nothing was planned against which to count. */
export function savedSentence(record: TestRecord): string | null {
  const { trials, trialSeconds, verdicts } = record;
  const { sequential } = verdicts;
  const { fixedDesign = 0, others = 0 } = trials;
  const all = trials.finished + trials.diverged + trials.failed;
  if (!sequential || fixedDesign <= 0 || all === 0) return null;
  const [run, fixedRun] = [all - others, fixedDesign - others];
  const saved = fixedRun - run;
  const seconds = (trialSeconds / all) * saved;
  const besides = others > 0 ? ` (${count(others)} more are no part of that design)` : "";
  const design = `${count(fixedRun)} that ${counted(sequential.lastLook, "seed")} for every arm would take${besides}`;
  const begin = `${unfinished(record) ? "So far" : "Judged after every seed,"} it took ${count(run)} trials of the ${design}`;
  if (saved <= 0) return `${begin}: nothing was saved.`;
  const time = trialSeconds > 0 ? `, about ${duration(seconds)} of trials at the mean time of one` : "";
  const waiting = verdicts.matrices.some(hasWaitingArm)
    ? " Arms behind one that stayed open got no more seeds than the first look takes, which is no saving."
    : "";
  return `${begin}: ${fixed((saved / fixedRun) * 100, 0)}% saved${time}.${waiting}`;
}

/** How looking often costs no validity; null where it was judged once. */
export function looksMethod({ sequential, confidence }: VerdictsRecord): string | null {
  if (!sequential) return null;
  const { firstLook, lastLook } = sequential;
  return `Every arm is judged after each seed from ${firstLook} to ${lastLook}, each time at the same nominal level. That level is chosen such that all looks together err no more often than a single test at ${fixed(confidence * 100, 0)}% confidence would (Pocock, Biometrika 64, 1977, here for the t statistic), so each interval is wider than that of a test judged once. What is decided stays so and gets no more seeds; figures of an arm are those of the look that decided it, and the mean of an arm that stopped early tends to lie a little too far from the margin. The largest number of seeds, ${lastLook}, is part of the plan: to raise it after seeing results makes it another test.`;
}
