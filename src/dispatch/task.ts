/** @file A piece of work that may run off the main thread, and who runs it. Knows no particular work. */

export interface TaskContext {
  /** Sends plain data to whoever asked for the task. */
  readonly onProgress: (progress: unknown) => void;
  readonly signal: AbortSignal;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** What a task module exports as `task`. Arguments and results are plain data, since they may travel between processes. */
export type Task = (args: unknown, context: TaskContext) => Promise<unknown>;

export interface TaskOptions {
  readonly onProgress?: (progress: unknown) => void;
  readonly signal?: AbortSignal;
  /** Buffers within the arguments that a thread is given and the caller loses; a process gets copies. */
  readonly transfer?: readonly ArrayBuffer[];
}

/** Runs one task at a time. */
export interface TaskRunner {
  /**
   * @param module a module that exports `task`.
   * @throws what the task threw if it is one of our errors; WorkerError where the worker died or the task failed otherwise.
   */
  run(module: URL, args: unknown, options?: TaskOptions): Promise<unknown>;
  close(): Promise<void>;
}
