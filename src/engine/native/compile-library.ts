/** @file Compiles C sources, file by file and as many at a time as there are cores, and links them to one shared library. */
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { type Compiler, type Environment, runCompiler } from "./c-compiler.js";

export interface LibraryRecipe {
  readonly compiler: Compiler;
  readonly sources: readonly string[];
  readonly compileFlags: readonly string[];
  readonly linkFlags: readonly string[];
  readonly environment: Environment;
}

/**
 * Only what the libraries' own files and cpu.c define is offered outside: a kernel named `scale` must not give way to another `scale` of the process,
 * and within the library it is called directly.
 */
const visibility = (source: string) =>
  ["library.c", "spectral-library.c", "cpu.c"].includes(basename(source)) ? [] : ["-fvisibility=hidden"];

/** @param folder for objects and temporary files; its owner removes it. @throws CompilerError, InterruptedError */
export async function compileLibrary(recipe: LibraryRecipe, folder: string, output: string): Promise<void> {
  const { compiler, sources, compileFlags, linkFlags } = recipe;
  const environment = { ...recipe.environment, TMPDIR: folder };
  const objects = sources.map((source) => join(folder, `${basename(source)}.o`));
  let next = 0;
  let refused = false;
  const work = async () => {
    while (next < sources.length && !refused) {
      const index = next++;
      const source = sources[index];
      const args = [...compileFlags, ...visibility(source), "-c", source, "-o", objects[index]];
      try {
        await runCompiler(compiler, args, environment);
      } catch (error) {
        refused = true;
        throw error;
      }
    }
  };
  const all = await Promise.allSettled(Array.from({ length: availableParallelism() }, work));
  for (const one of all) if (one.status === "rejected") throw one.reason;
  await runCompiler(compiler, [...objects, ...linkFlags, "-o", output], environment);
}
