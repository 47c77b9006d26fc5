/** @file How to read the page of a boundary search: what was explored, what was confirmed, and how errors are shared. */
import type { ActionBoundary, BoundaryRecord } from "../records/boundary-record.js";
import { actionMeaning } from "./boundary-action.js";
import { boundaryReach } from "./boundary-findings.js";
import { absent, counted, fixed } from "./figure-text.js";
import { type Html, html } from "./html.js";

const stopText: Readonly<Record<ActionBoundary["stopped"], string>> = {
  complete: "went through the whole order",
  budget: "ended with its budget",
  "passed over enough": "ended when as many matrices had been passed over as may be",
};

function attemptsText({ actions, confidence }: BoundaryRecord): string {
  const each = actions.flatMap(({ attempts }) => attempts)[0]?.confidence;
  const share = each === undefined ? "an equal share of it" : `${fixed((1 - each) * 100, 2)}%`;
  // Older records do not say what earlier searches took.
  const ever = actions.some(({ earlierParts }) => earlierParts !== undefined)
    ? "; they are all that it has over all searches of this folder, for a held-out part and its seeds serve one set of an action"
    : "";
  return `An action may err in ${fixed((1 - confidence) * 100, 1)}% of run folders; this is shared out among its attempts beforehand (Bonferroni), ${share} for each, whether or not all are made${ever}`;
}

export function boundaryMethods(record: BoundaryRecord): Html {
  const { actions, margin, seeds, sft, data } = record;
  return html`<section id="methods"><h2>How to read it</h2>
<p><b>Actions.</b> Every trial fine-tunes the same model for ${counted(sft.steps, "step")}; it differs from full fine-tuning in what is done to a set of matrices beforehand. ${actions.map(({ action }) => html`<i>${action}</i>: ${actionMeaning(action)}. `)}Biases and all other weights are trained.</p>
<p><b>Delta.</b> (set − full) / full of the held-out loss, in percent, paired by seed: the same batches in the same order, the same held-out examples. Below zero the set is better than full fine-tuning. A diverged run counts as infinitely worse.</p>
<p><b>What is exploratory.</b> Each matrix alone orders the search; the first 1, 2, 4, … and all of the order are tried, then the place where it fails is bisected, and a matrix that a set fails with is passed over. The same seeds and ${counted(data.examples.heldOut, "held-out example")} serve for every set, and the best one is chosen by them: its delta there is too good. ${actions.map(({ action, stopped }) => html`The search of <i>${action}</i> ${stopText[stopped]}. `)}</p>
<p><b>What is confirmatory.</b> The set that the search ends with is tried once more on seeds that no choice rests on, and on a part of the held-out examples (${data.confirmation.length > 0 ? data.confirmation.join(", ") : absent}) that nothing was decided on. It is <i>confirmed</i> where the upper end of the interval lies below the margin of ${margin}%, and has <i>failed</i> where the lower end lies above it. The interval is judged after each seed from ${seeds.firstLook} to ${seeds.lastLook} at one level, widened so that all looks together err as rarely as one. An attempt whose mean lies beyond the margin is given up early, which confirms nothing and so costs no error. A set that is not confirmed is shrunk and tried anew on further seeds and another part.</p>
<p><b>How errors are shared.</b> ${attemptsText(record)}. Actions are not corrected for each other: each sentence on top is an answer of its own, and errs on its own.</p>
<p><b>Effective parameters.</b> The numbers that must be stored so that fine-tuning stays within the margin: N, less all of a random or zero matrix, less n m − k (n + m) of one of rank k. A frozen matrix counts in full.</p>
<p><b>Reach.</b> ${boundaryReach} Another checkpoint, other data, more steps or another learning rate may give another set.</p>
</section>`;
}
