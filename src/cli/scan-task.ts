/** @file The task that measures one request of a scan. */
import type { Task } from "../dispatch/task.js";
import type { MeasureReply, MeasureRequest, Measurer } from "../spectrum/measure-request.js";
import { openMeasurer } from "../spectrum/measurer.js";

/** Comes from this program's own main thread, not from outside. */
export interface ScanRequest {
  readonly request: MeasureRequest;
  /** Path of the native kernels' library, the same in all requests of a thread; null for WebAssembly. */
  readonly library: string | null;
}

let measurer: Promise<Measurer> | null = null;

async function open(library: string | null): Promise<Measurer> {
  if (library === null) return openMeasurer();
  const { openNativeKernels } = await import("../spectrum/native-kernels.js");
  return openMeasurer(await openNativeKernels(library));
}

export const task: Task = async (args) => {
  const { request, library } = args as ScanRequest;
  measurer ??= open(library);
  return (await measurer)(request);
};

/** The bytes that came in go back, and sums need not be copied. */
export function transferred(result: unknown): ArrayBuffer[] {
  const reply = result as MeasureReply;
  if (reply.kind === "measures") return [];
  const arrays = reply.kind === "share" ? [reply.gram, reply.bytes] : [reply.bytes];
  return arrays.map(({ buffer }) => buffer).filter((buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer);
}
