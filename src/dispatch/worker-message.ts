/** @file What travels between a parent and its worker process. */
import * as errors from "../foundation/errors.js";

export type ToWorker =
  | { readonly kind: "run"; readonly module: string; readonly args: unknown }
  | { readonly kind: "abort" };

export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "progress"; readonly progress: unknown }
  | { readonly kind: "result"; readonly result: unknown }
  | { readonly kind: "error"; readonly name: string; readonly message: string };

/** Errors whose meaning survives the journey; anything else arrives as a WorkerError. */
const known = {
  UsageError: errors.UsageError,
  InputError: errors.InputError,
  OutputError: errors.OutputError,
  InterruptedError: errors.InterruptedError,
} as const;

export function packError(error: unknown): FromWorker {
  if (error instanceof errors.DeadweightError) return { kind: "error", name: error.name, message: error.message };
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  const told = process.env.DEADWEIGHT_DEBUG === "1" ? (stack ?? message) : message;
  return { kind: "error", name: "Error", message: `Internal error in a worker: ${told}` };
}

export function unpackError(name: string, message: string): errors.DeadweightError {
  const Known = name in known ? known[name as keyof typeof known] : errors.WorkerError;
  return new Known(message);
}
