/** @file The task that measures one request of a scan. */
import type { Task } from "../dispatch/task.js";
import type { MeasureReply, MeasureRequest } from "../spectrum/measure-request.js";
import { openMeasurer } from "../spectrum/measurer.js";

const measurer = openMeasurer();

/** The request comes from this program's own main thread, not from outside. */
export const task: Task = (args) => measurer(args as MeasureRequest);

/** The bytes that came in go back, and sums need not be copied. */
export function transferred(result: unknown): ArrayBuffer[] {
  const reply = result as MeasureReply;
  if (reply.kind === "measures") return [];
  const arrays = reply.kind === "share" ? [reply.gram, reply.bytes] : [reply.bytes];
  return arrays.map(({ buffer }) => buffer).filter((buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer);
}
