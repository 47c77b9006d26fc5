/** @file Finds the best kernel library that works here: compiler, processor, cache, loading. Compares no numbers. */
import { InputError, OutputError } from "../../foundation/errors.js";
import { bestLibrary } from "./best-library.js";
import { CompilerError, type Environment, findCompiler } from "./c-compiler.js";
import { supportedVariants } from "./cpu-support.js";
import type { CachedFile } from "./kernel-cache.js";
import { kernelSources } from "./kernel-sources.js";
import { type NativeLibrary, openLibrary } from "./library.js";
import type { Toolchain } from "./toolchain.js";
import type { Variant } from "./variant.js";

export interface LibrarySearchOptions {
  /** A line of progress, before work that takes seconds. */
  readonly say: (line: string) => void;
  readonly environment?: Environment;
  /** Folder of the sources. */
  readonly sources?: string;
}

/** How far it went; what was not reached is null or empty. */
export interface LibrarySearch {
  /** "cc 12.2.0" */
  readonly compiler: string | null;
  /** What the processor can run, best first. */
  readonly supported: readonly Variant[] | null;
  /** Supported, but the compiler does not know them: its complaint. */
  readonly notCompiled: ReadonlyMap<Variant, string>;
  /** Where the library lies. */
  readonly file: CachedFile | null;
  readonly library: NativeLibrary | null;
  /** A sentence where there is no library. */
  readonly reason: string | null;
}

type Found = { -readonly [Key in keyof LibrarySearch]: LibrarySearch[Key] } & {
  readonly notCompiled: Map<Variant, string>;
};

/** Notes what it finds as it goes. */
async function search(options: LibrarySearchOptions, found: Found): Promise<void> {
  const { environment = process.env } = options;
  const compiler = await findCompiler(environment);
  found.compiler = compiler.name;
  const toolchain: Toolchain = { compiler, sources: kernelSources(options.sources), environment };
  found.supported = await supportedVariants(toolchain);
  const { variant, ...file } = await bestLibrary(toolchain, {
    ...{ name: "kernels", files: toolchain.sources.kernels, supported: found.supported, say: options.say },
    notCompiled: found.notCompiled,
  });
  found.file = file;
  found.library = await openLibrary(file.path, variant, compiler.name);
}

/**
 * Whatever stands in the way is the search's reason, and the caller's choice what to do then.
 * @throws UsageError for a forced variant that cannot be, InterruptedError.
 */
export async function findNativeLibrary(options: LibrarySearchOptions): Promise<LibrarySearch> {
  const found: Found = {
    ...{ compiler: null, supported: null, notCompiled: new Map(), file: null, library: null, reason: null },
  };
  try {
    await search(options, found);
  } catch (error) {
    if (error instanceof CompilerError)
      found.reason = `${found.compiler} does not compile the kernels (${error.message}).`;
    else if (error instanceof InputError || error instanceof OutputError) found.reason = error.message;
    else throw error;
  }
  return found;
}
