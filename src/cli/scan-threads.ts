/** @file Worker threads that measure matrices. Knows nothing of checkpoints. */
import type { TaskRunner } from "../dispatch/task.js";
import { workerThread } from "../dispatch/worker-thread.js";
import type { MeasureReply, MeasureRequest, Measurer } from "../spectrum/measure-request.js";

const scanTask = new URL("./scan-task.js", import.meta.url);

export interface ScanThreads {
  readonly measurers: readonly Measurer[];
  close(): Promise<void>;
}

export function openScanThreads(count: number): ScanThreads {
  const threads = Array.from({ length: count }, workerThread);
  return {
    measurers: threads.map(measurerOf),
    async close() {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

function measurerOf(thread: TaskRunner): Measurer {
  return async (request) => (await thread.run(scanTask, request, { transfer: buffersOf(request) })) as MeasureReply;
}

/** What the request alone holds. */
function buffersOf(request: MeasureRequest): ArrayBuffer[] {
  const arrays =
    request.kind === "sum"
      ? [request.gram]
      : [request.stored.bytes, ...(request.kind === "matrix" && request.base ? [request.base.bytes] : [])];
  return arrays.map(({ buffer }) => buffer).filter((buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer);
}
