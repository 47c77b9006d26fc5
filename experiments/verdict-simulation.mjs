/**
 * How often verdicts are wrong, and what they cost, where the truth is known. `npm run build && node experiments/verdict-simulation.mjs`;
 * `--runs N` (10,000) runs a cell, ten times as many for coverage, whose figures are compared with one another. Prints Markdown.
 *
 * The paired delta of a seed is its true mean, the noise of `full` (shared by all arms of that seed; half of the variance unless said
 * otherwise) and the arm's own. Standard deviations are those of pilot runs, 0.1% to 1.1%; noise is normal, or Student's t with five degrees of
 * freedom scaled to the same deviation. The margin is 0.5%, the confidence 95%, looks are taken after 3 to 20 seeds.
 */
import { randomStream } from "../dist/foundation/random.js";
import { armInterval, prefixesOf } from "../dist/statistics/arm-interval.js";
import { levelsOf, verdictAt } from "../dist/statistics/sequence-test.js";

const at = process.argv.indexOf("--runs");
const runs = at < 0 ? 10_000 : Number(process.argv[at + 1]);
if (!(Number.isInteger(runs) && runs > 0)) throw new RangeError("--runs takes a positive whole number.");
const coverageRuns = 10 * runs;

const margin = 0.5;
const error = 0.05;
const looks = { first: 3, last: 20 };
const easy = { frozen: 0, crystal: 0 };

const kinds = {
  normal: (chance) => chance.normal(),
  "t, 5 d.f.": (chance) => {
    const squares = Array.from({ length: 5 }, () => chance.normal() ** 2);
    return (chance.normal() * Math.sqrt(3)) / Math.sqrt(squares.reduce((sum, x) => sum + x));
  },
};

const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}%`;
/** A share with its standard error. */
const rate = (count, of = runs) =>
  `${percent(count / of, 2)} ± ${percent(Math.sqrt((count * (of - count)) / of ** 3), 2)}`;
const print = (...lines) => process.stdout.write(`${lines.join("\n")}\n`);
const head = (title, columns) =>
  print("", `**${title}**`, "", `| ${columns.join(" | ")} |`, `|${"---|".repeat(columns.length)}`);
const row = (...cells) => print(`| ${cells.join(" | ")} |`);

/** Calls `one` for each of `times` runs, and says on standard error how far it is. */
function simulate(name, one, times = runs) {
  const chance = randomStream(1, `verdict simulation: ${name}`);
  for (let run = 0; run < times; run++) {
    if (process.stderr.isTTY && run % 500 === 0) process.stderr.write(`\r${name}: ${run}/${times}   `);
    one(chance);
  }
  process.stderr.write(
    `${process.stderr.isTTY ? "\r" : ""}${name}: ${times}/${times} after ${process.uptime().toFixed(0)} s\n`,
  );
}

/** Deltas of a family: for each matrix its arms, in each `last` seeds. */
function draw(chance, truths, { sd, kind = "normal", shared = 0.5, last = looks.last }) {
  const noise = (share) => sd * Math.sqrt(share) * kinds[kind](chance);
  const common = Array.from({ length: last }, () => noise(shared));
  return truths.map((truth) =>
    Object.fromEntries(
      Object.entries(truth).map(([arm, mean]) => [arm, common.map((x) => mean + x + noise(1 - shared))]),
    ),
  );
}

const fixedArm = (values, n) => ({ values: values.slice(0, n), diverged: 0 });
const lookedArm = (values) => ({ values, diverged: 0, looked: { looks, prefixes: prefixesOf(values) } });
const family = (deltas, arm) =>
  new Map(
    deltas.map((arms, i) => [
      `${i}`,
      Object.fromEntries(Object.entries(arms).map(([name, values]) => [name, arm(values)])),
    ]),
  );
const judged = (matrices) => {
  const levels = levelsOf(matrices, margin, error);
  return [...matrices].map(([name, arms]) => verdictAt(arms, margin, levels.get(name)));
};
const designs = [
  ...[3, 5, 10, 20].map((n) => [`${n} seeds`, (deltas) => judged(family(deltas, (values) => fixedArm(values, n)))]),
  ["sequential", (deltas) => judged(family(deltas, lookedArm))],
];

function coverage() {
  head("Coverage of the fixed 95% interval, one arm", ["noise", "sd", ...[3, 5, 10, 20].map((n) => `${n} seeds`)]);
  for (const kind of Object.keys(kinds)) {
    for (const sd of [0.1, 0.25, 1.1]) {
      const covered = { 3: 0, 5: 0, 10: 0, 20: 0 };
      const one = (chance) => {
        const [{ random }] = draw(chance, [{ random: margin }], { sd, kind });
        for (const n of Object.keys(covered)) {
          const { low, high } = armInterval(fixedArm(random, Number(n)), margin, error);
          if (low <= margin && margin <= high) covered[n]++;
        }
      };
      simulate(`fixed coverage, ${kind}, ${sd}`, one, coverageRuns);
      row(kind, `${sd}%`, ...Object.values(covered).map((n) => rate(n, coverageRuns)));
    }
  }
}

/** Looks at one arm after each seed: the interval of every look, whatever was decided before. */
function sequentialCoverage() {
  const stops = [3, 5, 10, 20];
  const rules = [
    ...stops.map((n) => `stop at ${n}`),
    "whichever look is the worst",
    "stop when decided, true mean at the margin",
    "stop when decided, true mean 0",
  ];
  head("Coverage of the sequential 95% interval by the rule that stops it, one arm", ["noise", "sd", ...rules]);
  for (const kind of Object.keys(kinds)) {
    for (const sd of [0.25, 1.1]) {
      const covered = new Array(rules.length).fill(0);
      const one = (chance) => {
        const [{ random }] = draw(chance, [{ random: 0 }], { sd, kind });
        const prefixes = prefixesOf(random);
        const covers = (count, truth, bound) => {
          // With a margin that no interval reaches nothing is decided, and the newest look is shown.
          const { low, high } = armInterval(
            { values: random, diverged: 0, looked: { looks, prefixes: prefixes.slice(0, count) } },
            bound,
            error,
          );
          return low <= truth && truth <= high;
        };
        for (const [i, n] of stops.entries()) if (covers(n, 0, Number.NaN)) covered[i]++;
        const every = Array.from({ length: 18 }, (_, i) => covers(i + 3, 0, Number.NaN));
        if (every.every(Boolean)) covered[4]++;
        if (covers(20, 0, 0)) covered[5]++;
        if (covers(20, 0, margin)) covered[6]++;
      };
      simulate(`sequential coverage, ${kind}, ${sd}`, one, coverageRuns);
      row(kind, `${sd}%`, ...covered.map((n) => rate(n, coverageRuns)));
    }
  }
}

function falseRedundant() {
  head("Runs with a false `redundant`: frozen and crystal cost nothing, random costs exactly the margin", [
    "matrices",
    "noise",
    "sd",
    ...designs.map(([name]) => name),
  ]);
  for (const [count, kind, sd, shared] of [
    [1, "normal", 0.1, 0.5],
    [1, "normal", 1.1, 0.5],
    [1, "t, 5 d.f.", 0.25, 0.5],
    [4, "normal", 0.25, 0.5],
    [4, "normal", 0.25, 0.95],
    [4, "t, 5 d.f.", 0.25, 0.5],
    [16, "normal", 0.25, 0.5],
  ]) {
    const wrong = new Array(designs.length).fill(0);
    const truths = Array.from({ length: count }, () => ({ ...easy, random: margin }));
    simulate(`false redundant, ${count}, ${kind}, ${sd}, ${shared}`, (chance) => {
      const deltas = draw(chance, truths, { sd, kind, shared });
      for (const [i, [, verdicts]] of designs.entries()) if (verdicts(deltas).includes("redundant")) wrong[i]++;
    });
    row(count, shared === 0.5 ? kind : `${kind}, ${percent(shared, 0)} shared`, `${sd}%`, ...wrong.map((n) => rate(n)));
  }
}

const truthOf = {
  redundant: { ...easy, random: 0 },
  "low-rank": { ...easy, random: 2 },
  freezable: { frozen: 0.1, crystal: 1.5, random: 2 },
  needed: { frozen: 1, crystal: 2, random: 3 },
};

function power() {
  head("Share of matrices with the right verdict", ["truth", "matrices", "sd", ...designs.map(([name]) => name)]);
  for (const [truth, count, sd] of [
    ...[0.1, 0.25, 0.5, 1.1].map((sd) => ["redundant", 1, sd]),
    ["low-rank", 1, 0.5],
    ["low-rank", 1, 1.1],
    ["needed", 1, 0.25],
    ["needed", 1, 0.5],
    ["redundant", 16, 0.25],
    ["redundant", 16, 0.5],
  ]) {
    const right = new Array(designs.length).fill(0);
    simulate(`power, ${truth}, ${count}, ${sd}`, (chance) => {
      const deltas = draw(
        chance,
        Array.from({ length: count }, () => truthOf[truth]),
        { sd },
      );
      for (const [i, [, verdicts]] of designs.entries())
        right[i] += verdicts(deltas).filter((found) => found === truth).length;
    });
    row(truth, count, `${sd}%`, ...right.map((n) => percent(n / runs / count)));
  }
}

/** Seeds of each arm when every open matrix gets one more seed of its next arm in each round. */
function replay(deltas) {
  const used = deltas.map(() => ({ frozen: 0, crystal: 0, random: 0 }));
  const looked = deltas.map((arms) =>
    Object.fromEntries(Object.entries(arms).map(([arm, values]) => [arm, prefixesOf(values)])),
  );
  const seen = (i) =>
    Object.fromEntries(
      Object.entries(used[i]).flatMap(([arm, n]) =>
        n === 0
          ? []
          : [[arm, { values: deltas[i][arm], diverged: 0, looked: { looks, prefixes: looked[i][arm].slice(0, n) } }]],
      ),
    );
  const arms = deltas.map(() => ({}));
  for (;;) {
    const levels = levelsOf(new Map(arms.map((own, i) => [`${i}`, own])), margin, error);
    let more = false;
    for (const [i, own] of arms.entries()) {
      for (const arm of ["frozen", "crystal", "random"]) {
        const interval = own[arm] && armInterval(own[arm], margin, levels.get(`${i}`));
        if (interval?.holds) continue;
        if (!interval?.shownWorse && used[i][arm] < looks.last) {
          // Before the first look there is nothing to look at.
          used[i][arm] = Math.max(used[i][arm] + 1, looks.first);
          arms[i] = seen(i);
          more = true;
        }
        break;
      }
    }
    if (!more) return { used, verdicts: arms.map((own, i) => verdictAt(own, margin, levels.get(`${i}`))) };
  }
}

function saved() {
  head("What the sequential mode saves against 20 seeds of everything", [
    "matrices",
    "sd",
    "trials, fixed",
    "trials, sequential",
    "saved",
    "right, fixed",
    "right, sequential",
    "wrong, sequential",
  ]);
  const mixed = (count) => Array.from({ length: count }, (_, i) => Object.keys(truthOf)[i % 4]);
  for (const [names, sd] of [
    [["redundant"], 0.25],
    [["needed"], 0.25],
    ...[0.1, 0.25, 0.5, 1.1].map((sd) => [mixed(4), sd]),
    [mixed(16), 0.25],
  ]) {
    const sums = { trials: 0, fixed: 0, right: 0, wrong: 0 };
    simulate(`saved, ${names.length}, ${sd}`, (chance) => {
      const deltas = draw(
        chance,
        names.map((name) => truthOf[name]),
        { sd },
      );
      const { used, verdicts } = replay(deltas);
      const own = used.flatMap((arms) => Object.values(arms));
      sums.trials += Math.max(...own) + own.reduce((sum, n) => sum + n);
      const plain = judged(family(deltas, (values) => fixedArm(values, 20)));
      names.forEach((name, i) => {
        if (plain[i] === name) sums.fixed++;
        if (verdicts[i] === name) sums.right++;
        else if (verdicts[i] !== "undecided") sums.wrong++;
      });
    });
    const fixed = 20 * (1 + 3 * names.length);
    const trials = sums.trials / runs;
    const share = (count) => percent(count / runs / names.length);
    row(
      names.length === 1 ? `1, ${names[0]}` : `${names.length}, a quarter each`,
      `${sd}%`,
      fixed,
      trials.toFixed(1),
      percent(1 - trials / fixed, 0),
      share(sums.fixed),
      share(sums.right),
      percent(sums.wrong / runs / names.length, 2),
    );
  }
}

print(`${runs} runs a cell, ${coverageRuns} for coverage; ± is a standard error.`);
coverage();
sequentialCoverage();
falseRedundant();
power();
saved();
