/** @file What a test of many matrices comes to, in sentences. Knows neither terminal nor page. */
import type { TestRecord } from "../records/test-record.js";
import { count, counted, fixed, percent } from "./figure-text.js";
import { pairedSeeds, savedSentence } from "./seeds-used.js";
import { type TargetResult, targetResults, type Verdict, verdictOrder } from "./target-results.js";
import { controlFailure } from "./verdict-sentence.js";

/** What a verdict says, in the words of who wants to freeze. */
export const verdictConsequence: Readonly<Record<Verdict, string>> = {
  redundant: "frozen random values stay within the margin",
  "low-rank": "a frozen low-rank copy stays within the margin, random values do not",
  freezable: "frozen trained values stay within the margin, a low-rank copy does not",
  needed: "even freezing the trained values costs more than the margin",
  undecided: "none of these is shown",
};

/** Elements of the matrices, each counted once though it may stand in several targets. */
function elements(results: readonly TargetResult[]): number {
  const sizes = new Map(
    results.flatMap(({ target }) => target.matrices.map(({ name, rows, cols }) => [name, rows * cols])),
  );
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

function tested(results: readonly TargetResult[]): string {
  const groups = results.filter(({ target }) => target.matrices.length > 1).length;
  const singles = counted(results.length - groups, "matrix", "matrices");
  if (groups === 0) return singles;
  const grouped = `${counted(groups, "group")} of matrices treated together`;
  return groups === results.length ? grouped : `${singles} and ${grouped}`;
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`;
}

function verdictCounts(results: readonly TargetResult[]): string {
  const parts = verdictOrder.flatMap((verdict) => {
    const { length } = results.filter((result) => result.verdict === verdict);
    return length > 0 ? [`${length} ${length === 1 ? "is" : "are"} ${verdict} (${verdictConsequence[verdict]})`] : [];
  });
  return listed(parts);
}

/** How much of the model the verdicts speak of: of single matrices only, as a group's verdict is about all of it at once. */
function shares(results: readonly TargetResult[], parameters: number): string {
  const singles = results.filter(({ target }) => target.matrices.length === 1);
  const all = elements(singles);
  const share = (size: number) => `${count(size)} (${percent(size / parameters)}%)`;
  const parts = verdictOrder.flatMap((verdict) => {
    const size = elements(singles.filter((result) => result.verdict === verdict));
    return size > 0 ? [`${share(size)} ${verdict}`] : [];
  });
  return `The single matrices tested hold ${share(all)} of the model's ${count(parameters)} parameters: ${listed(parts)}.`;
}

/** One sentence on what was found; one each on the share of the model and on the trials saved, where there is something to say. */
export function testFindings(record: TestRecord): string[] {
  const { model, verdicts } = record;
  const results = targetResults(record);
  if (results.length === 0) return ["No matrix was tested."];
  const sentences = [
    `Of ${tested(results)}, ${verdictCounts(results)}; margin ${verdicts.margin}% of the held-out loss, ${fixed(verdicts.confidence * 100, 0)}% intervals, ${pairedSeeds(record)}.`,
  ];
  if (record.planned)
    sentences.push(
      `Planned${verdicts.sequential ? " and stopped" : ""} at a margin of ${record.planned.margin}% and a confidence of ${fixed(record.planned.confidence * 100, 0)}%; this question was asked afterwards, of the same trials.`,
    );
  if (results.some(({ target }) => target.matrices.length === 1)) sentences.push(shares(results, model.parameters));
  const saved = savedSentence(record);
  if (saved !== null) sentences.push(saved);
  const failure = controlFailure(record);
  if (failure !== null) sentences.push(`${failure}, so none of these verdicts is to be relied on.`);
  return sentences;
}

/** What the findings do not say. */
export const jointWarning =
  "Single verdicts do not add up: each was found with all other matrices trained, and matrices that are harmless one at a time need not be harmless together. Before freezing several, test them as one group (`--together`).";

export const reach = "All of this holds for one base checkpoint and one data set.";
