/** @file How to read the page: what an arm is, what is compared, and when something counts as shown. */
import type { PaperRecord } from "../records/paper-record.js";
import type { VerdictsRecord } from "../records/verdicts-record.js";
import { counted, fixed } from "./figure-text.js";
import { type Html, html } from "./html.js";

/** What is compared, and when something counts as shown. */
export function judgingMethods({ margin, confidence }: VerdictsRecord): Html {
  return html`<p><b>Delta.</b> (arm − full) / full of the held-out loss, in percent. Below zero the arm is better than full fine-tuning.</p>
<p><b>Test.</b> Noninferiority, with a margin of ${margin}%, at a confidence of ${fixed(confidence * 100, 0)}%. An arm <i>holds</i> where the upper end of its adjusted interval lies below the margin; it is <i>shown worse</i> where the lower end lies above it; otherwise nothing is shown. A missing difference is never taken for equality, and a diverged run counts as infinitely worse. <i>Redundant</i>: random holds. <i>Low-rank</i>: crystal holds, random is shown worse. <i>Freezable</i>: frozen holds, crystal is shown worse. <i>Needed</i>: frozen is shown worse. <i>Undecided</i>: anything between.</p>`;
}

export function methodsSection({ verdicts, sft, corpus, target }: PaperRecord): Html {
  return html`<section id="methods"><h2>How to read it</h2>
<p><b>Arms.</b> Each arm fine-tunes the same base for ${sft.steps} steps; they differ in what is done to the weight of <code>${target}</code> beforehand. <i>full</i>: nothing, everything is trained. <i>frozen</i>: it keeps its trained values and is not updated. <i>crystal</i>: it is replaced by its best rank-1 approximation (truncated SVD) and frozen. <i>random</i>: it is replaced by i.i.d. normal values of its own standard deviation, drawn anew for each seed, and frozen. <i>zero</i>: it is replaced by zeros and frozen. Its bias is trained in every arm.</p>
<p><b>Pairing.</b> A seed fixes the batches and their order for all arms. Arms are compared within a seed, so what the data order does cancels; ${counted(sft.seeds.length, "seed")} give as many paired differences. The loss is the mean over scored tokens of ${corpus.sftHeldOutExamples} held-out examples that no training step sees.</p>
${judgingMethods(verdicts)}
<p><b>Participation ratio.</b> (Σλ)² / Σλ² over the eigenvalues λ of W′W: the number of directions that share the weight evenly. The paper's column fits the same formula over singular values, so both are given. Shape alone moves either, hence the noise beside them: i.i.d. normal entries of the same shape.</p>
<p><b>Reach.</b> Everything here holds for one base checkpoint and one data set. Other seeds of the base, other text, more steps or another learning rate may give other verdicts; and what is harmless for one matrix at a time need not be harmless for several together.</p>
</section>`;
}
