/** @file Entry of a worker process: takes one task at a time over its channel. */
import { performance } from "node:perf_hooks";
import type { Task } from "./task.js";
import { type FromWorker, packError, type ToWorker } from "./worker-message.js";

let running: AbortController | null = null;

function send(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

async function run(module: string, args: unknown): Promise<void> {
  const controller = new AbortController();
  running = controller;
  try {
    const { task } = (await import(module)) as { task: Task };
    const result = await task(args, {
      onProgress: (progress) => send({ kind: "progress", progress }),
      signal: controller.signal,
      now: () => performance.now(),
    });
    send({ kind: "result", result });
  } catch (error) {
    send(packError(error));
  } finally {
    running = null;
  }
}

// The terminal interrupts the whole process group; the parent decides, and tells this process to save and stop.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
// A parent that is gone wants nothing more.
process.on("disconnect", () => process.exit(0));
process.on("message", (message: ToWorker) => {
  if (message.kind === "abort") running?.abort();
  else void run(message.module, message.args);
});
send({ kind: "ready" });
