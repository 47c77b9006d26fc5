/**
 * @file Wall time and peak memory of `deadweight scan`, beside NumPy, PyTorch and WeightWatcher on the same matrices, taking turns. Their rows
 * need a Python that has them (`--python` or DEADWEIGHT_PYTHON); what is absent is named. `--json FILE` keeps the numbers.
 *
 *     npm run build && node bench/make-gpt2.mjs && node bench/scan.mjs [--layers 1] [--rounds 5]
 *
 * Our seconds are those of the whole process, start and reading included; theirs are without imports: the ratios favour them.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { median } from "./median.mjs";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "runs/bench-gpt2" },
    python: { type: "string", default: process.env.DEADWEIGHT_PYTHON ?? "python3" },
    layers: { type: "string" },
    rounds: { type: "string", default: "5" },
    threads: { type: "string", default: String(cpus().length) },
    without: { type: "string", multiple: true, default: [] },
    json: { type: "string" },
  },
});
const [loadBefore] = loadavg();
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "bench-scan-"));
const gnuTime = spawnSync("/usr/bin/time", ["-v", process.execPath, "-v"]).status === 0;
const pollMs = 20;

/** Of a running Linux process, so far; null elsewhere. */
function highWaterKilobytes(pid) {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return null;
  const found = /VmHWM:\s+(\d+)/.exec(readFileSync(path, "latin1"));
  return found ? Number(found[1]) : null;
}

/** @returns seconds from start to end and to the second line of output (the first row), peak memory, and the output. */
async function timed(command, args) {
  const report = join(folder, "time");
  const [program, programArgs] = gnuTime ? ["/usr/bin/time", ["-v", "-o", report, command, ...args]] : [command, args];
  const begin = performance.now();
  const child = spawn(program, programArgs, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let said = "";
  let firstRowSeconds = null;
  let kilobytes = null;
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  child.stdout.on("data", (chunk) => {
    output += chunk;
    if (output.split("\n").length > 2) firstRowSeconds ??= (performance.now() - begin) / 1000;
  });
  const poll = gnuTime ? null : setInterval(() => (kilobytes = highWaterKilobytes(child.pid) ?? kilobytes), pollMs);
  const [status, seconds] = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve([code, (performance.now() - begin) / 1000]));
  });
  clearInterval(poll);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${said.trim().slice(-500)}`);
  if (gnuTime) kilobytes = Number(/Maximum resident set size \(kbytes\): (\d+)/.exec(readFileSync(report, "utf8"))[1]);
  return { output, seconds, firstRowSeconds, kilobytes };
}

const globs = Array.from({ length: Number(values.layers ?? 0) }, (_, layer) => ["--only", `h.${layer}.**`]).flat();

function ours(name, extra) {
  const record = join(folder, "scan.json");
  const args = [here("../dist/cli/main.js"), "scan", values.model, ...globs, "--no-parts", "--json", record, ...extra];
  const run = async () => {
    const { output: _, ...measured } = await timed(process.execPath, args);
    const { matrices } = JSON.parse(readFileSync(record, "utf8"));
    return { ...measured, processSeconds: measured.seconds, matrices: matrices.length };
  };
  return { name, run, turns: [] };
}

function theirs(method) {
  const layers = values.layers === undefined ? [] : ["--layers", values.layers];
  const script = [here("scan_peers.py"), "--model", values.model, "--threads", values.threads, ...layers];
  const run = async () => {
    const { output, seconds: processSeconds, kilobytes } = await timed(values.python, [...script, "--method", method]);
    const { matrices, seconds } = JSON.parse(output);
    return { seconds, processSeconds, firstRowSeconds: null, kilobytes, matrices };
  };
  return { name: method, run, turns: [] };
}

function peers() {
  const asked = spawnSync(values.python, [here("scan_peers.py"), "--method", "list"], { encoding: "utf8" });
  if (asked.status !== 0) {
    process.stderr.write(`${values.python}: ${asked.error?.message ?? asked.stderr.trim()}. Peers are left out.\n`);
    return [];
  }
  const absent = Object.entries(JSON.parse(asked.stdout));
  for (const [method, missing] of absent)
    if (missing.length > 0)
      process.stderr.write(`${method}: left out, ${values.python} lacks ${missing.join(", ")}.\n`);
  return absent.filter(([, missing]) => missing.length === 0).map(([method]) => theirs(method));
}

const all = [ours("deadweight scan", []), ours("deadweight scan --quick", ["--quick"]), ...peers()].filter(
  ({ name }) => !values.without.includes(name),
);
try {
  // The first run brings the file and the programs into memory and is not counted.
  await all[0]?.run();
  for (let round = 0; round < Number(values.rounds); round++) {
    // Whoever went first goes last in the next round.
    for (let k = 0; k < all.length; k++) {
      const one = all[(k + round) % all.length];
      one.turns.push(await one.run());
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const rows = all.map(({ name, turns }) => {
  const of = (key) => (turns.some((turn) => turn[key] === null) ? null : median(turns.map((turn) => turn[key])));
  return {
    name,
    matrices: turns[0].matrices,
    seconds: of("seconds"),
    fastestSeconds: Math.min(...turns.map(({ seconds }) => seconds)),
    processSeconds: of("processSeconds"),
    firstRowSeconds: of("firstRowSeconds"),
    peakMegabytes: of("kilobytes") === null ? null : of("kilobytes") / 1024,
  };
});
const secondsOf = (name) => rows.find((row) => row.name === name)?.seconds;
const faster = (name, { seconds }) => (secondsOf(name) ? (secondsOf(name) / seconds).toFixed(2) : "-");
const shown = (value, digits) => (value === null ? "-" : value.toFixed(digits));
console.log(
  `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}; ${values.model}, ` +
    `${values.layers === undefined ? "all matrices" : `${values.layers} layers`}; ${values.rounds} rounds in turns, medians; ` +
    `load ${loadBefore.toFixed(1)} before the start. Of the peers "s" is without imports, "process s" with them.`,
);
console.table(
  Object.fromEntries(
    rows.map((row) => [
      row.name,
      {
        matrices: row.matrices,
        s: shown(row.seconds, 3),
        "fastest s": shown(row.fastestSeconds, 3),
        "process s": shown(row.processSeconds, 3),
        "speed / numpy-values": faster("numpy-values", row),
        "speed / weightwatcher": faster("weightwatcher", row),
        "peak MB": shown(row.peakMegabytes, 0),
        "first row s": shown(row.firstRowSeconds, 3),
      },
    ]),
  ),
);
if (values.json) writeFileSync(values.json, `${JSON.stringify({ values, rows }, null, 1)}\n`);
