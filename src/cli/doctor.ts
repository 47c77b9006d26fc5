/** @file What `deadweight doctor` finds: looks in processes of their own, so that what crashes is told too. */
import { performance } from "node:perf_hooks";
import { workerProcess } from "../dispatch/worker-process.js";
import { chooseDevice, deviceFailure } from "../engine/onnx/device.js";
import { onnxBackend } from "../engine/onnx/onnx-backend.js";
import { DeadweightError } from "../foundation/errors.js";
import { parseRecord } from "../records/record-file.js";
import type { MachineRecord } from "../records/run-record.js";
import { chooseBackend } from "./chosen-backend.js";
import { interruptSignal } from "./interrupt.js";
import type { SourceOptions } from "./local-sources.js";
import { nativeLines } from "./native-report.js";
import { nativeFindings } from "./native-task.js";
import { terminalProgress } from "./terminal-progress.js";

type Line = readonly [what: string, text: string];

const nativeTask = new URL("./native-task.js", import.meta.url);

async function nativePart({ progress, signal }: SourceOptions): Promise<readonly Line[]> {
  const worker = workerProcess();
  try {
    const options = { signal, onProgress: (line: unknown) => progress.note(String(line)) };
    return nativeLines(parseRecord(nativeFindings, await worker.run(nativeTask, {}, options), "native task"));
  } catch (error) {
    if (!(error instanceof DeadweightError)) throw error;
    return [["native", error.message]];
  } finally {
    await worker.close();
  }
}

/** What a command computes with where nothing is asked for, or a precision is. */
async function chosen(precision: "fp32" | "auto", options: SourceOptions): Promise<string> {
  try {
    const notes: string[] = [];
    const progress = { ...options.progress, note: (text: string) => notes.push(text) };
    const asked = { device: "cpu", backend: "auto", precision } as const;
    const { engine, backend, precision: settled } = await chooseBackend(asked, { ...options, progress });
    const slow = precision === "auto" && backend === "native" && settled === "fp32";
    return [engine, ...(slow ? ["bf16 is faster only where the processor has AMX"] : []), ...notes].join("; ");
  } catch (error) {
    if (!(error instanceof DeadweightError)) throw error;
    return error.message;
  }
}

/** @returns lines without a final line end. */
export async function examination(machine: MachineRecord, version: string): Promise<string> {
  const progress = terminalProgress(process.stderr, () => performance.now());
  const options = { progress, signal: interruptSignal(progress.note) };
  const native = await nativePart(options);
  const failure = await deviceFailure("cpu");
  const webgpu = await chooseDevice("webgpu");
  const gigabytes = (machine.memoryBytes / 2 ** 30).toFixed(0);
  const lines: readonly Line[] = [
    [
      "machine",
      `${machine.cpu}, ${machine.logicalCores} logical cores, ${gigabytes} GiB, ${machine.platform} ${machine.arch}`,
    ],
    ...native,
    ["onnx", failure === null ? (await onnxBackend({ device: "cpu" })).description : `not usable: ${failure}`],
    ["webgpu", webgpu.device === "webgpu" ? "usable (--device webgpu)" : webgpu.note!],
    ["by default", await chosen("fp32", options)],
    ["--precision auto", await chosen("auto", options)],
  ];
  const width = Math.max(...lines.map(([what]) => what.length)) + 2;
  return [
    `deadweight ${version}, Node ${machine.node}`,
    ...lines.map(([what, text]) => `${what.padEnd(width)}${text}`),
  ].join("\n");
}
