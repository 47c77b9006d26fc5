/** @file What is shown of a matrix although its verdict is open, and how many seeds would settle it. Knows neither terminal nor page. */
import { armAt, type SequenceArm, sequence } from "../records/arm-sequence.js";
import type { ArmSummary, MatrixVerdict, VerdictsRecord } from "../records/verdicts-record.js";
import { counted } from "./figure-text.js";
import { targetLabel } from "./target-label.js";

function atPlace(place: SequenceArm, arms: MatrixVerdict["arms"]): [arm: string, summary: ArmSummary] | undefined {
  const arm = armAt(place, Object.keys(arms));
  return arm === undefined ? undefined : [arm, arms[arm]];
}

/** What stands between the matrix and a verdict, and what would take it away. */
export function seedsText(
  { arms, seedsToDecide }: MatrixVerdict,
  { sequential }: Pick<VerdictsRecord, "sequential">,
): string {
  const found = sequence.map((place) => [place, atPlace(place, arms)] as const);
  const next = found.find(([, arm]) => !arm?.[1].holds);
  if (!next) return "";
  const [place, arm] = next;
  if (!arm) return `${place} was not run, and without it there is no verdict`;
  const [name, { n }] = arm;
  if (n < 2) return "it takes two seeds to say how many would decide";
  const missing = found.filter(([, other]) => !other).map(([other]) => other);
  if (seedsToDecide === null || seedsToDecide === undefined)
    return missing.length > 0
      ? `${name} is open after ${counted(n, "seed")}, and ${missing.join(" and ")} ${missing.length === 1 ? "was" : "were"} not run`
      : `${name} is open after ${counted(n, "seed")}; as it stands no number up to 1,000 would decide`;
  const beyond =
    sequential && seedsToDecide > sequential.lastLook ? `, more than the ${sequential.lastLook} of the plan` : "";
  return `about ${counted(seedsToDecide, "seed")} of each arm would decide (${name} is open after ${n})${beyond}`;
}

export function undecidedSentence(judged: MatrixVerdict, verdicts: Pick<VerdictsRecord, "sequential">): string {
  const { name, strongestClaim = "nothing" } = judged;
  return `${targetLabel({ name })} is undecided (shown: ${strongestClaim}); ${seedsText(judged, verdicts)}.`;
}
