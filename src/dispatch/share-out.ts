/** @file Shares a list of work out among runners, each taking the next when it is free. Knows no particular work. */
import type { TaskRunner } from "./task.js";

/** A failure stops the handing out; it is passed on when every runner has come to rest, so that nothing goes on behind the caller. */
export async function shareOut<Item>(
  runners: readonly TaskRunner[],
  items: readonly Item[],
  work: (runner: TaskRunner, item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const outcomes = await Promise.allSettled(
    runners.map(async (runner) => {
      try {
        for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(runner, item);
      } catch (error) {
        waiting.length = 0;
        throw error;
      }
    }),
  );
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}
