/** @file Runs tasks in a child process, so that progress lives, an interrupt is heard, and a crash costs one task. */
import { type ChildProcess, fork } from "node:child_process";
import { InterruptedError, WorkerError } from "../foundation/errors.js";
import type { TaskRunner } from "./task.js";
import { type FromWorker, type ToWorker, unpackError } from "./worker-message.js";

/** A task saves what it has when asked to stop; one that does not answer is ended. */
const graceMs = 10_000;

const entry = new URL("./worker-main.js", import.meta.url);

/** The process starts with the first task and is started anew after a crash. */
export function workerProcess(): TaskRunner {
  let child: ChildProcess | null = null;
  const start = (): ChildProcess => {
    const started = fork(entry, { serialization: "advanced", stdio: ["ignore", "inherit", "inherit", "ipc"] });
    // A channel that breaks between two tasks is met again by the next one.
    started.on("error", () => {});
    started.once("exit", () => {
      if (child === started) child = null;
    });
    return started;
  };
  return {
    run(module, args, { onProgress, signal } = {}) {
      if (signal?.aborted) return Promise.reject(new InterruptedError("Stopped."));
      // A worker that died a moment ago may not have been reported yet.
      const worker = child?.connected ? child : start();
      child = worker;
      return new Promise((resolve, reject) => {
        let grace: NodeJS.Timeout | undefined;
        const onAbort = () => {
          if (worker.connected) worker.send({ kind: "abort" } satisfies ToWorker);
          grace = setTimeout(() => worker.kill("SIGKILL"), graceMs);
        };
        const settle = (finish: () => void) => {
          clearTimeout(grace);
          signal?.removeEventListener("abort", onAbort);
          worker.off("message", onMessage).off("exit", onExit).off("error", onError);
          finish();
        };
        const onMessage = (message: FromWorker) => {
          switch (message.kind) {
            case "ready":
              break;
            case "progress":
              onProgress?.(message.progress);
              break;
            case "result":
              settle(() => resolve(message.result));
              break;
            case "error":
              settle(() => reject(unpackError(message.name, message.message)));
              break;
            default:
              message satisfies never;
          }
        };
        const onExit = (code: number | null, ended: NodeJS.Signals | null) =>
          settle(() =>
            reject(
              signal?.aborted
                ? new InterruptedError("Stopped.")
                : new WorkerError(`The worker process ended early (${ended ?? `exit code ${code}`}). Out of memory?`),
            ),
          );
        const onError = (error: Error) => {
          if (child === worker) child = null;
          worker.kill("SIGKILL");
          settle(() => reject(new WorkerError(`The worker process failed: ${error.message}`)));
        };
        worker.on("message", onMessage).once("exit", onExit).once("error", onError);
        signal?.addEventListener("abort", onAbort, { once: true });
        worker.send({ kind: "run", module: module.href, args } satisfies ToWorker);
      });
    },
    close() {
      const worker = child;
      child = null;
      if (!worker || worker.exitCode !== null) return Promise.resolve();
      return new Promise((resolve) => {
        const grace = setTimeout(() => worker.kill("SIGKILL"), graceMs);
        worker.once("exit", () => {
          clearTimeout(grace);
          resolve();
        });
        if (worker.connected) worker.disconnect();
      });
    },
  };
}
