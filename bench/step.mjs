/**
 * @file Tokens per second and peak memory of a training step, ours beside PyTorch's, taking turns. PyTorch's rows need a `python3`
 * that has torch (DEADWEIGHT_PYTHON names another interpreter), and `torch.compile` a C++ compiler.
 *
 *     npm run build && node bench/step.mjs [--only native,torch-fp32-sdpa] [--slots 512] [--arms] [--json FILE]
 *
 * `--slots` benches a fine-tuning step, whose head runs on the scored positions alone; `--arms` adds ours with a matrix frozen, and of rank 1.
 * A step is forward, backward, clipping, AdamW and reading the loss. Speed against PyTorch is the median of the ratios within a round.
 * The share of the raw rate is that of useful operations (see stepFacts) and of the float32 rate that raw-rate.c reaches on the same
 * threads in the same run, whatever a row computes in.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { takeTurns } from "./contestant.mjs";
import { markdownTable } from "./markdown-table.mjs";
import { rawRate } from "./raw-rate.mjs";
import { runScript } from "./run-script.mjs";
import { chosenKeys, contestantKeys, runnableKeys, startContestants } from "./step-contestants.mjs";
import { sizeOptions, stepFacts } from "./step-model.mjs";
import { references, shareOfRaw, stepSummary } from "./step-summary.mjs";

const { values } = parseArgs({
  options: {
    layers: { type: "string", default: "8" },
    width: { type: "string", default: "256" },
    heads: { type: "string", default: "8" },
    vocab: { type: "string", default: "15007" },
    rows: { type: "string", default: "4" },
    length: { type: "string", default: "512" },
    slots: { type: "string" },
    threads: { type: "string", default: String(availableParallelism()) },
    rounds: { type: "string", default: "6" },
    steps: { type: "string", default: "4" },
    only: { type: "string" },
    arms: { type: "boolean", default: false },
    json: { type: "string" },
  },
});
/** The first steps compile, allocate and fault memory in. */
const warmUp = 3;
const note = (text) => process.stderr.write(`${text}\n`);

function print({ size, raw, rows, all, loadBefore }) {
  const { parameters, flops } = stepFacts(size);
  const torch = all.find(({ description }) => description?.torch)?.description;
  console.log(
    `${cpus()[0].model}, ${values.threads} threads, Node ${process.version}` +
      `${torch ? `, torch ${torch.torch} (OMP_WAIT_POLICY ${torch.waitPolicy})` : ""}; ${parameters} parameters, ` +
      `batch ${size.rows} x ${size.length}${size.slots ? `, ${size.slots} scored` : ""}, ${(flops * 1e-9).toPrecision(3)} GFLOP a step, ` +
      `${Number(values.rounds) * Number(values.steps)} steps each in turns of ${values.steps}, medians; ` +
      `${raw ? `raw rate ${raw.gigaflops.toFixed(0)} GFLOP/s in ${raw.vectorBits}-bit vectors; ` : "no C compiler for the raw rate; "}` +
      `load ${loadBefore.toFixed(1)} before the start (measure on an idle machine: PyTorch's threads wait by spinning)\n`,
  );
  const times = (against, what) => (against ? against[what].toFixed(2) : "");
  const compared = rows.some(({ against }) => against?.sdpa || against?.bf16);
  const cells = ({ against, ...row }) => ({
    "ms a step": row.millisecondsPerStep.toFixed(0),
    "fastest ms": row.fastestMilliseconds.toFixed(0),
    "tokens/s": row.tokensPerSecond.toFixed(0),
    "peak MB": row.peakMegabytes.toFixed(0),
    ...(compared && {
      "speed / fp32 sdpa": times(against.sdpa, "speed"),
      "speed / bf16 autocast": times(against.bf16, "speed"),
      "memory / fp32 sdpa": times(against.sdpa, "memory"),
      "memory / bf16 autocast": times(against.bf16, "memory"),
    }),
    ...(raw && { "share of raw rate": `${(100 * shareOfRaw(row, raw.gigaflops)).toFixed(0)}%` }),
  });
  const running = rows.filter(({ failure }) => failure === null);
  console.log(markdownTable(running.map((row) => ({ "": row.name, ...cells(row) }))));
  for (const { name, failure } of rows) if (failure !== null) console.log(`\n${name}: left out. ${failure}`);
  const [fastest] = running
    .filter(({ key }) => key.startsWith("torch-"))
    .sort((a, b) => a.millisecondsPerStep - b.millisecondsPerStep);
  if (fastest && fastest.key !== references.sdpa)
    console.log(
      `\nThe fastest of PyTorch's: ${fastest.name}, ${fastest.millisecondsPerStep.toFixed(0)} ms a step after its warm-up.`,
    );
}

async function main() {
  const [loadBefore] = loadavg();
  const size = Object.fromEntries(sizeOptions.flatMap((name) => (values[name] ? [[name, Number(values[name])]] : [])));
  const keys = runnableKeys(values.only ? chosenKeys(values.only) : contestantKeys, note);
  const probe = rawRate(values.threads);
  const rates = [];
  const heldWeight = values.arms ? `h.${Math.floor(size.layers / 2)}.attn.c_proj.weight` : null;
  const all = startContestants(keys, { size, threads: values.threads, heldWeight });
  await takeTurns(all, {
    ...{ warmUp, rounds: Number(values.rounds), steps: Number(values.steps) },
    betweenRounds: () => probe && rates.push(probe.measure()),
  });
  probe?.remove();
  const raw = probe && { gigaflops: Math.max(...rates), vectorBits: probe.vectorBits };
  const rows = stepSummary(all, size);
  print({ size, raw, rows, all, loadBefore });
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ values, raw, loadBefore, rows }, null, 1)}\n`);
}

await runScript(main);
