/**
 * Does the precision of matrix products change a verdict? The paper's arms in float32 and in bf16, over the same seeds from the same base:
 * for each arm its delta to `full` of the same precision, and the paired difference of the deltas. `npm run build && node
 * experiments/precision.mjs [--preset smoke|quick|full] [--seeds N] [--sides native-fp32,native-bf16] [--matrix NAME]... [--jobs N]`;
 * interrupt at any time, the same command continues.
 *
 * The base, its data and its learning rate are those of `npm run paper -- --preset PRESET` (runs/paper-PRESET), which is run first where it
 * is missing. A side is a backend and its precision; evaluations are computed in it too, as in a test. The others are held against the first:
 * `--sides native-fp32,onnx-fp32,native-bf16` also tells what another order of the same sums does. Writes RUN/precision.json.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { markdownTable } from "../bench/markdown-table.mjs";
import { runScript } from "../bench/run-script.mjs";
import { openCheckpoint } from "../dist/checkpoint/checkpoint.js";
import { listMatrices } from "../dist/checkpoint/weight-names.js";
import { chooseBackend } from "../dist/cli/chosen-backend.js";
import { interruptSignal } from "../dist/cli/interrupt.js";
import { thisMachine } from "../dist/cli/machine.js";
import { terminalProgress } from "../dist/cli/terminal-progress.js";
import { parseArm } from "../dist/crystal/arm.js";
import { fractionDone, runTrials, trialsDetail } from "../dist/dispatch/trial-queue.js";
import { workerProcess } from "../dist/dispatch/worker-process.js";
import { InterruptedError, UsageError, WorkerError } from "../dist/foundation/errors.js";
import { sha256OfFiles } from "../dist/foundation/sha256.js";
import { version } from "../dist/foundation/version.js";
import { paperPreset } from "../dist/paper/preset.js";
import { target } from "../dist/paper/printed-figures.js";
import { writeRecord } from "../dist/records/record-file.js";
import { openRunFolder } from "../dist/records/run-folder.js";
import { everyArm, seedSpecs, seedsFrom } from "../dist/study/matrix-test.js";
import { margin, precisionFigures } from "./precision-figures.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    preset: { type: "string", default: "quick" },
    seeds: { type: "string" },
    sides: { type: "string", default: "native-fp32,native-bf16" },
    matrix: { type: "string", multiple: true, default: [target, "h.0.attn.c_attn", "h.6.mlp.c_fc"] },
    jobs: { type: "string", default: String(availableParallelism()) },
    out: { type: "string" },
  },
});
const arms = ["frozen", "crystal", "random", "zero"];
/** For intervals that are narrow beside the margin; assumption, not studied. */
const usualSeeds = { smoke: 3, quick: 8, full: 10 };

/** A side that is given twice must give the same numbers twice. @throws UsageError */
function parseSide(label, index, all) {
  const [backend, precision, ...rest] = label.split("-");
  if (!["native", "onnx"].includes(backend) || !["fp32", "bf16"].includes(precision) || rest.length > 0)
    throw new UsageError(`--sides ${label}: a side is native-fp32, native-bf16 or onnx-fp32.`);
  const name = all.indexOf(label) < index ? `${label} (${index + 1})` : label;
  return { label: name, backend, precision, file: `trials-${index + 1}-${label}.jsonl` };
}

/** The paper's run folder, made by the paper's command where it is missing. @throws InterruptedError, WorkerError */
function paperFolder(preset) {
  const folder = join(root, "runs", `paper-${preset.name}`);
  if (existsSync(join(folder, "paper.json"))) return folder;
  const args = [join(root, "dist", "cli", "main.js"), "paper", "--preset", preset.name, "--out", folder];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  if (status === 130) throw new InterruptedError("Stopped.");
  if (status !== 0) throw new WorkerError(`The paper's run in ${folder} did not finish.`);
  return folder;
}

/** @throws UsageError for a matrix that the base does not have. */
function openBase(model, matrices) {
  const checkpoint = openCheckpoint(model);
  const known = listMatrices(checkpoint).map(({ name }) => name);
  const sha256 = checkpoint.sha256();
  checkpoint.close();
  for (const name of matrices)
    if (!known.includes(name)) throw new UsageError(`--matrix ${name}: the base has ${known.join(", ")}.`);
  return sha256;
}

/** Seed by seed, so that an interrupted run holds whole pairs. @returns the trials of each side. */
async function runSides(sides, { specs, seeds, settingOf, folder, runners, signal, progress }) {
  const trials = sides.map(() => []);
  const parts = seeds.length * sides.length;
  for (const [turn, seed] of seeds.entries())
    for (const [index, side] of sides.entries()) {
      const done = turn * sides.length + index;
      const onProgress = (state) =>
        progress.update({
          ...{ stage: "trials", fraction: (done + fractionDone(state)) / parts },
          detail: `seed ${seed}, ${side.label}: ${trialsDetail(state)}`,
        });
      const queue = { setting: settingOf(side), path: folder.file(side.file), runners, signal, onProgress };
      trials[index].push(...(await runTrials(specs(seed), queue)));
    }
  return trials;
}

const signed = (value, digits) => (value > 0 ? "+" : "") + value.toFixed(digits);
function shown({ mean, low, high, diverged = [] }, digits) {
  const interval = low === null ? "" : ` [${signed(low, digits)}, ${signed(high, digits)}]`;
  const lost = diverged.length > 0 ? `; ${diverged.length} diverged` : "";
  return `${mean === null ? "none" : signed(mean, digits)}${interval}${lost}`;
}
const furthest = (list) => Math.max(...list.map(Math.abs));

function tables(figures, sides) {
  const { compared, reference, full, arms: armRows, verdicts } = figures;
  const perOther = (list, cell) =>
    Object.fromEntries(compared.map((label, i) => [`${label} - ${reference}`, cell(list[i])]));
  const losses = full.map(({ at, losses, differences }) => ({
    "held-out loss of full, nats": at === "heldOutLossBefore" ? "before the first step" : "after the last",
    ...Object.fromEntries(sides.map(({ label }, i) => [label, losses[i].mean?.toFixed(5)])),
    ...perOther(differences, (estimate) => shown(estimate, 6)),
  }));
  const deltas = armRows.map(({ matrix, arm, deltas, differences }) => ({
    ...{ matrix, arm },
    ...Object.fromEntries(sides.map(({ label }, i) => [`${label}: delta, %`, shown(deltas[i], 3)])),
    ...perOther(differences, (estimate) => shown(estimate, 4)),
    ...Object.fromEntries(
      compared.map((label, i) => [
        `largest of a seed, ${label}`,
        differences[i].n > 0 ? furthest(differences[i].values).toFixed(4) : "",
      ]),
    ),
  }));
  const judged = verdicts.map(({ matrix, verdicts }) => ({
    [`verdict at ${margin}%`]: matrix,
    ...Object.fromEntries(sides.map(({ label }, i) => [label, verdicts[i]])),
  }));
  return [losses, deltas, judged].map(markdownTable).join("\n\n");
}

function sentences({ arms: armRows, compared, identical, secondsPerTrial }, sides) {
  const ends = compared.map((label, i) => {
    if (identical[i]) return `${label} gave the same numbers as ${sides[0].label} to the bit.`;
    const bounds = armRows.flatMap(({ differences }) => [differences[i].low, differences[i].high]);
    return bounds.includes(null)
      ? `${label}: an arm has too few finished seeds for an interval.`
      : `${label}: no interval of a difference of deltas reaches beyond ${furthest(bounds).toFixed(3)} points, of a margin of ${margin}.`;
  });
  const seconds = sides.map(({ label }, i) => `${label} ${secondsPerTrial[i].toFixed(1)}`).join(", ");
  return [...ends, `Seconds a trial beside the others: ${seconds}.`].join("\n");
}

async function main() {
  const preset = paperPreset(values.preset);
  const sides = values.sides.split(",").map(parseSide);
  if (sides.length < 2) throw new UsageError("--sides: give two or more to compare.");
  const seeds = seedsFrom(1, Number(values.seeds ?? usualSeeds[preset.name]));
  if (seeds.length < 2) throw new UsageError(`--seeds ${values.seeds}: two or more make an interval.`);
  const source = paperFolder(preset);
  const [model, data] = [join(source, "base"), join(source, "sft-data.json")];
  const { learningRate } = JSON.parse(readFileSync(join(source, "paper.json"), "utf8")).sft;
  const inputs = { model: openBase(model, values.matrix), data: sha256OfFiles([data]) };

  const progress = terminalProgress(process.stderr, () => performance.now());
  const signal = interruptSignal(progress.note);
  const engines = [];
  for (const { backend, precision } of sides)
    engines.push((await chooseBackend({ device: "cpu", backend, precision }, { progress, signal })).engine);
  const folder = openRunFolder(values.out ?? join(root, "runs", `precision-${preset.name}`), {
    ...{ schema: "deadweight/run@1", version, command: "experiments/precision", machine: thisMachine(), inputs },
    configuration: { preset: preset.name, sides: sides.map(({ label }) => label), learningRate },
    startedAt: new Date().toISOString(),
  });
  const runners = Array.from({ length: Number(values.jobs) }, workerProcess);
  try {
    const { steps, rows, length, slots } = preset.sft;
    const test = { targets: values.matrix.map((name) => [name]), arms: arms.map(parseArm), steps, learningRate };
    const specs = (seed) => seedSpecs(test, seed, everyArm(test)).filter(({ purpose }) => purpose === "sft");
    const settingOf = ({ backend, precision }) => ({
      ...{ model, data, rows, length, slots, rowsAtOnce: rows, keptTrainers: 3, plantedGate: 0 },
      // Only the ends are compared.
      ...{ evaluateEvery: steps, device: "cpu", threads: 1, backend, precision },
    });
    const trials = await runSides(sides, { specs, seeds, settingOf, folder, runners, signal, progress });
    progress.end();
    const failed = trials.flat().filter(({ outcome }) => outcome.kind === "failed");
    if (failed.length > 0)
      throw new WorkerError(
        `${failed.length} trials failed (${failed[0].key}: ${failed[0].outcome.reason}). Run the same command to repeat them.`,
      );
    const withTrials = sides.map(({ label }, index) => ({ label, trials: trials[index] }));
    const figures = precisionFigures(withTrials, { matrices: values.matrix, arms });
    writeRecord(folder.file("precision.json"), {
      ...{ schema: "deadweight/precision@1", version, preset: preset.name, inputs, steps, learningRate, seeds, margin },
      sides: sides.map(({ label }, index) => ({ label, engine: engines[index] })),
      ...figures,
    });
    process.stdout.write(
      `Preset ${preset.name}, ${steps} steps at ${learningRate}, seeds 1 to ${seeds.length}, 95% intervals over seeds, each for itself; ` +
        `${sides.map(({ label }, index) => `${label}: ${engines[index]}`).join("; ")}\n\n` +
        `${tables(figures, sides)}\n\n${sentences(figures, sides)}\n`,
    );
  } finally {
    progress.end();
    await Promise.all(runners.map((runner) => runner.close()));
    folder.release();
  }
}

await runScript(main);
