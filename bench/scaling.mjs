/**
 * @file How a training step scales: one dimension of model or batch varied at a time around a centre, ours beside ONNX and PyTorch, taking
 * turns. Prints a Markdown table a dimension; progress goes to standard error. About ten minutes on two cores.
 *
 *     npm run build && node bench/scaling.mjs [--only width,depth] [--contestants native-fp32,onnx] [--minutes 15] [--json FILE]
 *
 * Heads are as wide as the paper's (32). A point whose step has too many operations or takes too much memory gets a smaller batch, which its
 * row shows; points that the time does not suffice for are named and left out. See step.mjs for what a step is and how ratios are taken.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { UsageError } from "../dist/foundation/errors.js";
import { peakBytes } from "../dist/graph/peak-bytes.js";
import { trainingGraph } from "../dist/model/model-graph.js";
import { takeTurns } from "./contestant.mjs";
import { markdownTable } from "./markdown-table.mjs";
import { rawRate } from "./raw-rate.mjs";
import { runScript } from "./run-script.mjs";
import { chosenKeys, runnableKeys, startContestants } from "./step-contestants.mjs";
import { stepFacts, stepModel } from "./step-model.mjs";
import { shareOfRaw, stepSummary } from "./step-summary.mjs";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    contestants: { type: "string", default: "native-fp32,onnx-fp32,torch-fp32-sdpa,torch-bf16-autocast" },
    threads: { type: "string", default: String(availableParallelism()) },
    rounds: { type: "string", default: "4" },
    minutes: { type: "string", default: "15" },
    json: { type: "string" },
  },
});
const note = (text) => process.stderr.write(`${text}\n`);

const centre = { width: 256, layers: 8, rows: 4, length: 512, vocab: 15_007 };
const headWidth = 32;
const dimensions = {
  width: { option: "width", points: [128, 256, 512, 768, 1024] },
  depth: { option: "layers", points: [4, 8, 12, 24] },
  context: { option: "length", points: [128, 256, 512, 1024] },
  /** Of shorter sequences, so that all of them are within bounds. */
  batch: { option: "rows", points: [1, 2, 4, 8, 16, 32], length: 128 },
  vocabulary: { option: "vocab", points: [512, 4096, 15_007, 50_257] },
};

/** The slowest contestant does some 100 GFLOP/s on two cores: five seconds a step. */
const mostFlops = 500e9;
/** Of one contestant, estimated; all of a point stay in memory together. */
const mostBytes = 3 * 2 ** 30;
/** The first steps compile, allocate and fault memory in. */
const warmUp = 2;
/** Of a turn: small steps are repeated. */
const turnFlops = 130e9;
const mostStepsOfTurn = 4;
/** What a point may take: it is not begun with less time left. */
const pointMinutes = 1;

/** Weights, gradients, both moments, and what the graph holds at its peak. */
function bytesOf(size) {
  const { model, shape } = stepModel(size);
  const names = model.parameters.map(({ name }) => name);
  return 16 * stepFacts(size).parameters + peakBytes(trainingGraph(model, shape, names));
}

/** The centre with one dimension changed, with as many of its rows as are within bounds. */
function sizeAt({ option, length = centre.length }, value) {
  const size = { ...centre, length, [option]: value };
  size.heads = size.width / headWidth;
  if (option === "rows") return size;
  while (size.rows > 1 && (stepFacts(size).flops > mostFlops || bytesOf(size) > mostBytes)) size.rows /= 2;
  return size;
}

async function measure(size, keys, probe) {
  const all = startContestants(keys, { size, threads: values.threads });
  const steps = Math.max(1, Math.min(mostStepsOfTurn, Math.floor(turnFlops / stepFacts(size).flops)));
  const rates = [];
  await takeTurns(all, {
    ...{ warmUp, rounds: Number(values.rounds), steps },
    betweenRounds: (round) => round === 0 && probe && rates.push(probe.measure()),
  });
  const torch = all.find(({ description }) => description?.torch)?.description.torch;
  return { size, steps, rawGigaflops: rates[0] ?? null, torch, rows: stepSummary(all, size) };
}

/** Measures every size once: the centre is a point of each dimension. */
async function measureAll(chosen, keys, { probe, keep }) {
  const begin = performance.now();
  const minutes = () => (performance.now() - begin) / 60_000;
  const measured = new Map();
  const wanted = chosen.flatMap((name) => dimensions[name].points.map((value) => ({ name, value })));
  for (const [index, { name, value }] of wanted.entries()) {
    const size = sizeAt(dimensions[name], value);
    const id = JSON.stringify(size);
    if (measured.has(id)) continue;
    if (minutes() > Number(values.minutes) - pointMinutes) {
      note(`${name} ${value}: left out, ${values.minutes} minutes are over.`);
      continue;
    }
    const point = await measure(size, keys, probe);
    measured.set(id, point);
    keep([...measured.values()]);
    const times = point.rows.map(({ key, failure, millisecondsPerStep }) =>
      failure === null ? `${key} ${millisecondsPerStep.toFixed(0)} ms` : `${key}: ${failure}`,
    );
    note(`${index + 1} of ${wanted.length}, ${minutes().toFixed(1)} min: ${name} ${value}: ${times.join(", ")}`);
  }
  return measured;
}

/** @param lead key of ours that the others are held against. @returns null where no point of it was measured. */
function tableOf(name, measured, { keys, lead, raw }) {
  const found = dimensions[name].points.flatMap((value) => {
    const point = measured.get(JSON.stringify(sizeAt(dimensions[name], value)));
    return point ? [{ value, ...point }] : [];
  });
  if (found.length === 0) return null;
  return markdownTable(
    found.map(({ value, size, rows }) => {
      const own = rows.find(({ key }) => key === lead);
      const times = (label, what) => own?.against?.[label]?.[what].toFixed(2);
      const milliseconds = (key) => rows.find((row) => row.key === key)?.millisecondsPerStep?.toFixed(0);
      return {
        [name]: value,
        batch: `${size.rows} x ${size.length}`,
        "M parameters": (stepFacts(size).parameters / 1e6).toFixed(1),
        ...Object.fromEntries(keys.map((key) => [`${key}, ms`, milliseconds(key)])),
        "tokens/s": own?.tokensPerSecond?.toFixed(0),
        ...(lead !== "onnx-fp32" && { "speed / ONNX": times("onnx", "speed") }),
        "speed / fp32 sdpa": times("sdpa", "speed"),
        "speed / bf16 autocast": times("bf16", "speed"),
        "peak MB": own?.peakMegabytes?.toFixed(0),
        "memory / fp32 sdpa": times("sdpa", "memory"),
        ...(raw && { "share of raw rate": own?.flops && `${(100 * shareOfRaw(own, raw.gigaflops)).toFixed(0)}%` }),
      };
    }),
  );
}

async function main() {
  const [loadBefore] = loadavg();
  const chosen = values.only ? values.only.split(",") : Object.keys(dimensions);
  for (const name of chosen)
    if (!(name in dimensions))
      throw new UsageError(`--only ${name}: no such dimension. There are ${Object.keys(dimensions).join(", ")}.`);
  const keys = runnableKeys(chosenKeys(values.contestants), note);
  const probe = rawRate(values.threads);
  const rawOf = (points) =>
    probe && { gigaflops: Math.max(...points.map((point) => point.rawGigaflops)), vectorBits: probe.vectorBits };
  const keep = (points) => {
    const record = { values, raw: rawOf(points), loadBefore, points };
    if (values.json) writeFileSync(values.json, `${JSON.stringify(record, null, 1)}\n`);
  };
  const measured = await measureAll(chosen, keys, { probe, keep });
  probe?.remove();
  const points = [...measured.values()];
  const finished = (key) => points.some(({ rows }) => rows.some((row) => row.key === key && row.failure === null));
  const lead = keys.find((key) => !key.startsWith("torch-") && finished(key)) ?? keys[0];
  const [torch, raw] = [points.find((point) => point.torch)?.torch, rawOf(points)];
  console.log(
    `${cpus()[0].model}, ${values.threads} threads, Node ${process.version}${torch ? `, torch ${torch}` : ""}; tokens, speed, memory and share are those of ${lead}; ` +
      `${values.rounds} rounds, medians; ${raw ? `raw rate ${raw.gigaflops.toFixed(0)} GFLOP/s in ${raw.vectorBits}-bit vectors; ` : ""}load ${loadBefore.toFixed(1)} before the start`,
  );
  for (const name of chosen) {
    const table = tableOf(name, measured, { keys, lead, raw });
    if (table !== null) console.log(`\n${table}`);
  }
}

await runScript(main);
