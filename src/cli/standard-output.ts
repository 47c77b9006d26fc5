/** @file What happens when nobody reads what is printed (`| head`). Knows nothing of what that is. */

let readerNeeded = true;

/** For who writes files besides: then the work goes on for them when the reader of standard output has gone. */
export function goOnWithoutReader(): void {
  readerNeeded = false;
}

/** A reader that has seen enough is no failure. */
export function watchReader(): void {
  const left = (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") process.exit(1);
    if (readerNeeded) process.exit(0);
  };
  for (const stream of [process.stdout, process.stderr]) stream.on("error", left);
}
