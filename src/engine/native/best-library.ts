/** @file The best variant of a library that the processor can run and the compiler can make. Loads nothing. */
import { UsageError } from "../../foundation/errors.js";
import { CompilerError, type Environment } from "./c-compiler.js";
import type { CachedFile } from "./kernel-cache.js";
import { libraryFile, type Toolchain, type WantedLibrary } from "./toolchain.js";
import { isVariant, type Variant, variants } from "./variant.js";

export interface LibraryWish extends Pick<WantedLibrary, "name" | "files" | "accept"> {
  /** What the processor can run, best first. */
  readonly supported: readonly Variant[];
  /** A line of progress, before it is compiled. */
  readonly say: (line: string) => void;
  /** Takes the compiler's complaints about variants that it does not know. */
  readonly notCompiled?: Map<Variant, string>;
}

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

/**
 * The first that the compiler can make, or what is already made of it.
 * @throws UsageError for a forced variant that cannot be, CompilerError where it can make none, InterruptedError, OutputError.
 */
export async function bestLibrary(
  toolchain: Toolchain,
  { name, files, accept, supported, say, notCompiled = new Map() }: LibraryWish,
): Promise<CachedFile & { readonly variant: Variant }> {
  const { sources, compiler, environment } = toolchain;
  for (const variant of candidates(supported, environment)) {
    try {
      const file = await libraryFile(toolchain, {
        ...{ name: `${name}-${variant}`, files, flags: sources.flags.variants[variant] },
        onMake: () => say(`Compiling ${name} for ${variant} with ${compiler.name} ... (once)`),
        ...(accept && { accept }),
      });
      return { ...file, variant };
    } catch (error) {
      if (!(error instanceof CompilerError)) throw error;
      notCompiled.set(variant, error.message);
    }
  }
  throw new CompilerError([...new Set(notCompiled.values())].join("; "));
}
