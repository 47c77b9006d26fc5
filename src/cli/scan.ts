/** @file `deadweight scan`: opens, measures on all cores, shows rows as they are finished, writes what is wanted. */
import { availableParallelism } from "node:os";
import { performance } from "node:perf_hooks";
import { type Checkpoint, type OpenOptions, openCheckpoint } from "../checkpoint/checkpoint.js";
import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import { matchMatrices } from "../checkpoint/match-matrices.js";
import { listMatrices } from "../checkpoint/weight-names.js";
import type { SpectralLibraryFile } from "../engine/native/spectral-library.js";
import { InputError, InterruptedError } from "../foundation/errors.js";
import { writeFileAtomically, writeRecord } from "../records/record-file.js";
import type { MatrixScanRecord } from "../records/scan-record.js";
import { wrap } from "../report/printable.js";
import { scanCsv } from "../report/scan-csv.js";
import { scanLines, scanSummary } from "../report/scan-lines.js";
import { orderedMatrices } from "../report/scan-order.js";
import { terminalLook } from "../report/terminal-look.js";
import { type ScanOptions, scanCheckpoint, scannedMatrices } from "../spectrum/scan.js";
import { hashedRecord, type ScanOverview, scanOverview } from "../spectrum/scan-record.js";
import { interruptSignal } from "./interrupt.js";
import { modelPath } from "./local-sources.js";
import type { ScanArguments } from "./scan-arguments.js";
import { isLongScan, scanKernels } from "./scan-kernels.js";
import { openScanThreads } from "./scan-threads.js";
import { goOnWithoutReader } from "./standard-output.js";
import { type TerminalProgress, terminalProgress } from "./terminal-progress.js";

/** Of what has to be read and measured: shorter scans show none. */
const quietMs = 2000;

export async function runScan(model: string, args: ScanArguments): Promise<void> {
  const progress = terminalProgress(process.stderr, () => performance.now());
  const signal = interruptSignal((text) => progress.note(text));
  const files = [args.json, args.csv, args.html].filter((path) => path !== undefined && path !== "-");
  if (files.length > 0) goOnWithoutReader();
  // A table and CSV bear no hash, and need not read what they do not measure.
  const opening = { hashWhileReading: args.json !== undefined || args.html !== undefined };
  const checkpoint = await openModel(model, opening, progress, signal);
  let base: Checkpoint | undefined;
  try {
    base = args.base === undefined ? undefined : await openModel(args.base, opening, progress, signal);
    const { depth, parts, amplitudes, seed } = args;
    const only = selection(checkpoint, args);
    const options = { only, parts, depth, amplitudes, seed, signal, ...(base && { base }) };
    const matrices = scannedMatrices(checkpoint, options);
    if (matrices.length === 0) throw new InputError(`${model}: holds no weight matrix that can be read.`);
    const library = isLongScan(matrices, depth) ? scanKernels(progress, signal) : Promise.resolve(null);
    const measured = await measure(checkpoint, matrices, options, args, progress, library);
    const interrupted = measured.length < matrices.length;
    if (interrupted && measured.length === 0) throw new InterruptedError(`${model}: stopped before the first matrix.`);
    const kernels = (await library)?.description;
    const overview = scanOverview(checkpoint, measured, { ...options, ...(kernels !== undefined && { kernels }) });
    showSummary(overview, args);
    await save(checkpoint, overview, options, args);
    if (!interrupted) return;
    throw new InterruptedError(`${model}: stopped after ${measured.length} of ${matrices.length} matrices.`);
  } finally {
    checkpoint.close();
    base?.close();
  }
}

/** The checkpoint bears the name that it was asked for by. */
async function openModel(
  model: string,
  opening: OpenOptions,
  progress: TerminalProgress,
  signal: AbortSignal,
): Promise<Checkpoint> {
  const path = await modelPath(model, { progress, signal, only: "weights" });
  return { ...openCheckpoint(path, opening), source: model };
}

/** @throws InputError where a glob matches nothing. */
function selection(checkpoint: Checkpoint, { only, parts }: ScanArguments): (matrix: CheckpointMatrix) => boolean {
  if (only.length === 0) return () => true;
  const all = listMatrices(checkpoint, { parts });
  const names = new Set(only.flatMap((glob) => matchMatrices(all, glob)).map(({ name }) => name));
  return ({ name }) => names.has(name);
}

/** @returns what was finished, which is not all after an interrupt. */
async function measure(
  checkpoint: Checkpoint,
  matrices: readonly CheckpointMatrix[],
  options: ScanOptions,
  { sort, json, csv, jobs = availableParallelism() }: ScanArguments,
  progress: TerminalProgress,
  library: Promise<SpectralLibraryFile | null>,
): Promise<MatrixScanRecord[]> {
  const path = library.then((found) => found?.path ?? null);
  const threads = openScanThreads(Math.min(jobs, matrices.length), path);
  const look = terminalLook(process.stdout, process.env);
  const names = matrices.map(({ name }) => name);
  const lines = scanLines(names, look, { comparing: options.base !== undefined });
  const shows = json !== "-" && csv !== "-";
  const show = (line: string) => {
    if (!shows) return;
    progress.end();
    process.stdout.write(`${line}\n`);
  };
  const begin = performance.now();
  const measured: MatrixScanRecord[] = [];
  try {
    const scan = scanCheckpoint(checkpoint, {
      ...options,
      measurers: threads.measurers,
      onProgress({ doneMatrices, doneBytes, bytes, name }) {
        if (performance.now() - begin < quietMs) return;
        const fraction = bytes > 0 ? doneBytes / bytes : 1;
        progress.update({ stage: "scan", fraction, detail: `${doneMatrices} of ${matrices.length} matrices, ${name}` });
      },
    });
    for await (const matrix of scan) {
      if (measured.length === 0 && sort === "layer") show(lines.header);
      measured.push(matrix);
      if (sort === "layer") show(lines.line(matrix));
    }
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
  } finally {
    progress.end();
    await threads.close();
  }
  if (sort !== "layer" && measured.length > 0) {
    show(lines.header);
    for (const matrix of orderedMatrices(measured, sort)) show(lines.line(matrix));
  }
  return measured;
}

/** Below the rows, where those are shown. */
function showSummary(overview: ScanOverview, { json, csv }: ScanArguments): void {
  if (json === "-" || csv === "-") return;
  const { width } = terminalLook(process.stdout, process.env);
  for (const sentence of ["", ...scanSummary(overview)])
    process.stdout.write(`${wrap(sentence, width).join("\n  ")}\n`);
}

async function save(
  checkpoint: Checkpoint,
  overview: ScanOverview,
  { base }: ScanOptions,
  { json, csv, html }: ScanArguments,
): Promise<void> {
  if (csv === "-") process.stdout.write(scanCsv(overview));
  else if (csv !== undefined) writeFileAtomically(csv, scanCsv(overview));
  if (json === undefined && html === undefined) return;
  const record = hashedRecord(overview, checkpoint, base);
  if (json === "-") process.stdout.write(`${JSON.stringify(record)}\n`);
  else if (json !== undefined) writeRecord(json, record);
  if (html === undefined) return;
  const { scanPage } = await import("../report/scan-page.js");
  writeFileAtomically(html, scanPage(record));
}
