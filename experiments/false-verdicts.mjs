/**
 * How often the test is wrong on a real model, where the truth is known. `npm run build && node experiments/false-verdicts.mjs [--runs N] [--out DIR]`
 *
 * The base is the smoke preset's (`npm run paper -- --preset smoke` makes it; this runs it where it is missing). Three truths:
 *  - A/A: `full` against `full` on another data order. Nothing differs, so "shown worse" is a false verdict.
 *  - A planted dead matrix (its output is multiplied by zero) must come out redundant; a planted vital one (its gate wide open) never.
 *  - A planted matrix behind a small gate. Its true cost is the mean over all trials; judged at margins on either side of that cost, in runs of
 *    five seeds each, it shows both errors: calling it redundant where it costs more than the margin, and not calling it so where it costs less.
 *
 * Interrupt at any time; the same command continues. Rates are printed with their 95% intervals (Clopper and Pearson 1934).
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parseArm } from "../dist/crystal/arm.js";
import { plantedMatrix } from "../dist/crystal/control-matrices.js";
import { makeTrialSpec } from "../dist/crystal/trial-spec.js";
import { runTrials } from "../dist/dispatch/trial-queue.js";
import { workerProcess } from "../dist/dispatch/worker-process.js";
import { judge } from "../dist/statistics/verdict.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "50" },
    comparisons: { type: "string", default: "200" },
    out: { type: "string", default: join(root, "runs", "false-verdicts") },
    gate: { type: "string", default: "0.02" },
  },
});
const runs = Number(values.runs);
const comparisons = Number(values.comparisons);
const seedsPerRun = 5;
const seedsPerComparison = 3;
const learningRate = 3e-3;
const steps = 50;
const arms = ["frozen", "crystal", "random"];

/** The smoke preset's base and data. */
function base() {
  const folder = join(root, "runs", "paper-smoke");
  if (!existsSync(join(folder, "paper.json"))) {
    process.stderr.write("Making the base: npm run paper -- --preset smoke\n");
    const { status } = spawnSync(
      process.execPath,
      [join(root, "dist/cli/main.js"), "paper", "--preset", "smoke", "--out", folder],
      {
        stdio: ["ignore", "ignore", "inherit"],
      },
    );
    if (status !== 0) process.exit(1);
  }
  return { model: join(folder, "base"), data: join(folder, "sft-data.json") };
}

const jobs = Math.min(16, availableParallelism());
const runners = Array.from({ length: jobs }, workerProcess);
const setting = (plantedGate) => ({
  ...base(),
  ...{
    rows: 8,
    length: 64,
    slots: 256,
    rowsAtOnce: 8,
    keptTrainers: 3,
    evaluateEvery: steps,
    device: "cpu",
    threads: 1,
    plantedGate,
  },
});

/** Trials in a file of their own, with progress. */
async function trials(name, specs, gate) {
  let shown = 0;
  const records = await runTrials(specs, {
    setting: setting(gate),
    path: join(resolve(values.out), `${name}.jsonl`),
    runners,
    onProgress({ done, total }) {
      if (Date.now() - shown < 10_000 && done < total) return;
      shown = Date.now();
      process.stderr.write(`${name}: ${done} of ${total} trials\n`);
    },
  });
  return records;
}

const spec = (arm, matrices, seed, purpose = "sft") =>
  makeTrialSpec(parseArm(arm), matrices, { seed, purpose, steps, learningRate });

/** Clopper-Pearson bounds by bisection of the binomial tail. */
function interval(hits, n) {
  const logFactorial = [0];
  for (let i = 1; i <= n; i++) logFactorial.push(logFactorial[i - 1] + Math.log(i));
  const upTo = (k, p) => {
    let sum = 0;
    for (let i = 0; i <= k; i++)
      sum += Math.exp(
        logFactorial[n] - logFactorial[i] - logFactorial[n - i] + i * Math.log(p) + (n - i) * Math.log1p(-p),
      );
    return sum;
  };
  const solve = (holds) => {
    let [low, high] = [0, 1];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (holds(middle)) low = middle;
      else high = middle;
    }
    return low;
  };
  const low = hits === 0 ? 0 : solve((p) => 1 - upTo(hits - 1, p) < 0.025);
  const high = hits === n ? 1 : solve((p) => upTo(hits, p) > 0.025);
  return `${hits} of ${n} = ${((100 * hits) / n).toFixed(1)}% [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;
}

const range = (first, count) => Array.from({ length: count }, (_, i) => first + i);
const line = (text) => process.stdout.write(`${text}\n`);

/** Groups of consecutive seeds, each judged as a run of its own. */
function judged(records, groups, size, options) {
  return range(0, groups).map((group) => {
    const own = records.filter(({ seed }) => Math.floor((seed - 1) / size) === group);
    return judge(own, options).matrices[0];
  });
}

try {
  mkdirSync(values.out, { recursive: true });
  line("| truth | what is counted | rate [95%] | nominal |");
  line("|---|---|---|---|");

  const aaSeeds = range(1, comparisons * seedsPerComparison);
  const aa = await trials(
    "aa",
    aaSeeds.flatMap((seed) => [spec("full", [], seed), spec("full", [], seed, "aa")]),
    0,
  );
  // The other order takes the place of an arm.
  const asArm = aa.map((record) =>
    record.purpose === "aa" ? { ...record, purpose: "sft", arm: "frozen", matrices: ["nothing"] } : record,
  );
  const margins = [0.5, 1, 2];
  for (const margin of margins) {
    const verdicts = judged(asArm, comparisons, seedsPerComparison, { margin });
    const worse = verdicts.filter(({ arms: { frozen } }) => frozen.shownWorse).length;
    line(`| A/A, margin ${margin}% | shown worse | ${interval(worse, comparisons)} | <= 2.5% |`);
  }

  const planted = (seeds) =>
    range(1, seeds).flatMap((seed) => [spec("full", [], seed), ...arms.map((arm) => spec(arm, [plantedMatrix], seed))]);
  const dead = await trials("dead", planted(runs * seedsPerComparison), 0);
  const found = judged(dead, runs, seedsPerComparison, {}).filter(({ verdict }) => verdict === "redundant").length;
  line(`| planted dead matrix, three seeds | redundant | ${interval(found, runs)} | all |`);

  const vital = await trials("vital", planted(runs * seedsPerComparison), 1);
  const missed = judged(vital, runs, seedsPerComparison, {}).filter(({ verdict }) => verdict === "redundant").length;
  line(`| planted vital matrix, three seeds | redundant | ${interval(missed, runs)} | none |`);

  const gate = Number(values.gate);
  const small = await trials(`gate-${gate}`, planted(runs * seedsPerRun), gate);
  const cost = judge(small, {}).matrices[0].arms.random.meanDeltaPercent;
  line(`| planted, gate ${gate} | mean cost of random over ${runs * seedsPerRun} seeds | ${cost.toFixed(3)}% | |`);
  for (const share of [0.5, 0.8, 1, 1.25, 2]) {
    const margin = Math.abs(cost) * share;
    const verdicts = judged(small, runs, seedsPerRun, { margin });
    const redundant = verdicts.filter(({ verdict }) => verdict === "redundant").length;
    const random = verdicts.filter(({ arms: { random: arm } }) => arm.shownWorse).length;
    const truth = share < 1 ? "costs more than the margin" : share > 1 ? "costs less" : "costs the margin";
    const nominal = share <= 1 ? "<= 5%" : "power";
    line(`| ${truth}: margin ${margin.toFixed(3)}% | redundant | ${interval(redundant, runs)} | ${nominal} |`);
    line(`| the same | random shown worse | ${interval(random, runs)} | ${share < 1 ? "power" : "<= 5%"} |`);
  }
} finally {
  await Promise.all(runners.map((runner) => runner.close()));
}
