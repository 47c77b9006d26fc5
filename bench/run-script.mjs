/** @file Ends a bench or an experiment as a command ends: what is meant for people is one sentence, and an interrupted run can go on. */
import { DeadweightError, InterruptedError, UsageError } from "../dist/foundation/errors.js";

export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof DeadweightError)) throw error;
    const interrupted = error instanceof InterruptedError;
    process.stderr.write(`${interrupted ? "Stopped. Run the same command to continue." : error.message}\n`);
    process.exitCode = interrupted ? 130 : error instanceof UsageError ? 2 : 1;
  }
}
