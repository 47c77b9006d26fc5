/** @file Which variants this machine's processor can run: what native/cpu.c answers. */
import { openShared } from "./foreign-functions.js";
import { libraryFile, type Toolchain } from "./toolchain.js";
import { type Variant, variantsFor } from "./variant.js";

/**
 * Also asks the system for the registers of AMX, so it comes before a library that uses them.
 * @returns those of the architecture, best first. @throws CompilerError, InputError, InterruptedError, OutputError
 */
export async function supportedVariants(toolchain: Toolchain): Promise<readonly Variant[]> {
  const { path } = await libraryFile(toolchain, {
    ...{ name: "cpu", files: [toolchain.sources.cpu], flags: [] },
    onMake: () => {},
  });
  const supports = (await openShared(path)).func("int32_t deadweightCpuSupports(const char *variant)");
  return variantsFor(process.arch).filter((variant) => supports(variant) !== 0);
}
