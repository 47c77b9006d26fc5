/** @file What an error means to the shell: one sentence and an exit code. */
import { DeadweightError, InterruptedError, UsageError } from "../foundation/errors.js";

export interface Failure {
  readonly message: string;
  /** 1 for trouble with input or output, 2 for wrong usage, 130 for an interrupt. */
  readonly exitCode: number;
}

/** @param debug shows the stack of what is not one of our errors, which is a defect. */
export function failureOf(error: unknown, debug: boolean): Failure {
  if (error instanceof UsageError) return { message: error.message, exitCode: 2 };
  if (error instanceof InterruptedError) return { message: error.message, exitCode: 130 };
  if (error instanceof DeadweightError) return { message: error.message, exitCode: 1 };
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  if (debug) return { message: stack ?? message, exitCode: 1 };
  return {
    message: `Internal error: ${message}. This is a defect of deadweight; DEADWEIGHT_DEBUG=1 shows where.`,
    exitCode: 1,
  };
}
