/** @file What the turns of a step's contestants come to: speed, memory, and how they compare. Runs nothing. */
import { median } from "./median.mjs";
import { stepFacts } from "./step-model.mjs";

/** What the others are held against; PyTorch as most people run it, in each precision. */
export const references = { onnx: "onnx-fp32", sdpa: "torch-fp32-sdpa", bf16: "torch-bf16-autocast" };

/** How many times as fast: the median over the rounds, whose turns lie side by side, so that a slow minute is everybody's. */
function speedRatio(one, reference) {
  return median(one.rounds.map((own, round) => median(reference.rounds[round]) / median(own)));
}

/** @returns a row a contestant; one that is out has only its reason. `against` has what is held against each reference that took part. */
export function stepSummary(all, size) {
  const standing = all.filter(({ failure, treated }) => failure === null && !treated);
  return all.map((one) => {
    const { key, name, failure, peakMegabytes } = one;
    if (failure !== null) return { key, name, failure };
    const against = Object.entries(references).flatMap(([label, referenceKey]) => {
      const reference = standing.find((other) => other.key === referenceKey);
      if (!reference) return [];
      return [[label, { speed: speedRatio(one, reference), memory: peakMegabytes / reference.peakMegabytes }]];
    });
    const milliseconds = one.rounds.flat();
    return {
      ...{ key, name, failure, engine: one.description.engine ?? null, ...stepFacts(size, one.treated) },
      millisecondsPerStep: median(milliseconds),
      fastestMilliseconds: Math.min(...milliseconds),
      tokensPerSecond: (1000 * size.rows * size.length) / median(milliseconds),
      peakMegabytes,
      against: Object.fromEntries(against),
    };
  });
}

/** Of the machine's raw rate, 0..1. */
export const shareOfRaw = ({ flops, millisecondsPerStep }, rawGigaflops) =>
  flops / (millisecondsPerStep * 1e6) / rawGigaflops;
