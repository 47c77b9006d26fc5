/**
 * @file Tokens per second and peak memory of a training step, ours beside PyTorch's, taking turns. PyTorch's rows need a `python3`
 * that has torch (DEADWEIGHT_PYTHON names another interpreter). `--slots` benches a fine-tuning step, `--json FILE` keeps the numbers.
 */
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    layers: { type: "string", default: "8" },
    width: { type: "string", default: "256" },
    heads: { type: "string", default: "8" },
    vocab: { type: "string", default: "15007" },
    rows: { type: "string", default: "4" },
    length: { type: "string", default: "512" },
    slots: { type: "string" },
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "6" },
    steps: { type: "string", default: "4" },
    arms: { type: "boolean", default: false },
    json: { type: "string" },
  },
});
const [loadBefore] = loadavg();
const python = process.env.DEADWEIGHT_PYTHON ?? "python3";
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const shared = ["layers", "width", "heads", "vocab", "rows", "length", "slots", "threads"].flatMap((name) =>
  values[name] === undefined ? [] : [`--${name}`, values[name]],
);

/** A process that answers one line a request. */
function contestant(name, command, args) {
  const child = spawn(command, [...args, ...shared], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const receive = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} ended early`);
    return JSON.parse(value);
  };
  return {
    name,
    milliseconds: [],
    ready: receive,
    ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return receive();
    },
    close() {
      child.stdin.end();
      return ended;
    },
  };
}

const ours = [contestant("deadweight", process.execPath, [here("engine-step.mjs")])];
const matrix = "h.4.attn.c_proj.weight";
if (values.arms) {
  ours.push(contestant("deadweight, c_proj frozen", process.execPath, [here("engine-step.mjs"), "--frozen", matrix]));
  ours.push(contestant("deadweight, c_proj rank 1", process.execPath, [here("engine-step.mjs"), "--factored", matrix]));
}
const hasTorch = spawnSync(python, ["-c", "import torch"]).status === 0;
if (!hasTorch) process.stderr.write(`${python} has no torch: PyTorch's rows are left out.\n`);
const theirs = hasTorch
  ? ["fp32-eager", "fp32-sdpa", "bf16-autocast"].map((mode) =>
      contestant(`PyTorch ${mode}`, python, [here("torch_step.py"), "--mode", mode]),
    )
  : [];
const all = [...ours, ...theirs];
for (const one of all) one.description = await one.ready();
for (const one of all) await one.ask({ steps: 3 });
for (let round = 0; round < Number(values.rounds); round++)
  for (const one of all) one.milliseconds.push(...(await one.ask({ steps: Number(values.steps) })).milliseconds);
for (const one of all) {
  one.peakMegabytes = (await one.ask({ quit: true })).peakMegabytes;
  await one.close();
}

const median = (list) => {
  const sorted = [...list].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
};
const tokens = Number(values.rows) * Number(values.length);
const rows = all.map((one) => ({
  name: one.name,
  millisecondsPerStep: median(one.milliseconds),
  fastest: Math.min(...one.milliseconds),
  tokensPerSecond: (tokens / median(one.milliseconds)) * 1000,
  peakMegabytes: one.peakMegabytes,
}));
const best = rows
  .filter(({ name }) => name.includes("fp32"))
  .sort((a, b) => a.millisecondsPerStep - b.millisecondsPerStep)[0];
const versions = all.map(({ description }) => description.torch).filter(Boolean);
console.log(
  `${cpus()[0].model}, ${values.threads} threads, Node ${process.version}${versions.length ? `, torch ${versions[0]}` : ""}; ` +
    `${all[0].description.parameters} parameters, batch ${values.rows} x ${values.length}${values.slots ? `, ${values.slots} scored` : ""}, ` +
    `${Number(values.rounds) * Number(values.steps)} steps each in turns of ${values.steps}, medians; ` +
    `load ${loadBefore.toFixed(1)} before the start (measure on an idle machine: PyTorch's threads wait by spinning)`,
);
console.table(
  Object.fromEntries(
    rows.map((row) => [
      row.name,
      {
        "ms/step": Math.round(row.millisecondsPerStep),
        "fastest ms": Math.round(row.fastest),
        "tokens/s": Math.round(row.tokensPerSecond),
        "peak MB": Math.round(row.peakMegabytes),
        ...(best
          ? { "speed / best fp32 PyTorch": (best.millisecondsPerStep / row.millisecondsPerStep).toFixed(2) }
          : {}),
        ...(best ? { "memory / its": (row.peakMegabytes / best.peakMegabytes).toFixed(2) } : {}),
      },
    ]),
  ),
);
if (values.json) writeFileSync(values.json, `${JSON.stringify({ values, rows }, null, 1)}\n`);
