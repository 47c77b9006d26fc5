/** @file Progress on standard error: one living line on a terminal, a line now and then elsewhere. Knows no particular work. */
import { duration } from "../report/figure-text.js";

export interface ProgressState {
  /** "base model", "trials" */
  readonly stage: string;
  /** 0..1 */
  readonly fraction: number;
  /** "step 120 of 1500, loss 4.31" */
  readonly detail: string;
}

export interface TerminalProgress {
  update(state: ProgressState): void;
  /** A line that stays. */
  note(text: string): void;
  /** Removes the living line. */
  end(): void;
}

export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): boolean;
}

const refreshMs = 100;
const lineEveryMs = 15_000;

/** @param now milliseconds of a monotonic clock. */
export function terminalProgress(output: ProgressOutput, now: () => number): TerminalProgress {
  const living = output.isTTY === true;
  let stage = "";
  let begin = 0;
  let beginFraction = 0;
  let lastWrite = Number.NEGATIVE_INFINITY;
  const clear = () => {
    if (living) output.write("\r\x1b[2K");
  };
  const timeLeft = (fraction: number): string => {
    const elapsed = (now() - begin) / 1000;
    const share = fraction - beginFraction;
    if (elapsed < 2 || share <= 0 || fraction >= 1) return "";
    return `, about ${duration((elapsed / share) * (1 - fraction))} left`;
  };
  return {
    update(state) {
      const fresh = state.stage !== stage;
      if (fresh) {
        stage = state.stage;
        begin = now();
        beginFraction = state.fraction;
      }
      if (!fresh && state.fraction < 1 && now() - lastWrite < (living ? refreshMs : lineEveryMs)) return;
      lastWrite = now();
      const percent = `${Math.floor(state.fraction * 100)}%`.padStart(4);
      const line = `${state.stage}: ${percent}, ${state.detail}${timeLeft(state.fraction)}`;
      if (living) output.write(`\r\x1b[2K${line.slice(0, (output.columns ?? 80) - 1)}`);
      else output.write(`${line}\n`);
    },
    note(text) {
      clear();
      output.write(`${text}\n`);
    },
    end: clear,
  };
}
