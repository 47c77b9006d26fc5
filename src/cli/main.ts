#!/usr/bin/env node
/** @file Entry of the command line. */
import { CommanderError } from "commander";
import { failureOf } from "./exit.js";
import { program } from "./program.js";
import { watchReader } from "./standard-output.js";

watchReader();
try {
  await program().parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed its sentence; help and version are no failures.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const { message, exitCode } = failureOf(error, process.env.DEADWEIGHT_DEBUG === "1");
    process.stderr.write(`deadweight: ${message}\n`);
    process.exitCode = exitCode;
  }
}
