/** @file Ctrl-C as an abort signal: the first asks for an orderly stop, the second ends at once. */

export function interruptSignal(note: (text: string) => void): AbortSignal {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    note("Stopping; what is finished is kept. Press Ctrl-C again to end at once.");
    controller.abort();
  };
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onInterrupt);
  return controller.signal;
}
