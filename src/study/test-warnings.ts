/** @file Where a verdict means little, in sentences: of the model, the data and the size of what was tested. Judges nothing. */
import type { MatrixScanRecord } from "../records/scan-record.js";
import type { TestRecord } from "../records/test-record.js";

/** Held-out scored tokens below which the loss itself is a rough figure; assumption, not studied. */
const fewTokens = 5000;
/** Of the parameters: what is smaller than this may go without anyone noticing. */
const negligible = 0.001;
/** Nats per token: below this a percentage of the loss is a percentage of next to nothing. */
const smallLoss = 0.1;

const percent = (share: number) => `${(share * 100).toPrecision(1)}%`;
const list = (names: readonly string[]) =>
  names.length <= 4 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;

/** @param scan of the tested matrices; empty where there is none. */
export function testWarnings(
  { model, data, targets, full, verdicts }: Omit<TestRecord, "schema">,
  scan: readonly MatrixScanRecord[],
): string[] {
  const warnings: string[] = [];
  if (data.scoredTokens.heldOut < fewTokens)
    warnings.push(
      `The held-out examples have ${data.scoredTokens.heldOut} scored tokens: the loss is a rough figure of this data set. Give more by --held-out or --eval-data.`,
    );
  const last = full.lossAfter.mean;
  if (last !== null && last < smallLoss)
    warnings.push(
      `The held-out loss of \`full\` ends at ${last.toPrecision(2)} nats: the model knows the answers already, and percents of that are noise.`,
    );
  const noise = scan.filter(({ noiseLike }) => noiseLike === true).map(({ name }) => name);
  if (noise.length > 0)
    warnings.push(
      `${list(noise)}: cannot be told from i.i.d. noise by ${noise.length === 1 ? "its" : "their"} spectrum. A matrix near its initialisation has nothing to lose.`,
    );
  const small = targets.filter(({ parameters }) => parameters < negligible * model.parameters);
  if (small.length > 0)
    warnings.push(
      `${list(small.map(({ name }) => name))}: less than ${percent(negligible)} of the parameters; that so little may go says nothing about more.`,
    );
  const { deltaStdPercent } = verdicts.floor;
  const floor = deltaStdPercent === null || last === null ? null : (deltaStdPercent / 100) * last;
  const harmless = verdicts.matrices
    .filter(({ arms }) => {
      const replaced = Object.entries(arms).filter(([arm]) => arm.startsWith("random") || arm.startsWith("zero"));
      return (
        floor !== null && replaced.length > 0 && replaced.every(([, { damage }]) => damage !== null && damage < floor)
      );
    })
    .map(({ name }) => name);
  if (harmless.length > 0)
    warnings.push(
      `${list(harmless)}: replacing it changes the loss before fine-tuning by less than two runs of \`full\` differ; there was nothing for fine-tuning to recover.`,
    );
  return warnings;
}
