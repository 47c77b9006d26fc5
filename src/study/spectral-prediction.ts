/** @file Does a measure of a matrix, its depth, size or update tell what freezing or replacing it costs? Rank correlations over what was tested. */
import type { MatrixScanRecord } from "../records/scan-record.js";
import type { SpectralPrediction, TestedTarget } from "../records/test-record.js";
import type { TrialRecord } from "../records/trial-record.js";
import { rankCorrelation } from "../statistics/rank-correlation.js";

/** Fewer points have no interval. */
const fewest = 4;

type Values = ReadonlyMap<string, number>;

const ratio = (value: number | null, noise: number | null) =>
  value === null || noise === null || noise === 0 ? null : value / noise;

type Measures = Readonly<Record<string, (matrix: MatrixScanRecord) => number | null>>;

/** What a scan says of a matrix, each measure beside what noise of its shape shows. */
const spectral: Measures = {
  "pr / noise": ({ pr, prNull }) => ratio(pr, prNull),
  "prSingular / noise": ({ prSingular, prSingularNull }) => ratio(prSingular, prSingularNull),
  "pc1 / noise": ({ pc1, pc1Null }) => ratio(pc1, pc1Null),
  "stable rank / noise": ({ stableRank, stableRankNull }) => ratio(stableRank, stableRankNull),
  "effective rank / noise": ({ effectiveRank, effectiveRankNull }) => ratio(effectiveRank, effectiveRankNull),
  "spikes above the edge": ({ spikes }) => spikes,
  "Frobenius norm": ({ frobenius }) => frobenius,
  "entry standard deviation": ({ entryStd }) => entryStd,
};

/** The same as they are: of one shape they have the same ranks as above. */
const plain: Measures = {
  pr: ({ pr }) => pr,
  prSingular: ({ prSingular }) => prSingular,
  pc1: ({ pc1 }) => pc1,
  "stable rank": ({ stableRank }) => stableRank,
  "effective rank": ({ effectiveRank }) => effectiveRank,
  "edge of the noise": ({ edge }) => edge,
};

const haveOneShape = (scan: readonly MatrixScanRecord[]) =>
  new Set(scan.map(({ rows, cols }) => [Math.min(rows, cols), Math.max(rows, cols)].join())).size <= 1;

function valuesOf<Item>(
  items: readonly Item[],
  name: (item: Item) => string,
  value: (item: Item) => number | null,
): Values {
  return new Map(
    items.flatMap((item): [string, number][] => {
      const found = value(item);
      return found !== null && !Number.isNaN(found) ? [[name(item), found]] : [];
    }),
  );
}

/** Mean over the seeds of how far `full` moved each matrix. */
function meanUpdates(trials: readonly TrialRecord[], names: readonly string[]): Values {
  const updates = trials.flatMap(({ outcome }) =>
    outcome.kind === "finished" && outcome.relativeUpdates ? [outcome.relativeUpdates] : [],
  );
  return valuesOf(
    names,
    (name) => name,
    (name) => {
      const moved = updates.flatMap((update) => update[name] ?? []);
      return moved.length === 0 ? null : moved.reduce((sum, value) => sum + value, 0) / moved.length;
    },
  );
}

/** Infinite where a seed diverged: without it, what cost most would be missing. */
function costOf({ arms }: TestedTarget, arm: string): number | null {
  const delta = arms.find((own) => own.arm === arm)?.deltaPercent;
  if (!delta) return null;
  return delta.mean ?? (delta.n > 0 ? Number.POSITIVE_INFINITY : null);
}

/**
 * Over the targets that are single matrices: groups are left out.
 * @param scan of at least those matrices. @returns empty below four of them.
 */
export function spectralPrediction(
  targets: readonly TestedTarget[],
  scan: readonly MatrixScanRecord[],
  trials: readonly TrialRecord[],
): SpectralPrediction[] {
  const single = targets.filter(({ matrices }) => matrices.length === 1);
  if (single.length < fewest) return [];
  const names = single.map(({ name }) => name);
  const scanned = scan.filter(({ name }) => names.includes(name));
  const measures: [string, Values][] = [
    ...Object.entries(haveOneShape(scanned) ? spectral : { ...spectral, ...plain }).map(
      ([measure, value]): [string, Values] => [measure, valuesOf(scan, ({ name }) => name, value)],
    ),
    [
      "depth",
      valuesOf(
        single,
        ({ name }) => name,
        ({ matrices: [{ layer }] }) => layer,
      ),
    ],
    [
      "parameters",
      valuesOf(
        single,
        ({ name }) => name,
        ({ parameters }) => parameters,
      ),
    ],
    ["relative update by full", meanUpdates(trials, names)],
  ];
  const arms = [...new Set(single.flatMap((target) => target.arms.map(({ arm }) => arm)))];
  return arms.flatMap((arm) => {
    const costs = valuesOf(
      single,
      ({ name }) => name,
      (target) => costOf(target, arm),
    );
    return measures.flatMap(([measure, values]) => {
      const both = names.filter((name) => values.has(name) && costs.has(name));
      if (both.length < fewest) return [];
      const found = rankCorrelation(
        both.map((name) => values.get(name)!),
        both.map((name) => costs.get(name)!),
      );
      return [{ measure, arm, ...found }];
    });
  });
}
