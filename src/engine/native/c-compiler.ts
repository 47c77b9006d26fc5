/** @file The system's C compiler: which one answers, and running it. Knows nothing of what is compiled. */
import { execFile } from "node:child_process";
import { basename } from "node:path";
import { DeadweightError, InputError, InterruptedError } from "../../foundation/errors.js";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Compiler {
  readonly command: string;
  /** That come with the command, as in CC="ccache gcc". */
  readonly arguments: readonly string[];
  /** First line of --version. */
  readonly versionLine: string;
  /** For people: "cc 12.2.0". */
  readonly name: string;
}

/** A source was not compiled. Reaction: another variant, or another backend. */
export class CompilerError extends DeadweightError {
  override name = "CompilerError";
}

const answerMs = 15_000;
const compileMs = 600_000;

/** @returns what it printed on standard output. @throws CompilerError with its first complaint, InterruptedError. */
function execute(
  command: string,
  args: readonly string[],
  environment: Environment,
  timeoutMs: number,
): Promise<string> {
  // In English, whatever the user speaks: the complaints are read here too.
  const options = { env: { ...environment, LC_ALL: "C" }, timeout: timeoutMs, maxBuffer: 1 << 26 };
  return new Promise((resolve, reject) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      // The terminal's interrupt reaches the compiler too.
      if (error.signal && !error.killed)
        return reject(new InterruptedError("Stopped while the kernels were compiled."));
      const lines = stderr.split("\n").filter((line) => line.trim() !== "");
      const complaint = lines.find((line) => /error|No space/i.test(line)) ?? lines[0];
      const ended = error.killed ? `no answer within ${timeoutMs / 1000} seconds` : error.message.split("\n")[0];
      reject(new CompilerError((complaint ?? ended).trim()));
    });
  });
}

/** "cc (Debian 12.2.0-14) 12.2.0" -> "cc 12.2.0" */
function nameOf(command: string, versionLine: string): string {
  const number = versionLine.replace(/\([^)]*\)/g, "").match(/\d+(\.\d+)+/)?.[0];
  const called = basename(command);
  const kind = /clang/.test(versionLine) && !/clang/.test(called) ? `${called}, clang` : called;
  return number === undefined ? kind : `${kind} ${number}`;
}

async function asked(line: string, environment: Environment): Promise<Compiler | null> {
  const [command, ...given] = line.split(/\s+/);
  try {
    const versionLine = (await execute(command, [...given, "--version"], environment, answerMs)).split("\n")[0].trim();
    return { command, arguments: given, versionLine, name: nameOf(command, versionLine) };
  } catch {
    return null;
  }
}

/** $CC where it is set, else the first of cc, gcc and clang that answers. @throws InputError where none does. */
export async function findCompiler(environment: Environment): Promise<Compiler> {
  const wanted = environment.CC?.trim();
  for (const command of wanted ? [wanted] : ["cc", "gcc", "clang"]) {
    const compiler = await asked(command, environment);
    if (compiler) return compiler;
  }
  throw new InputError(
    wanted
      ? `No C compiler here: CC is '${wanted}', which does not answer.`
      : "No C compiler here: neither cc nor gcc nor clang answers.",
  );
}

/** @throws CompilerError with its first complaint, InterruptedError. */
export async function runCompiler(
  compiler: Compiler,
  args: readonly string[],
  environment: Environment,
): Promise<void> {
  await execute(compiler.command, [...compiler.arguments, ...args], environment, compileMs);
}
