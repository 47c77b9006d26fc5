/** @file Checks of the test itself, from the trials alone. */
import type { TrialRecord } from "../records/trial-record.js";
import type { NoiseFloor, VerdictsRecord } from "../records/verdicts-record.js";

export function controlsOf(
  trials: readonly TrialRecord[],
  floor: NoiseFloor,
  margin: number,
): VerdictsRecord["controls"] {
  const finished = trials.flatMap((trial) =>
    trial.outcome.kind === "finished" ? [{ ...trial, outcome: trial.outcome }] : [],
  );
  const moved = finished.filter(({ outcome }) =>
    Object.values(outcome.frozenSha256).some(([before, after]) => before !== after),
  );
  const hashed = finished.filter(({ outcome }) => Object.keys(outcome.frozenSha256).length > 0);
  // A check of nothing must not pass for a check.
  const unhashed = finished.filter(
    ({ arm, outcome }) =>
      arm !== "full" && !arm.endsWith(":trainable") && Object.keys(outcome.frozenSha256).length === 0,
  );
  const diverged = trials.filter(
    ({ arm, purpose, outcome }) => arm === "full" && purpose === "sft" && outcome.kind === "diverged",
  );
  const full = finished.filter(({ arm, purpose }) => arm === "full" && purpose === "sft");
  const unlearned = [
    ...full.filter(({ outcome }) => outcome.heldOutLossAfter >= outcome.heldOutLossBefore),
    ...diverged,
  ];
  const spread = floor.deltaStdPercent;
  return {
    "frozen weights unchanged": {
      passed: moved.length === 0 && unhashed.length === 0,
      text:
        moved.length > 0
          ? `Frozen weights changed in: ${moved.map(({ key }) => key).join("; ")}.`
          : unhashed.length > 0
            ? `No frozen weight was checked in: ${unhashed.map(({ key }) => key).join("; ")}.`
            : `The bytes of every frozen weight are the same before and after, in ${hashed.length} trials.`,
    },
    "full learns": {
      passed: full.length > 0 && unlearned.length === 0,
      text:
        full.length + diverged.length === 0
          ? "No `full` trial finished."
          : unlearned.length === 0
            ? `The held-out loss of \`full\` falls in all ${full.length} seeds.`
            : `The held-out loss of \`full\` does not fall for seed ${unlearned.map(({ seed }) => seed).join(", ")}: nothing can be judged against it.`,
    },
    "noise floor below the margin": {
      passed: spread !== null && spread < margin,
      text:
        spread === null
          ? "There is no full-against-full pair to tell the noise floor from."
          : `Two \`full\` runs on different data orders differ by ${spread.toFixed(3)}% (root mean square, ${floor.n} pairs); the margin is ${margin}%.`,
    },
  };
}
