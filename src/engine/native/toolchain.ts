/** @file A compiler with the sources and the cache: finds a library, or makes it. Knows not what it is for. */
import { sha256OfBytes } from "../../foundation/sha256.js";
import type { Compiler, Environment } from "./c-compiler.js";
import { compileLibrary } from "./compile-library.js";
import { type CachedFile, cachedFile, cacheFolders } from "./kernel-cache.js";
import type { KernelSources } from "./kernel-sources.js";

export interface Toolchain {
  readonly compiler: Compiler;
  readonly sources: KernelSources;
  readonly environment: Environment;
}

export interface WantedLibrary {
  /** "kernels-avx512" */
  readonly name: string;
  /** Paths of the sources. */
  readonly files: readonly string[];
  /** Besides those of every file. */
  readonly flags: readonly string[];
  /** Before it is made. */
  readonly onMake: () => void;
  /** Sees it before it is kept; what it throws keeps it out. @param path of the library. */
  readonly accept?: (path: string) => Promise<void>;
}

/** @throws CompilerError, InterruptedError, OutputError */
export function libraryFile(
  { compiler, sources, environment }: Toolchain,
  { name, files, flags, onMake, accept }: WantedLibrary,
): Promise<CachedFile> {
  const compileFlags = [...sources.flags.compile, ...flags];
  const linkFlags = sources.flags.link;
  const { versionLine, arguments: given } = compiler;
  const made = { compileFlags, linkFlags, versionLine, given, platform: process.platform, arch: process.arch };
  let first = true;
  return cachedFile(
    {
      name,
      key: sha256OfBytes(JSON.stringify([name, sources.sha256, made])),
      async make(folder, output) {
        if (first) onMake();
        first = false;
        await compileLibrary({ compiler, sources: files, compileFlags, linkFlags, environment }, folder, output);
        await accept?.(output);
      },
    },
    cacheFolders(environment),
  );
}
