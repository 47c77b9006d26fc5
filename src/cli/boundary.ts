/** @file `deadweight boundary`: model, data, search, plan, report. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { workerProcess } from "../dispatch/worker-process.js";
import { InputError, InterruptedError, WorkerError } from "../foundation/errors.js";
import { version } from "../foundation/version.js";
import { jointSets } from "../paper/joint-sets.js";
import { type BoundaryRecord, boundaryRecord } from "../records/boundary-record.js";
import type { PlanRecord } from "../records/plan-record.js";
import { parseRecord, writeFileAtomically, writeRecord } from "../records/record-file.js";
import { openRunFolder, type RunFolder } from "../records/run-folder.js";
import type { RunRecord } from "../records/run-record.js";
import { boundaryPage } from "../report/boundary-page.js";
import { boundaryTables } from "../report/boundary-tables.js";
import { counted, duration } from "../report/figure-text.js";
import { terminalLook } from "../report/terminal-look.js";
import { rejudgeAtMargins } from "../statistics/rejudged-boundary.js";
import { type Boundary, type BoundaryOptions, findBoundary } from "../study/boundary.js";
import { actionName } from "../study/boundary-action.js";
import { furtherSearchSeeds } from "../study/boundary-seeds.js";
import { boundaryPlan, boundarySummary } from "../study/boundary-summary.js";
import { type BoundaryArguments, firstLook } from "./boundary-arguments.js";
import { type Chosen, openBoundaryModel } from "./boundary-model.js";
import { boundarySavings } from "./boundary-savings.js";
import { boundarySize, demandBudget } from "./boundary-size.js";
import { chooseBackend, noteOtherBackend } from "./chosen-backend.js";
import { dataConfiguration } from "./data-arguments.js";
import type { DataTaskResult } from "./data-task.js";
import { type DataSources, encodeData, findData, maxLengthOf, testedData } from "./fine-tuning-data.js";
import { interruptSignal } from "./interrupt.js";
import { learningRates } from "./learning-rates.js";
import { modelPath, type SourceOptions } from "./local-sources.js";
import { thisMachine } from "./machine.js";
import { terminalProgress } from "./terminal-progress.js";
import { leftOutText } from "./test-preview.js";
import type { TrainableModel } from "./trainable-model.js";
import { paceOf } from "./trial-pace.js";
import { planTrials, type TrialPlan, trialSeconds } from "./trial-plan.js";
import { withdrawRun } from "./withdraw-run.js";
import { demandWritable } from "./writable-path.js";

const now = () => performance.now();

interface Search {
  readonly source: string;
  readonly path: string;
  readonly args: BoundaryArguments;
  readonly opened: TrainableModel<Chosen>;
  readonly sources: DataSources;
  /** What computes, for records. */
  readonly engine: string;
  readonly options: SourceOptions;
}

/** Only the last step is measured: a search needs no curves. */
const withEvaluation = (args: BoundaryArguments) => ({ ...args, evaluateEvery: args.steps });

function runRecordOf({ source, args, opened, sources, engine }: Search): RunRecord {
  return {
    schema: "deadweight/run@1",
    version,
    command: "boundary",
    // Neither actions nor the budget: more of them continue a folder. The margin is: a held-out part is fresh for one choice of a set.
    configuration: {
      ...{ model: source, ...dataConfiguration(args), steps: args.steps },
      ...{ device: args.device, precision: args.precision },
      ...{ margin: args.margin, confidence: args.confidence, attempts: args.attempts, maxSeeds: args.maxSeeds },
    },
    inputs: { model: opened.facts.sha256, ...sources.inputs },
    machine: thisMachine(),
    backend: engine,
    startedAt: new Date().toISOString(),
  };
}

const groupsOf = ({ args, opened }: Search) => (args.likePaper ? jointSets(opened.chosen.candidates) : []);

async function encoded(
  search: Search,
  path: string,
  runner: ReturnType<typeof workerProcess>,
): Promise<DataTaskResult> {
  const { sources, args, opened, options } = search;
  return encodeData(sources, args, {
    ...{ path, modelFolder: search.path, model: opened.model, runner, options, confirmationParts: args.attempts },
  });
}

function estimateText(
  search: Search,
  plan: TrialPlan,
  pace: { readonly stepSeconds: number; readonly evaluationSeconds: number },
): string {
  const { args, opened } = search;
  const { least, likely } = boundarySize(opened.chosen.candidates.length, groupsOf(search).length, args);
  const limit = args.maxTrials === null ? Number.POSITIVE_INFINITY : args.maxTrials * args.actions.length;
  const time = (count: number) => duration(trialSeconds(pace, withEvaluation(args), Math.min(count, limit), plan.jobs));
  const budget = [
    ...(args.maxTrials === null ? [] : [`at most ${args.maxTrials} trials an action`]),
    ...(args.maxHours === null ? [] : [`at most ${args.maxHours} hours an action`]),
  ];
  return `${counted(opened.chosen.candidates.length, "matrix", "matrices")}, ${args.actions.map(actionName).join(", ")}: ${least} trials at least (${time(least)}), ${likely} likely (${time(likely)}), ${plan.jobs} at a time with ${counted(plan.setting.threads, "thread")} each${budget.length > 0 ? `; ${budget.join(", ")}` : ""}.`;
}

async function dryRun(search: Search): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "deadweight-dry-run-"));
  const runner = workerProcess();
  try {
    const data = join(folder, "sft-data.json");
    const result = await encoded(search, data, runner);
    const paths = { model: resolve(search.path), data };
    const plan = planTrials(search.opened.model, result, withEvaluation(search.args), paths);
    const { training, heldOut, confirmation } = result.examples;
    const parts = `${counted(training, "training example")}, ${heldOut} held out, ${confirmation.join(" + ")} for confirmations`;
    const pace = await paceOf(runner, plan.setting, search.options);
    process.stdout.write(`${[`${parts}.`, estimateText(search, plan, pace)].join("\n")}\n`);
  } finally {
    await runner.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Finished {
  readonly record: BoundaryRecord;
  /** By action; of those that were confirmed. */
  readonly plans: ReadonlyMap<string, PlanRecord>;
}

function finish(search: Search, data: DataTaskResult, study: BoundaryOptions, found: Boundary): Finished {
  const { args, opened, engine } = search;
  const { rows, length, slots, rowsAtOnce } = study.setting;
  const { candidates, bytes } = opened.chosen;
  const summary = boundarySummary(
    {
      model: opened.facts,
      data: { ...testedData(data, args, opened.model), confirmation: data.examples.confirmation },
      batch: { rows, length, slots, rowsAtOnce, scoredTokensPerStep: data.plan.meanScored, backend: engine },
      savingsOf: (set) =>
        boundarySavings(set, {
          ...{ matrices: candidates, parameters: opened.facts.parameters, bytes, build: opened.build },
          batch: { rows: rowsAtOnce, length, slots: Math.min(slots, rowsAtOnce * length), packed: true },
        }),
      printed: new Map(groupsOf(search).map(({ label, printed }) => [label, printed])),
    },
    study,
    found,
  );
  // As it will be read: a page that is written again is the same.
  const record = parseRecord(boundaryRecord, summary, "boundary.json");
  const plans = found.actions.flatMap((searched): [string, PlanRecord][] => {
    const plan = boundaryPlan(record, candidates, searched);
    return plan === null ? [] : [[actionName(searched.action), plan]];
  });
  return { record, plans: new Map(plans) };
}

async function searchIn(folder: RunFolder, search: Search): Promise<Finished> {
  const { args, opened, options, path } = search;
  const { progress, signal } = options;
  const first = workerProcess();
  const runners = [first];
  try {
    const file = folder.file("sft-data.json");
    const data = await encoded(search, file, first);
    for (const text of leftOutText(data, maxLengthOf(args, opened.model))) progress.note(`${text}.`);
    const paths = { model: resolve(path), data: resolve(file) };
    const plan = planTrials(opened.model, data, withEvaluation(args), paths);
    while (runners.length < plan.jobs) runners.push(workerProcess());
    if (!folder.continued) progress.note(estimateText(search, plan, await paceOf(first, plan.setting, options)));
    const { steps, seed, margin, confidence, attempts, actions } = args;
    const study: BoundaryOptions = {
      ...{ folder, runners, signal, setting: plan.setting, steps, seed, margin, confidence, attempts, actions },
      candidates: opened.chosen.candidates,
      groups: groupsOf(search),
      seeds: {
        evidence: args.evidenceSeeds,
        search: args.searchSeeds,
        searchMost: args.searchSeeds + furtherSearchSeeds,
      },
      looks: { first: firstLook, last: args.maxSeeds },
      mostPassedOver: args.passOver,
      budget: { trials: args.maxTrials, hours: args.maxHours },
      learningRate: args.learningRate ?? learningRates,
      onProgress: progress.update,
      onNote: progress.note,
    };
    return finish(search, data, study, await findBoundary(study));
  } finally {
    progress.end();
    await Promise.all(runners.map((runner) => runner.close()));
  }
}

/** The one that stores least; of equals, the one that trains least. */
function bestPlan({ record, plans }: Finished): PlanRecord | null {
  const trained = (action: string) =>
    record.actions.find((own) => own.action === action)?.savings?.trainableLeft ?? Number.POSITIVE_INFINITY;
  const ranked = [...plans].sort(
    ([a, first], [b, second]) => first.effectiveParameters - second.effectiveParameters || trained(a) - trained(b),
  );
  return ranked[0]?.[1] ?? null;
}

function write(folder: RunFolder, finished: Finished, { json }: BoundaryArguments): void {
  const { record, plans } = finished;
  writeRecord(folder.file("boundary.json"), record);
  for (const [action, plan] of plans) writeRecord(folder.file(`plan-${action.replace(":", "-")}.json`), plan);
  const best = bestPlan(finished);
  // A plan of an earlier sitting may be of a set that no longer is the one.
  if (best) writeRecord(folder.file("plan.json"), best);
  else rmSync(folder.file("plan.json"), { force: true });
  writeFileAtomically(folder.file("report.html"), boundaryPage(record, rejudgeAtMargins(record)));
  if (json === "-") process.stdout.write(`${JSON.stringify(record)}\n`);
  else {
    if (json !== null) writeRecord(json, record);
    process.stdout.write(`${boundaryTables(record, terminalLook(process.stdout, process.env))}\n`);
  }
}

export async function runBoundary(source: string, given: BoundaryArguments): Promise<void> {
  if (given.json !== null && given.json !== "-") demandWritable(given.json, "--json");
  const progress = terminalProgress(process.stderr, now);
  const options = { progress, signal: interruptSignal(progress.note) };
  const begin = now();
  const path = await modelPath(source, options);
  const opened = openBoundaryModel(source, path, given.matrices);
  demandBudget(opened.chosen.candidates.length, given);
  const sources = await findData(given, options);
  const { engine, ...chosen } = await chooseBackend(given, options);
  const args = { ...given, ...chosen };
  const search = { source, path, args, opened, options, sources, engine };
  if (args.dryRun) return dryRun(search);
  const out = args.out ?? join("runs", `boundary-${basename(source.replace(/@.*$/, ""))}`);
  const folder = openRunFolder(out, runRecordOf(search));
  try {
    progress.note(`${folder.continued ? "Continuing" : "Starting"} in ${out}.`);
    noteOtherBackend(folder, engine, progress.note);
    const finished = await searchIn(folder, search);
    write(folder, finished, args);
    const plan = finished.plans.size > 0 ? ` Plan: ${folder.file("plan.json")}.` : " No set was confirmed: no plan.";
    progress.note(
      `Done in ${duration((now() - begin) / 1000)}.${plan} Report: ${pathToFileURL(folder.file("report.html")).href}`,
    );
    const { failed } = finished.record.trials;
    if (failed > 0) throw new WorkerError(`${failed} trials failed. Run the same command to repeat them.`);
  } catch (error) {
    progress.end();
    if (error instanceof InputError) withdrawRun(folder);
    if (error instanceof InterruptedError) throw new InterruptedError("Stopped. Run the same command to continue.");
    throw error;
  } finally {
    folder.release();
  }
}
