/** @file How to read the page of a test: what each arm is, what is compared, and what follows from it. */
import type { TestRecord } from "../records/test-record.js";
import { counted } from "./figure-text.js";
import { type Html, html, prose } from "./html.js";
import { judgingMethods } from "./methods-section.js";
import { looksMethod } from "./seeds-used.js";
import { armNamesOf, targetResults } from "./target-results.js";
import { jointWarning } from "./test-summary.js";

/** What is done to the matrix, by the first word of an arm's name. */
const treatments: Readonly<Record<string, string>> = {
  full: "nothing, everything is trained",
  frozen: "it keeps its trained values",
  crystal: "it is replaced by its best approximation of low rank (truncated SVD)",
  random: "it is replaced by i.i.d. normal values, drawn anew for each seed",
  zero: "it is replaced by zeros",
  shuffled: "its entries are permuted at random",
};

/** `crystal:4:trainable` in words. */
function armMeaning(arm: string): string {
  const [first, ...options] = arm.split(":");
  const parts = [treatments[first] ?? "as its name says"];
  if (first === "crystal") parts.push(`rank ${options.find((option) => /^\d+$/.test(option)) ?? "1"}`);
  if (first === "random")
    parts.push(
      `of ${options.includes("init") ? "the standard deviation of its initialization" : "its own standard deviation"}`,
    );
  if (first !== "full") parts.push(options.includes("trainable") ? "and trained" : "and frozen");
  return parts.join(", ");
}

export function testMethods(record: TestRecord): Html {
  const { sft, data, verdicts } = record;
  const looks = looksMethod(verdicts);
  const arms = armNamesOf(targetResults(record));
  return html`<section id="methods"><h2>How to read it</h2>
<p><b>Arms.</b> Each arm fine-tunes the same model for ${counted(sft.steps, "step")}; they differ in what is done to the weight of the target beforehand. ${arms.map((arm) => html`<i>${arm}</i>: ${armMeaning(arm)}. `)}Biases and all other weights are trained in every arm. In a group, all its matrices are treated at once.</p>
<p><b>Pairing.</b> A seed fixes the batches and their order for all arms and targets. Arms are compared within a seed with the one full fine-tuning of that seed, so what the data order does cancels; ${verdicts.sequential ? "each seed of an arm gives one paired difference" : html`${counted(sft.seeds.length, "seed")} give as many paired differences`}. The loss is the mean over scored tokens of ${counted(data.examples.heldOut, "held-out example")} that no training step sees.</p>
${judgingMethods(verdicts)}
${looks === null ? "" : html`<p><b>Looks.</b> ${looks}</p>`}
<p><b>Many targets.</b> The intervals are widened (Holm over targets, fixed sequence frozen, crystal, random within one), so that the confidence is that of all verdicts on this page together, not of one row. What no verdict rests on, an arm shown worse behind one that is open and arms outside the sequence, is not counted in that.</p>
<p><b>Reach.</b> ${prose(jointWarning)} Everything here holds for one base checkpoint and one data set: another checkpoint, other data, more steps or another learning rate may give other verdicts.</p>
</section>`;
}
