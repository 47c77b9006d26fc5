/** @file The error classes: one for each reaction of a caller. Knows nothing of who throws them. */

/** Base of every error whose message is written for the user: where, what was found, what was wanted, what to do. */
export class DeadweightError extends Error {
  override name = "DeadweightError";
}

/** The command was called wrongly. Reaction: show the sentence, exit code 2. */
export class UsageError extends DeadweightError {
  override name = "UsageError";
}

/** A file, a checkpoint, a configuration or data cannot be used as it is. Reaction: show the sentence, exit code 1. */
export class InputError extends DeadweightError {
  override name = "InputError";
}

/** Something could not be written. Reaction: show the sentence, exit code 1; what was there before is untouched. */
export class OutputError extends DeadweightError {
  override name = "OutputError";
}

/** A loss or a weight became NaN or infinite. Reaction: the trial's outcome is `diverged`; a base run stops. */
export class DivergedError extends DeadweightError {
  override name = "DivergedError";
  constructor(
    message: string,
    readonly step: number,
  ) {
    super(message);
  }
}

/** A worker process ended without an answer. Reaction: the trial's outcome is `failed`; the run goes on. */
export class WorkerError extends DeadweightError {
  override name = "WorkerError";
}

/** The user asked to stop. Reaction: keep what is finished, exit code 130. */
export class InterruptedError extends DeadweightError {
  override name = "InterruptedError";
}

/** Shapes or types do not fit: a defect of the calling code. */
export class ShapeError extends DeadweightError {
  override name = "ShapeError";
}
