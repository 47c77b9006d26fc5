/** @file The commands and what they have in common. */
import { Command } from "commander";
import { version } from "../foundation/version.js";
import { boundaryCommand } from "./boundary-command.js";
import { doctorCommand } from "./doctor-command.js";
import { exportCommand } from "./export-command.js";
import { paperCommand } from "./paper-command.js";
import { reportCommand } from "./report-command.js";
import { scanCommand } from "./scan-command.js";
import { sftCommand } from "./sft-command.js";
import { testCommand } from "./test-command.js";
import { verdictCommand } from "./verdict-command.js";

const description = `Finds the weight matrices of a trained transformer that contribute nothing, proves it, and uses it.

Results go to standard output, progress and notes to standard error. Exit codes: 0 done, 1 input or output cannot be used,
2 wrong usage, 130 interrupted (run the same command to continue).`;

export function program(): Command {
  const root = new Command("deadweight")
    .description(description)
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help, or that of a command")
    .helpCommand(false)
    .showHelpAfterError("(--help shows what is accepted)")
    .exitOverride();
  for (const command of [
    scanCommand(),
    testCommand(),
    boundaryCommand(),
    sftCommand(),
    exportCommand(),
    paperCommand(),
    verdictCommand(),
    reportCommand(),
    doctorCommand(),
  ])
    root.addCommand(command.copyInheritedSettings(root));
  return root;
}
