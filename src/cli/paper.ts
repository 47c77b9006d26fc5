/** @file Runs the paper's experiment for the command line: folder, workers, progress, tables. */
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { workerProcess } from "../dispatch/worker-process.js";
import { InterruptedError } from "../foundation/errors.js";
import { version } from "../foundation/version.js";
import { estimatePaper } from "../paper/estimate.js";
import { runPaper } from "../paper/experiment.js";
import { paperPreset } from "../paper/preset.js";
import { paperInputs } from "../paper/texts.js";
import { writeRecord } from "../records/record-file.js";
import { openRunFolder } from "../records/run-folder.js";
import { paperTables } from "../report/paper-tables.js";
import { interruptSignal } from "./interrupt.js";
import { thisMachine } from "./machine.js";
import { runOptions } from "./run-options.js";
import { duration, terminalProgress } from "./terminal-progress.js";

export interface PaperCommandOptions {
  readonly preset: string;
  readonly out?: string;
  readonly json?: string;
  readonly device: "cpu" | "webgpu";
  readonly threads?: string;
  readonly jobs?: string;
}

const now = () => performance.now();

export async function paper(options: PaperCommandOptions): Promise<void> {
  const preset = paperPreset(options.preset);
  const { device, threads, jobs } = runOptions(options);
  const out = options.out ?? join("runs", `paper-${preset.name}`);
  const folder = openRunFolder(out, {
    schema: "deadweight/run@1",
    version,
    command: "paper",
    configuration: { preset: JSON.parse(JSON.stringify(preset)), device },
    inputs: paperInputs(),
    machine: thisMachine(),
    startedAt: new Date().toISOString(),
  });
  const progress = terminalProgress(process.stderr, now);
  const signal = interruptSignal(progress.note);
  const runners = Array.from({ length: jobs }, workerProcess);
  const begin = now();
  try {
    progress.note(`${folder.continued ? "Continuing" : "Starting"} preset ${preset.name} in ${out}.`);
    if (!folder.continued) {
      const seconds = await estimatePaper(preset, runners, { device, threads });
      progress.note(
        `Estimated time on this machine: ${duration(seconds)} (${threads} threads, ${jobs} trials at a time).`,
      );
    }
    const record = await runPaper({
      preset,
      folder,
      device,
      threads,
      runners,
      onProgress: progress.update,
      onNote: progress.note,
      signal,
      now,
    });
    progress.end();
    if (options.json === "-") process.stdout.write(`${JSON.stringify(record)}\n`);
    else {
      if (options.json) writeRecord(options.json, record);
      process.stdout.write(
        `${paperTables(record, { color: process.stdout.isTTY === true, width: process.stdout.columns ?? 120 })}\n`,
      );
    }
    progress.note(
      `Done in ${duration((now() - begin) / 1000)}. Report: ${pathToFileURL(folder.file("report.html")).href}`,
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
