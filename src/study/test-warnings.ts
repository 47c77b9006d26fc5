/** @file Where a verdict means little, in sentences: of the model, the data and the size of what was tested. Judges nothing. */
import type { TestRecord } from "../records/test-record.js";
import type { VerdictsRecord } from "../records/verdicts-record.js";

/** Held-out scored tokens below which the loss itself is a rough figure; assumption, not studied. */
const fewTokens = 5000;
/** Of the parameters: what is smaller than this may go without anyone noticing. */
const negligible = 0.001;
/** Nats per token: below this a percentage of the loss is a percentage of next to nothing. */
const smallLoss = 0.1;

export interface TargetFacts {
  /** As in the verdicts. */
  readonly name: string;
  /** Of the model's parameters, 0..1; null where it is not on record. */
  readonly share: number | null;
  /** Its matrices that cannot be told from noise; null where no spectrum is on record. */
  readonly noiseLike: readonly string[] | null;
}

/** What the warnings rest on. */
export interface WarningFacts {
  /** Scored tokens of all held-out examples; null where they are not on record. */
  readonly heldOutTokens: number | null;
  /** Held-out loss of `full` after the last step, mean over seeds, nats per token; null where none finished. */
  readonly lossAfter: number | null;
  readonly targets: readonly TargetFacts[];
  /** Whether the test was tried on what it must find and what it must let pass; null where that may still come. */
  readonly controlled: boolean | null;
  readonly learningRate: number;
  /** Among which it was chosen; empty where it was given. */
  readonly triedRates: readonly number[];
  readonly verdicts: Pick<VerdictsRecord, "floor" | "matrices">;
}

/** What a record says of its targets that warnings rest on. */
export function targetFacts({ model, targets }: Pick<TestRecord, "model" | "targets">): TargetFacts[] {
  return targets.map(({ name, parameters, matrices }) => ({
    ...{ name, share: parameters / model.parameters },
    noiseLike: matrices.some(({ noiseLike }) => noiseLike === undefined)
      ? null
      : matrices.filter(({ noiseLike }) => noiseLike).map((matrix) => matrix.name),
  }));
}

const percent = (share: number) => `${(share * 100).toPrecision(1)}%`;
const list = (names: readonly string[]) =>
  names.length <= 4 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
const namesOf = (targets: readonly { readonly name: string }[]) => list(targets.map(({ name }) => name));

function lossWarnings({ heldOutTokens, lossAfter }: WarningFacts): string[] {
  const warnings: string[] = [];
  if (heldOutTokens !== null && heldOutTokens < fewTokens)
    warnings.push(
      `The held-out examples have ${heldOutTokens} scored tokens: the loss is a rough figure of this data set. Give more by --held-out or --eval-data.`,
    );
  if (lossAfter !== null && lossAfter < smallLoss)
    warnings.push(
      `The held-out loss of \`full\` ends at ${lossAfter.toPrecision(2)} nats: the model knows the answers already, and percents of that are noise.`,
    );
  return warnings;
}

function targetWarnings({ targets }: WarningFacts): string[] {
  const warnings: string[] = [];
  const noise = [...new Set(targets.flatMap(({ noiseLike }) => noiseLike ?? []))];
  if (noise.length > 0)
    warnings.push(
      `${list(noise)}: cannot be told from i.i.d. noise by ${noise.length === 1 ? "its" : "their"} spectrum. A matrix near its initialisation has nothing to lose.`,
    );
  const small = targets.filter(({ share }) => share !== null && share < negligible);
  if (small.length > 0)
    warnings.push(
      `${namesOf(small)}: less than ${percent(negligible)} of the parameters; that so little may go says nothing about more.`,
    );
  return warnings;
}

function designWarnings({ controlled, learningRate, triedRates }: WarningFacts): string[] {
  const warnings: string[] = [];
  if (controlled === null) warnings.push("No control has run yet, on what the test must find and must let pass.");
  if (controlled === false)
    warnings.push(
      "No control was run: nothing shows that this test notices a vital matrix and lets a dead one pass. Leave out --no-controls.",
    );
  if (triedRates.length > 0 && learningRate === Math.max(...triedRates))
    warnings.push(
      `The learning rate ${learningRate} is the highest of those tried, each on one seed: \`full\` may learn more at a higher one (--lr).`,
    );
  return warnings;
}

function damageWarnings({ lossAfter, verdicts }: WarningFacts): string[] {
  const { deltaStdPercent } = verdicts.floor;
  const floor = deltaStdPercent === null || lossAfter === null ? null : (deltaStdPercent / 100) * lossAfter;
  const harmless = verdicts.matrices.filter(({ arms }) => {
    const replaced = Object.entries(arms).filter(([arm]) => arm.startsWith("random") || arm.startsWith("zero"));
    return (
      floor !== null &&
      replaced.length > 0 &&
      replaced.every(([, { damage }]) => damage !== null && Math.abs(damage) < floor)
    );
  });
  return harmless.length === 0
    ? []
    : [
        `${namesOf(harmless)}: replacing it changes the loss before fine-tuning by less than two runs of \`full\` differ; there was nothing for fine-tuning to recover.`,
      ];
}

/** A warning that is not given must not pass for one that was found needless. */
function unknown({ heldOutTokens, targets }: WarningFacts): string[] {
  const warnings: string[] = [];
  if (heldOutTokens === null)
    warnings.push("The scored tokens of the held-out examples are not on record here: they may be too few.");
  const unsized = targets.filter(({ share }) => share === null);
  if (unsized.length > 0)
    warnings.push(`${namesOf(unsized)}: the share of the parameters is not on record here; it may be negligible.`);
  const unscanned = targets.filter(({ noiseLike }) => noiseLike === null);
  if (unscanned.length > 0)
    warnings.push(
      `${namesOf(unscanned)}: no spectrum is on record here, so whether it can be told from i.i.d. noise is not known.`,
    );
  return warnings;
}

export function testWarnings(facts: WarningFacts): string[] {
  return [
    ...designWarnings(facts),
    ...lossWarnings(facts),
    ...targetWarnings(facts),
    ...damageWarnings(facts),
    ...unknown(facts),
  ];
}
