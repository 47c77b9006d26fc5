/** @file Runs the paper's experiment for the command line: folder, workers, progress, tables. */
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { workerProcess } from "../dispatch/worker-process.js";
import { InterruptedError, WorkerError } from "../foundation/errors.js";
import { version } from "../foundation/version.js";
import { estimatePaper } from "../paper/estimate.js";
import { runPaper } from "../paper/experiment.js";
import { type PaperPreset, paperPreset } from "../paper/preset.js";
import { paperInputs } from "../paper/texts.js";
import { writeRecord } from "../records/record-file.js";
import { openRunFolder } from "../records/run-folder.js";
import type { RunRecord } from "../records/run-record.js";
import { duration } from "../report/figure-text.js";
import { paperTables } from "../report/paper-tables.js";
import { chooseBackend, noteOtherBackend } from "./chosen-backend.js";
import { interruptSignal } from "./interrupt.js";
import { thisMachine } from "./machine.js";
import { type RawRunOptions, type RunOptions, runOptions } from "./run-options.js";
import { terminalProgress } from "./terminal-progress.js";
import { demandWritable } from "./writable-path.js";

export interface PaperCommandOptions extends RawRunOptions {
  readonly preset: string;
  readonly out?: string;
  readonly json?: string;
}

const now = () => performance.now();

function runRecordOf(preset: PaperPreset, { device, precision }: RunOptions, engine: string): RunRecord {
  // More seeds continue a folder.
  const { seeds: _seeds, ...identity } = preset;
  return {
    schema: "deadweight/run@1",
    version,
    command: "paper",
    configuration: { preset: JSON.parse(JSON.stringify(identity)), device, precision },
    inputs: paperInputs(),
    machine: thisMachine(),
    backend: engine,
    startedAt: new Date().toISOString(),
  };
}

export async function paper(options: PaperCommandOptions): Promise<void> {
  const preset = paperPreset(options.preset);
  const given = runOptions(options);
  const toFile = options.json !== undefined && options.json !== "-" ? options.json : null;
  if (toFile) demandWritable(toFile, "--json");
  const out = options.out ?? join("runs", `paper-${preset.name}`);
  const progress = terminalProgress(process.stderr, now);
  const signal = interruptSignal(progress.note);
  const { engine, ...chosen } = await chooseBackend(given, { progress, signal });
  const { jobs, ...compute } = { ...given, ...chosen };
  const folder = openRunFolder(out, runRecordOf(preset, { jobs, ...compute }, engine));
  const runners = Array.from({ length: jobs }, workerProcess);
  const begin = now();
  try {
    progress.note(`${folder.continued ? "Continuing" : "Starting"} preset ${preset.name} in ${out}.`);
    noteOtherBackend(folder, engine, progress.note);
    const seconds = await estimatePaper(preset, runners, compute, signal);
    if (!folder.continued)
      progress.note(
        `Estimated time on this machine: ${duration(seconds)} (${compute.threads} threads, ${jobs} trials at a time).`,
      );
    const { record, failed } = await runPaper({
      preset,
      folder,
      compute,
      engine,
      runners,
      onProgress: progress.update,
      onNote: progress.note,
      signal,
      now,
    });
    progress.end();
    if (options.json === "-") process.stdout.write(`${JSON.stringify(record)}\n`);
    else {
      if (toFile) writeRecord(toFile, record);
      process.stdout.write(`${paperTables(record)}\n`);
    }
    progress.note(
      `Done in ${duration((now() - begin) / 1000)}. Report: ${pathToFileURL(folder.file("report.html")).href}`,
    );
    const [first] = failed;
    if (first?.outcome.kind === "failed")
      throw new WorkerError(
        `${failed.length} trials failed (${first.key}: ${first.outcome.reason}). Run the same command to repeat them.`,
      );
  } catch (error) {
    progress.end();
    if (error instanceof InterruptedError) throw new InterruptedError("Stopped. Run the same command to continue.");
    throw error;
  } finally {
    await Promise.all(runners.map((runner) => runner.close()));
    folder.release();
  }
}
