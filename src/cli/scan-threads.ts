/** @file Worker threads that measure matrices. Knows nothing of checkpoints. */
import type { TaskRunner } from "../dispatch/task.js";
import { workerThread } from "../dispatch/worker-thread.js";
import type { MeasureReply, MeasureRequest, Measurer } from "../spectrum/measure-request.js";
import type { ScanRequest } from "./scan-task.js";

const scanTask = new URL("./scan-task.js", import.meta.url);

export interface ScanThreads {
  readonly measurers: readonly Measurer[];
  close(): Promise<void>;
}

/** @param library path of the native kernels', once it is known; null for WebAssembly. */
export function openScanThreads(count: number, library: Promise<string | null> = Promise.resolve(null)): ScanThreads {
  // Whoever asks for a measure hears of it.
  library.catch(() => {});
  const threads = Array.from({ length: count }, () => workerThread(scanTask));
  return {
    measurers: threads.map((thread) => measurerOf(thread, library)),
    async close() {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

function measurerOf(thread: TaskRunner, library: Promise<string | null>): Measurer {
  return async (request) => {
    const args: ScanRequest = { request, library: await library };
    return (await thread.run(scanTask, args, { transfer: buffersOf(request) })) as MeasureReply;
  };
}

/** What the request alone holds. */
function buffersOf(request: MeasureRequest): ArrayBuffer[] {
  const arrays =
    request.kind === "sum"
      ? [request.gram]
      : [request.stored.bytes, ...(request.kind === "matrix" && request.base ? [request.base.bytes] : [])];
  return arrays.map(({ buffer }) => buffer).filter((buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer);
}
