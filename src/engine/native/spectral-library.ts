/** @file Finds or makes the library that `native/spectral/` is compiled to, for this processor. Does not load it. */
import { bestLibrary } from "./best-library.js";
import { type Environment, findCompiler } from "./c-compiler.js";
import { supportedVariants } from "./cpu-support.js";
import { kernelSources } from "./kernel-sources.js";

export interface SpectralSearch {
  /** A line of progress, before it is compiled. */
  readonly say: (line: string) => void;
  /** Sees a library that was made now, before it is kept; what it throws keeps it out. */
  readonly accept: (path: string) => Promise<void>;
  readonly environment?: Environment;
}

export interface SpectralLibraryFile {
  readonly path: string;
  /** For records: "native (avx512, cc 12.2.0)". */
  readonly description: string;
}

/** @throws InputError, CompilerError, OutputError or what `accept` throws where there is none; UsageError, InterruptedError. */
export async function spectralLibrary({
  say,
  accept,
  environment = process.env,
}: SpectralSearch): Promise<SpectralLibraryFile> {
  const compiler = await findCompiler(environment);
  const toolchain = { compiler, sources: kernelSources(), environment };
  const supported = await supportedVariants(toolchain);
  const wish = { name: "spectral-kernels", files: toolchain.sources.spectral, supported, say, accept };
  const { path, variant } = await bestLibrary(toolchain, wish);
  return { path, description: `native (${variant}, ${compiler.name})` };
}
