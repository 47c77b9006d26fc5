/**
 * @file Tokens per second and peak memory of supervised fine-tuning, ours beside plain PyTorch loops on the same batches, taking turns.
 * PyTorch's rows need a Python that has torch and transformers (`--python` or DEADWEIGHT_PYTHON). `--json FILE` keeps the numbers.
 *
 *     npm run build && node examples/stories15m.mjs && node bench/sft.mjs [MODEL] [DATA] [--rounds 5] [--steps 10] [--bf16]
 *
 * MODEL is a model folder with its tokenizer, runs/stories15m where it is not given; DATA any data file that fine-tuning takes. Its first
 * examples are packed into batches; all contestants train every parameter in float32 (but for `--bf16`) on these batches in this order,
 * each in a process of its own that waits for its turn. A step is forward, backward, clipping, AdamW and reading the loss; making the
 * tensors of a batch is not timed for PyTorch, copying them in is for us. The contestants beside ours are described in sft_peers.py.
 * Losses of the first steps must agree with those of each float32 contestant, or the exit status is 1.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openChatTemplate } from "../dist/data/chat-template.js";
import { checkVocabulary, encodeExample } from "../dist/data/encode-example.js";
import { detectFormat } from "../dist/data/example-format.js";
import { evaluationBatches } from "../dist/data/packing.js";
import { readRows } from "../dist/data/read-rows.js";
import { renderExample } from "../dist/data/rendered-example.js";
import { openTokenizer } from "../dist/data/tokenizer-folder.js";
import { DeadweightError, InputError } from "../dist/foundation/errors.js";
import { parameterCount } from "../dist/model/language-model.js";
import { openBaseModel } from "../dist/training/base-model.js";
import { openBackend } from "../dist/training/open-backend.js";
import { Trainer } from "../dist/training/trainer.js";
import { median } from "./median.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: "string", default: process.env.DEADWEIGHT_PYTHON ?? "python3" },
    rounds: { type: "string", default: "5" },
    steps: { type: "string", default: "10" },
    batches: { type: "string", default: "24" },
    rows: { type: "string", default: "4" },
    length: { type: "string", default: "256" },
    slots: { type: "string", default: "512" },
    threads: { type: "string", default: String(availableParallelism()) },
    "learning-rate": { type: "string", default: "1e-4" },
    bf16: { type: "boolean", default: false },
    without: { type: "string", multiple: true, default: [] },
    json: { type: "string" },
    /** A file of batches: then this process is the contestant of ours. */
    contestant: { type: "string" },
  },
});
const [modelFolder = "runs/stories15m", dataFile = "../shared/data/gsm8k_train.jsonl"] = positionals;
const [loadBefore] = loadavg();
const [warmUpSteps, agreementSteps, agreementNats] = [3, 10, 1e-3];
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Not getrusage's peak where it can be helped: that one starts from the peak of the process which started this one. */
function ownMegabytes(key) {
  if (existsSync("/proc/self/status"))
    return Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "latin1"))[1]) / 1024;
  return key === "VmHWM" ? process.resourceUsage().maxRSS / 1024 : process.memoryUsage().rss / 2 ** 20;
}

/** Line protocol, as of sft_peers.py: `{"steps": k}` answers `{"milliseconds": [...], "losses": [...]}`, `{"quit": true}` the peak memory. */
async function takeTurns(batchFile) {
  const { batches, ...size } = JSON.parse(readFileSync(batchFile, "utf8"));
  const shape = { ...size, packed: true };
  const typed = batches.map(({ weights, ...indices }) => ({
    ...Object.fromEntries(Object.entries(indices).map(([name, list]) => [name, Int32Array.from(list)])),
    weights: Float32Array.from(weights),
  }));
  const { backend } = await openBackend({ device: "cpu", threads: Number(values.threads) });
  const base = openBaseModel(modelFolder);
  const trainer = new Trainer(backend, { model: base.build(), weights: base.weights });
  const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
  answer({
    engine: backend.description,
    parameters: parameterCount(base.build().parameters),
    restMegabytes: ownMegabytes("VmRSS"),
  });
  let step = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    if (request.quit) answer({ peakMegabytes: ownMegabytes("VmHWM") });
    if (request.quit) break;
    const [milliseconds, losses] = [[], []];
    for (let i = 0; i < request.steps; i++) {
      const begin = performance.now();
      const { loss } = await trainer.step(typed[step % typed.length], shape, step + 1, Number(values["learning-rate"]));
      milliseconds.push(performance.now() - begin);
      losses.push(loss);
      step++;
    }
    answer({ milliseconds, losses });
  }
}

/** The first examples of the data, in its order, as many as fill the batches; what scores nothing or too much for a batch is left out. */
async function packedBatches() {
  if (!existsSync(modelFolder))
    throw new InputError(
      `${modelFolder}: does not exist. Make it with node examples/stories15m.mjs, or give a model's folder as first argument.`,
    );
  if (!existsSync(dataFile))
    throw new InputError(
      `${dataFile}: does not exist. Give a data file as second argument, such as GSM8K's train.jsonl (https://github.com/openai/grade-school-math).`,
    );
  const shape = { rows: Number(values.rows), length: Number(values.length), slots: Number(values.slots) };
  const rows = await readRows(dataFile);
  const format = detectFormat(rows);
  const { tokenizer, chatTemplate } = openTokenizer(modelFolder);
  const template = chatTemplate === null ? null : openChatTemplate(chatTemplate, tokenizer.specials);
  const wanted = Number(values.batches);
  const examples = [];
  let room = wanted * shape.rows * shape.length;
  for (const row of rows) {
    const encoded = encodeExample(tokenizer, renderExample(row, format, template), {
      maxLength: shape.length,
      trainOn: "completion",
    });
    if (encoded.scoredTokens === 0 || encoded.scoredTokens > shape.slots) continue;
    examples.push(encoded.example);
    room -= encoded.example.tokens.length;
    if (room < 0) break;
  }
  checkVocabulary(tokenizer, examples, JSON.parse(readFileSync(join(modelFolder, "config.json"), "utf8")).vocab_size);
  const all = evaluationBatches(examples, shape);
  // The last one is not full.
  const batches = all.slice(0, Math.max(1, Math.min(wanted, all.length - 1)));
  if (batches.length === 0) throw new InputError(`${dataFile}: no example fits a row of ${shape.length} tokens.`);
  return { shape, batches };
}

/** A process that answers one line a request. */
function contestant(name, command, args) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((resolve) => child.once("exit", resolve));
  // The end of its output says that it is gone.
  child.stdin.on("error", () => {});
  const receive = async () => {
    const { value, done } = await lines.next();
    if (done) throw new InputError(`${name} ended early; what it said stands above.`);
    return JSON.parse(value);
  };
  return {
    name,
    rounds: [],
    losses: [],
    ready: receive,
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const answer = await receive();
      this.losses.push(...(answer.losses ?? []));
      return answer;
    },
    close() {
      child.stdin.end();
      return ended;
    },
  };
}

/** In float32, and with the numbers of ours to come out; `--bf16` adds the one that need not. */
const peerModes = ["packed", "packed-fused", "packed-scored", "padded", ...(values.bf16 ? ["packed-bf16"] : [])];

function contestants(batchFile) {
  const shared = ["--threads", values.threads, "--learning-rate", values["learning-rate"]];
  const ours = contestant("deadweight", process.execPath, [
    here("sft.mjs"),
    modelFolder,
    ...["--contestant", batchFile],
    ...shared,
  ]);
  const lacking =
    "import importlib.util as u; print(*[n for n in ('torch', 'transformers') if u.find_spec(n) is None])";
  const asked = spawnSync(values.python, ["-c", lacking], { encoding: "utf8" });
  const missing = asked.status === 0 ? asked.stdout.trim().replace(" ", " and ") : "torch (it does not run)";
  if (missing !== "") {
    process.stderr.write(`PyTorch's rows are left out: ${values.python} lacks ${missing}; --python names another.\n`);
    return [ours];
  }
  const script = [here("sft_peers.py"), "--model", modelFolder, "--batches", batchFile, ...shared];
  const modes = peerModes.filter((mode) => !values.without.includes(mode));
  return [ours, ...modes.map((mode) => contestant(`PyTorch ${mode}`, values.python, [...script, "--mode", mode]))];
}

const sum = (list) => list.reduce((total, value) => total + value, 0);

/** @returns one entry a contestant; speeds are those of the rounds, whose batches are the same for all. */
function summary(all, batches, steps) {
  const counts = batches.map(({ segments, scoredTokens }) => ({
    scored: scoredTokens,
    tokens: segments.filter((segment) => segment > 0).length,
  }));
  const perSecond = ({ rounds }, what) =>
    rounds.map((milliseconds, round) => {
      const first = warmUpSteps + round * steps;
      const done = milliseconds.map((_, i) => counts[(first + i) % counts.length][what]);
      return (1000 * sum(done)) / sum(milliseconds);
    });
  const [ours] = all;
  return all.map((one) => {
    const [oursByRound, byRound] = [perSecond(ours, "scored"), perSecond(one, "scored")];
    const ratios = oursByRound.map((speed, round) => speed / byRound[round]);
    const compared = one.losses.slice(0, agreementSteps);
    return {
      name: one.name,
      millisecondsPerStep: median(one.rounds.flat()),
      fastestMilliseconds: Math.min(...one.rounds.flat()),
      scoredTokensPerSecond: median(byRound),
      tokensPerSecond: median(perSecond(one, "tokens")),
      peakMegabytes: one.peakMegabytes,
      restMegabytes: one.description.restMegabytes,
      positionsPerStep: one.description.positionsPerStep ?? Number(values.rows) * Number(values.length),
      speedRatio: median(ratios),
      speedRatioRange: [Math.min(...ratios), Math.max(...ratios)],
      memoryRatio: ours.peakMegabytes / one.peakMegabytes,
      largestLossDifference: Math.max(...compared.map((loss, i) => Math.abs(loss - ours.losses[i]))),
      losses: one.losses,
    };
  });
}

function print(all, rows, { shape, batches }) {
  const [ours, peer] = all.map(({ description }) => description);
  const used = sum(batches.map(({ segments }) => segments.filter((segment) => segment > 0).length));
  const share = used / (batches.length * shape.rows * shape.length);
  const scored = sum(batches.map(({ scoredTokens }) => scoredTokens)) / batches.length;
  const versions = peer
    ? `, torch ${peer.torch}, transformers ${peer.transformers} (OMP_WAIT_POLICY ${peer.waitPolicy})`
    : "";
  console.log(
    `${cpus()[0].model}, ${values.threads} threads, Node ${process.version}, ${ours.engine}${versions}; ` +
      `${modelFolder}, ${ours.parameters} parameters; ${batches.length} batches of ${shape.rows} x ${shape.length}, ` +
      `${(100 * share).toFixed(0)}% of them tokens, ${scored.toFixed(0)} scored each (${shape.slots} slots); ` +
      `${values.rounds} rounds of ${values.steps} steps in turns, medians; load ${loadBefore.toFixed(1)} before the start ` +
      "(measure on an idle machine: PyTorch's threads wait by spinning)",
  );
  const range = ([low, high]) => `${low.toFixed(2)}-${high.toFixed(2)}`;
  console.table(
    Object.fromEntries(
      rows.map((row, index) => [
        row.name,
        {
          "ms/step": Number(row.millisecondsPerStep.toFixed(1)),
          "fastest ms": Number(row.fastestMilliseconds.toFixed(1)),
          "scored tokens/s": Math.round(row.scoredTokensPerSecond),
          "tokens/s": Math.round(row.tokensPerSecond),
          "positions/step": Math.round(row.positionsPerStep),
          "peak MB": Math.round(row.peakMegabytes),
          "MB before": Math.round(row.restMegabytes),
          "speed, ours / its": index === 0 ? "-" : `${row.speedRatio.toFixed(2)} (${range(row.speedRatioRange)})`,
          "memory, ours / its": index === 0 ? "-" : row.memoryRatio.toFixed(2),
        },
      ]),
    ),
  );
}

/** @returns whether the float32 contestants trained as we did. */
function printAgreement([ours, ...peers]) {
  const steps = Math.min(agreementSteps, ours.losses.length);
  console.log(
    `ours: loss ${ours.losses[0].toFixed(4)} at step 1, ${ours.losses[steps - 1].toFixed(4)} at step ${steps}, ${ours.losses.at(-1).toFixed(4)} at the last`,
  );
  let agree = true;
  for (const { name, largestLossDifference: largest } of peers) {
    const judged = !name.endsWith("bf16");
    const isNear = largest <= agreementNats;
    if (judged && !isNear) agree = false;
    const verdict = judged ? `, ${isNear ? "within" : "NOT WITHIN"} ${agreementNats}` : "";
    console.log(
      `${name}: losses of the first ${steps} steps differ by at most ${largest.toExponential(1)} nats${verdict}`,
    );
  }
  return agree;
}

async function compare() {
  const { shape, batches } = await packedBatches();
  const steps = Number(values.steps);
  const folder = mkdtempSync(join(tmpdir(), "bench-sft-"));
  let all;
  try {
    const batchFile = join(folder, "batches.json");
    const stored = batches.map(({ exampleOfSlot: _, scoredTokens: __, ...arrays }) =>
      Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, [...array]])),
    );
    writeFileSync(batchFile, JSON.stringify({ ...shape, batches: stored }));
    all = contestants(batchFile);
    for (const one of all) one.description = await one.ready();
    for (const one of all) await one.ask({ steps: warmUpSteps });
    for (let round = 0; round < Number(values.rounds); round++) {
      // Whoever went first goes last in the next round.
      for (let k = 0; k < all.length; k++) {
        const one = all[(k + round) % all.length];
        one.rounds.push((await one.ask({ steps })).milliseconds);
      }
    }
    for (const one of all) {
      one.peakMegabytes = (await one.ask({ quit: true })).peakMegabytes;
      await one.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const rows = summary(all, batches, steps);
  print(all, rows, { shape, batches });
  const agree = printAgreement(rows);
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ values, modelFolder, rows }, null, 1)}\n`);
  return agree;
}

try {
  const fine = values.contestant === undefined ? await compare() : await takeTurns(values.contestant).then(() => true);
  process.exit(fine ? 0 : 1);
} catch (error) {
  if (!(error instanceof DeadweightError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
