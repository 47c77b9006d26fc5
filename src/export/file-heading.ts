/** @file The sentences that open every exported file: what it is, for which model, on what evidence. Knows no file format. */
import { shownName } from "../checkpoint/shown-name.js";
import { version } from "../foundation/version.js";
import type { PlanEvidence } from "../records/plan-record.js";
import { type HandoverRequest, replacesValues } from "./handover.js";

const signed = (percent: number | null) => (percent === null ? "?" : `${percent > 0 ? "+" : ""}${percent.toFixed(3)}`);

function evidenceSentence(evidence: PlanEvidence | null): string {
  if (evidence === null) return "Evidence: none. Nothing was measured for this plan.";
  const { deltaPercent, low, high, margin, confidence, seeds, confirmed } = evidence;
  const figures =
    deltaPercent === null
      ? "the loss of the whole plan was not measured"
      : `held-out loss ${signed(deltaPercent)}% [${signed(low)}, ${signed(high)}] against full fine-tuning`;
  const standing = confirmed === true ? "Confirmed on fresh seeds and held-out data." : "Not confirmed on fresh data.";
  return `Evidence: ${figures}; margin ${margin}%, confidence ${confidence}, ${seeds.length} seeds. ${standing}`;
}

const actionOrder = ["freeze", "crystal", "random", "zero"] as const;
const actionWords = { freeze: "as trained", crystal: "low rank", random: "random", zero: "zero" } as const;

/** One comment line each, without the format's comment sign. @param what the file is, as a sentence. */
export function fileHeading(what: string, request: HandoverRequest): string[] {
  const { plan, source } = request;
  const counts = actionOrder.flatMap((action) => {
    const count = plan.matrices.filter(({ planned }) => planned.action === action).length;
    return count === 0 ? [] : [`${count} ${actionWords[action]}`];
  });
  return [
    what,
    `Written by deadweight ${version} for ${shownName(source)}, SHA-256 ${plan.record.model}.`,
    `Frozen: ${plan.matrices.length} of ${plan.matrices.length + plan.free.length} weight matrices (${counts.join(", ")}).`,
    evidenceSentence(plan.record.evidence),
    ...(replacesValues(plan.record)
      ? [
          "The plan replaces values: train the checkpoint in model/ beside this file, which holds them, not the original.",
        ]
      : []),
  ];
}

export const commented = (lines: readonly string[]): string => lines.map((line) => `# ${line}\n`).join("");
