/** @file The names of the measures that have a null. Apart from the schema, which threads that measure need not load. */

/** The measures that have a null, in the order of the record: `pr` has `prNull`. */
export const comparedMeasures = [
  "pr",
  "prSingular",
  "pc1",
  "stableRank",
  "effectiveRank",
  "numericalRank",
  "frobenius",
  "spectralNorm",
  "entryStd",
  "kurtosis",
  "spikes",
  "spikeEnergy",
  "tailExponent",
  "tailKs",
] as const;
