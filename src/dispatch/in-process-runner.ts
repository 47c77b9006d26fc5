/** @file Runs tasks in this very process: for tests, and for a debugger. */
import { performance } from "node:perf_hooks";
import type { Task, TaskRunner } from "./task.js";

export function inProcessRunner(): TaskRunner {
  return {
    async run(module, args, { onProgress = () => {}, signal = new AbortController().signal } = {}) {
      const { task } = (await import(module.href)) as { task: Task };
      return task(args, { onProgress, signal, now: () => performance.now() });
    },
    async close() {},
  };
}
