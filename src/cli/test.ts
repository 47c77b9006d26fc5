/** @file `deadweight test`: model, data, plan, trials, verdicts, report. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { armName } from "../crystal/arm.js";
import { workerProcess } from "../dispatch/worker-process.js";
import { InputError, InterruptedError, WorkerError } from "../foundation/errors.js";
import { version } from "../foundation/version.js";
import { writeFileAtomically, writeRecord } from "../records/record-file.js";
import { openRunFolder, type RunFolder } from "../records/run-folder.js";
import type { RunRecord, TestDesign } from "../records/run-record.js";
import type { TestRecord } from "../records/test-record.js";
import { counted, duration } from "../report/figure-text.js";
import { terminalLook } from "../report/terminal-look.js";
import { testPage } from "../report/test-page.js";
import { testTables } from "../report/test-tables.js";
import { runCrystallizationTest } from "../study/crystallization-test.js";
import { testSummary } from "../study/test-summary.js";
import { chooseBackend, noteOtherBackend } from "./chosen-backend.js";
import { dataConfiguration } from "./data-arguments.js";
import { type DataSources, encodeData, findData, maxLengthOf, testedData } from "./fine-tuning-data.js";
import { interruptSignal } from "./interrupt.js";
import { modelPath, type SourceOptions } from "./local-sources.js";
import { thisMachine } from "./machine.js";
import { terminalProgress } from "./terminal-progress.js";
import type { TestArguments } from "./test-arguments.js";
import { demandDesign, designOf } from "./test-design.js";
import { leftOutText, missingArmsText, testPreview } from "./test-preview.js";
import { scanTested } from "./test-scan.js";
import { seedPlanOf, studyOptions, trialCounts } from "./test-trials.js";
import { openTestedModel, type TestedModel } from "./tested-model.js";
import { paceOf } from "./trial-pace.js";
import { planTrials, trialSeconds } from "./trial-plan.js";
import { withdrawRun } from "./withdraw-run.js";
import { demandWritable } from "./writable-path.js";

const now = () => performance.now();

interface Test {
  readonly source: string;
  readonly path: string;
  readonly args: TestArguments;
  readonly tested: TestedModel;
  readonly sources: DataSources;
  /** What computes, for records. */
  readonly engine: string;
  readonly options: SourceOptions;
}

function runRecordOf({ source, args, tested, sources, engine }: Test): RunRecord & { readonly design: TestDesign } {
  return {
    schema: "deadweight/run@1",
    version,
    command: "test",
    // Neither matrices nor arms nor seeds: more of them continue a folder where the design allows it.
    configuration: {
      ...{ model: source, ...dataConfiguration(args), steps: args.steps },
      ...{ device: args.device, precision: args.precision },
    },
    inputs: { model: tested.facts.sha256, ...sources.inputs },
    design: designOf(tested, args),
    machine: thisMachine(),
    backend: engine,
    startedAt: new Date().toISOString(),
  };
}

async function dryRun(test: Test): Promise<void> {
  const { args, tested, options, path } = test;
  const folder = mkdtempSync(join(tmpdir(), "deadweight-dry-run-"));
  const runner = workerProcess();
  try {
    const data = join(folder, "sft-data.json");
    const encoded = await encodeData(test.sources, args, {
      ...{ path: data, modelFolder: path, model: tested.model, runner, options },
    });
    const plan = planTrials(tested.model, encoded, args, { model: resolve(path), data });
    const pace = await paceOf(runner, plan.setting, options);
    const trials = trialCounts(tested, args);
    const text = testPreview(
      {
        ...{
          data: encoded,
          plan,
          trials,
          seeds: seedPlanOf(args),
          maxLength: maxLengthOf(args, tested.model),
        },
        targets: tested.targets.map((matrices) => matrices.map(({ name }) => name).join("+")),
        arms: args.arms.map(armName),
        seconds: trialSeconds(pace, args, trials.first, plan.jobs),
        mostSeconds: trialSeconds(pace, args, trials.most, plan.jobs),
      },
      terminalLook(process.stdout, process.env),
    );
    process.stdout.write(`${text}\n`);
  } finally {
    await runner.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runIn(folder: RunFolder, test: Test): Promise<TestRecord> {
  const { args, tested, options, path, engine } = test;
  const { progress } = options;
  const first = workerProcess();
  const runners = [first];
  try {
    const data = folder.file("sft-data.json");
    const encoded = await encodeData(test.sources, args, {
      ...{ path: data, modelFolder: path, model: tested.model, runner: first, options },
    });
    const missingArms = missingArmsText(args.arms.map(armName));
    if (missingArms !== null) progress.note(`${missingArms}.`);
    for (const text of leftOutText(encoded, maxLengthOf(args, tested.model))) progress.note(`${text}.`);
    const plan = planTrials(tested.model, encoded, args, { model: resolve(path), data: resolve(data) });
    const { rows, rowsAtOnce } = plan.setting;
    if (rowsAtOnce < rows)
      progress.note(
        `Batches of ${rows} rows are computed in parts of ${counted(rowsAtOnce, "row")} to fit the memory.`,
      );
    while (runners.length < plan.jobs) runners.push(workerProcess());
    const trials = trialCounts(tested, args);
    if (!folder.continued) {
      const pace = await paceOf(first, plan.setting, options);
      const time = (count: number) => duration(trialSeconds(pace, args, count, plan.jobs));
      const further =
        trials.most > trials.first ? `, ${time(trials.most)} if nothing is decided before the last seed` : "";
      progress.note(
        `${trials.first} trials, ${plan.jobs} at a time with ${counted(plan.setting.threads, "thread")} each: about ${time(trials.first)}${further}.`,
      );
    }
    const { heldOutTokens } = encoded;
    const study = studyOptions(tested, args, { folder, setting: plan.setting, runners, heldOutTokens }, options);
    const result = await runCrystallizationTest(study);
    const names = new Set(tested.targets.flatMap((matrices) => matrices.map(({ name }) => name)));
    const scan = await scanTested(path, names, plan.threads, options);
    return testSummary(
      {
        ...{ model: tested.facts, data: testedData(encoded, args, tested.model), setting: plan.setting, engine },
        ...{ scoredTokensPerStep: encoded.plan.meanScored, targets: tested.targets, scan },
      },
      study,
      result,
    );
  } finally {
    progress.end();
    await Promise.all(runners.map((runner) => runner.close()));
  }
}

function show(record: TestRecord, { json, likePaper }: TestArguments): void {
  if (json === "-") process.stdout.write(`${JSON.stringify(record)}\n`);
  else {
    if (json !== null) writeRecord(json, record);
    process.stdout.write(`${testTables(record, {}, { likePaper })}\n`);
  }
}

export async function runTest(source: string, given: TestArguments): Promise<void> {
  if (given.json !== null && given.json !== "-") demandWritable(given.json, "--json");
  const progress = terminalProgress(process.stderr, now);
  const options = { progress, signal: interruptSignal(progress.note) };
  const begin = now();
  const path = await modelPath(source, options);
  const tested = openTestedModel(source, path, given);
  const sources = await findData(given, options);
  const { engine, ...chosen } = await chooseBackend(given, options);
  const args = { ...given, ...chosen };
  const test = { source, path, args, tested, options, sources, engine };
  if (args.dryRun) return dryRun(test);
  const out = args.out ?? join("runs", `test-${basename(source.replace(/@.*$/, ""))}`);
  const asked = runRecordOf(test);
  const folder = openRunFolder(out, asked);
  try {
    demandDesign(folder, asked.design);
    progress.note(
      `${folder.continued ? "Continuing" : "Starting"} in ${out}: ${counted(tested.targets.length, "target")}.`,
    );
    noteOtherBackend(folder, engine, progress.note);
    const record = await runIn(folder, test);
    writeRecord(folder.file("verdicts.json"), record.verdicts);
    writeRecord(folder.file("test.json"), record);
    writeFileAtomically(folder.file("report.html"), testPage(record));
    show(record, args);
    progress.note(
      `Done in ${duration((now() - begin) / 1000)}. Report: ${pathToFileURL(folder.file("report.html")).href}`,
    );
    if (record.trials.failed > 0)
      throw new WorkerError(
        `${record.trials.failed} trials failed; the verdicts say which. Run the same command to repeat them.`,
      );
  } catch (error) {
    progress.end();
    if (error instanceof InputError) withdrawRun(folder);
    if (error instanceof InterruptedError) throw new InterruptedError("Stopped. Run the same command to continue.");
    throw error;
  } finally {
    folder.release();
  }
}
