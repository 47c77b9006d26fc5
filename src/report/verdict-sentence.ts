/** @file The verdict, the noise floor and the controls in plain sentences. Knows neither terminal nor page. */
import type { PaperRecord } from "../records/paper-record.js";
import type { MatrixVerdict, VerdictsRecord } from "../records/verdicts-record.js";
import { deltaText } from "./arms-table.js";
import { counted, exists, fixed } from "./figure-text.js";
import { seedsText } from "./undecided-sentence.js";

/** What a verdict means, and the arm whose delta is its evidence. */
const verdictMeaning: Readonly<
  Record<MatrixVerdict["verdict"], { readonly says: string; readonly evidence: string | null }>
> = {
  redundant: {
    says: "with frozen random values in its place the fine-tuned model stays within the margin",
    evidence: "random",
  },
  "low-rank": {
    says: "a frozen low-rank copy suffices, while random values are shown to be worse",
    evidence: "crystal",
  },
  freezable: { says: "it need not be trained, but its trained values are needed", evidence: "frozen" },
  needed: { says: "leaving it untrained is shown to cost more than the margin", evidence: "frozen" },
  undecided: { says: "the trials neither show it to be dispensable nor to be needed", evidence: null },
};

export interface Control {
  readonly name: string;
  readonly passed: boolean;
  /** False where there were too few seeds to tell. */
  readonly checked: boolean;
  readonly text: string;
}

/** What every record of a test holds. */
export interface Judged {
  readonly verdicts: VerdictsRecord;
}

/** Failed ones first. */
export function controls({ verdicts }: Judged): Control[] {
  return Object.entries(verdicts.controls)
    .map(([name, { passed, text, checked = true }]) => ({ name, passed, text, checked }))
    .sort((a, b) => Number(a.passed) - Number(b.passed));
}

export function failedControls(record: Judged): Control[] {
  return controls(record).filter(({ passed }) => !passed);
}

/** The beginning of a sentence; null where all passed. */
export function controlFailure(record: Judged): string | null {
  const failed = failedControls(record);
  if (failed.length === 0) return null;
  return `A control of the test ${failed.some(({ checked }) => checked) ? "failed" : "could not be checked"}`;
}

export function targetVerdict({ verdicts, target }: PaperRecord): MatrixVerdict | undefined {
  return verdicts.matrices.find(({ name }) => name === target);
}

const sentence = (text: string) => (text === "" ? "" : `${text[0].toUpperCase()}${text.slice(1)}.`);

function evidenceText(record: PaperRecord, evidence: string | null): string {
  const { margin, confidence, seeds } = record.verdicts;
  const setting = `margin ${margin}%, ${fixed(confidence * 100, 0)}% interval, ${counted(seeds.length, "seed")}`;
  const row = record.arms.find(({ arm }) => evidence !== null && arm.split(":")[0] === evidence);
  return row ? `delta of ${row.arm}, in percent: ${deltaText(record, row)}; ${setting}` : setting;
}

/** One sentence; a second one where the verdict is open. */
export function verdictSentence(record: PaperRecord): string {
  const judged = targetVerdict(record);
  if (!judged) return `${record.target} was not judged: no finished trial of it is on record.`;
  const { says, evidence } = verdictMeaning[judged.verdict];
  const parts = [`${record.target} is ${judged.verdict}: ${says} (${evidenceText(record, evidence)}).`];
  if (judged.strongestClaim) parts.push(`What is shown so far: ${judged.strongestClaim.replace(/\.$/, "")}.`);
  if (judged.verdict === "undecided") parts.push(sentence(seedsText(judged, record.verdicts)));
  const failure = controlFailure(record);
  if (failure !== null) parts.push(`${failure}, so this verdict is not to be relied on.`);
  return parts.join(" ");
}

export function noiseFloorSentence({ verdicts: { floor } }: Judged): string {
  if (!exists(floor.deltaStdPercent) && !exists(floor.meanAbsoluteDeltaPercent))
    return "Noise floor: not measured, since no pair of full fine-tunings on different data orders finished.";
  return `Noise floor: two full fine-tunings that differ in nothing but the order of the data end ${fixed(floor.meanAbsoluteDeltaPercent, 2)}% apart on average (root mean square ${fixed(floor.deltaStdPercent, 2)}%, ${counted(floor.n, "pair")}).`;
}
