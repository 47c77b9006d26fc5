/**
 * @file A process that waits for its turn and answers a line of JSON with a line of JSON. Knows not what it computes. One that cannot go
 * on is out, with the reason in a line, and the others go on.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** The first line of its answers describes it; `{"error": reason}` in place of any answer puts it out. */
export function contestant({ key, name, command, args, ...facts }) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`ended early (${signal ?? `exit code ${code}`})`));
  });
  // Its exit says that it is gone.
  child.stdin.on("error", () => {});
  const receive = async () => {
    const { value, done } = await lines.next();
    return done ? { error: await ended } : JSON.parse(value);
  };
  const one = {
    ...{ key, name, ...facts, description: null, failure: null, peakMegabytes: null },
    /** Milliseconds of each step, a list a round. */
    rounds: [],
    /** @returns null where it is out. */
    async take(answer) {
      if (one.failure !== null) return null;
      const taken = await answer();
      if (taken.error === undefined) return taken;
      one.failure = taken.error;
      child.kill();
      return null;
    },
    ask(request) {
      return one.take(() => {
        child.stdin.write(`${JSON.stringify(request)}\n`);
        return receive();
      });
    },
    async open() {
      one.description = await one.take(receive);
    },
    async close() {
      one.peakMegabytes = (await one.ask({ quit: true }))?.peakMegabytes ?? null;
      child.stdin.end();
      await ended;
    },
  };
  return one;
}

/** Starts them together, warms each up, and lets them take turns. @param betweenRounds is called before each round and after the last. */
export async function takeTurns(all, { warmUp, rounds, steps, betweenRounds = () => {} }) {
  await Promise.all(all.map((one) => one.open()));
  for (const one of all) await one.ask({ steps: warmUp });
  for (let round = 0; round < rounds; round++) {
    betweenRounds(round);
    for (const one of all) {
      const answer = await one.ask({ steps });
      if (answer) one.rounds.push(answer.milliseconds);
    }
  }
  betweenRounds(rounds);
  for (const one of all) await one.close();
}
