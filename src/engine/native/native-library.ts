/** @file Finds the best kernel library that works here: compiler, processor, cache, loading. Compares no numbers. */
import { InputError, OutputError, UsageError } from "../../foundation/errors.js";
import { CompilerError, type Environment, findCompiler } from "./c-compiler.js";
import { supportedVariants } from "./cpu-support.js";
import type { CachedFile } from "./kernel-cache.js";
import { kernelSources } from "./kernel-sources.js";
import { type NativeLibrary, openLibrary } from "./library.js";
import { libraryFile, type Toolchain } from "./toolchain.js";
import { isVariant, type Variant, variants } from "./variant.js";

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

/** @throws UsageError where the user insists on a variant that this processor lacks. */
function candidates(supported: readonly Variant[], { DEADWEIGHT_VARIANT: forced }: Environment): readonly Variant[] {
  if (!forced) return supported;
  if (!isVariant(forced))
    throw new UsageError(`DEADWEIGHT_VARIANT is '${forced}'; variants are ${variants.join(", ")}.`);
  if (!supported.includes(forced))
    throw new UsageError(
      `DEADWEIGHT_VARIANT is '${forced}', which this processor cannot run. It runs ${supported.join(", ")}.`,
    );
  return [forced];
}

/** The first that the compiler can make; `notCompiled` takes its complaints about others. @throws CompilerError where it can make none. */
async function compileFirst(
  wanted: readonly Variant[],
  toolchain: Toolchain,
  { say }: LibrarySearchOptions,
  notCompiled: Map<Variant, string>,
): Promise<CachedFile & { readonly variant: Variant }> {
  const { sources, compiler } = toolchain;
  for (const variant of wanted) {
    try {
      const file = await libraryFile(toolchain, {
        ...{ name: `kernels-${variant}`, files: sources.kernels, flags: sources.flags.variants[variant] },
        onMake: () => say(`Compiling kernels for ${variant} with ${compiler.name} ... (once)`),
      });
      return { ...file, variant };
    } catch (error) {
      if (!(error instanceof CompilerError)) throw error;
      notCompiled.set(variant, error.message);
    }
  }
  throw new CompilerError([...new Set(notCompiled.values())].join("; "));
}

/** Notes what it finds as it goes. */
async function search(options: LibrarySearchOptions, found: Found): Promise<void> {
  const { environment = process.env } = options;
  const compiler = await findCompiler(environment);
  found.compiler = compiler.name;
  const toolchain = { compiler, sources: kernelSources(options.sources), environment };
  found.supported = await supportedVariants(toolchain);
  const wanted = candidates(found.supported, environment);
  const { variant, ...file } = await compileFirst(wanted, toolchain, options, found.notCompiled);
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
