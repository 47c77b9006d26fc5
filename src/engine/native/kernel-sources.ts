/** @file The C sources that come with the package, and the compiler's flags for them. Compiles nothing. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../../foundation/errors.js";
import { sha256OfBytes } from "../../foundation/sha256.js";
import type { Variant } from "./variant.js";

/** What `native/variants.json` holds; it comes with the package and is taken at its word. */
interface CompilerFlags {
  readonly compile: readonly string[];
  readonly link: readonly string[];
  readonly variants: Readonly<Record<Variant, readonly string[]>>;
}

export interface KernelSources {
  /** Paths of what is compiled for a variant. */
  readonly kernels: readonly string[];
  /** Paths of what a scan needs of them, and more: a library of its own, compiled in a second. */
  readonly spectral: readonly string[];
  /** Path of the source that asks the processor. */
  readonly cpu: string;
  readonly flags: CompilerFlags;
  /** Of every name and text. */
  readonly sha256: string;
}

/** Beside `src` and `dist` alike. */
const packaged = fileURLToPath(new URL("../../../native/", import.meta.url));

/** @throws InputError where they are not there. */
export function kernelSources(folder: string = packaged): KernelSources {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => name.replaceAll("\\", "/"))
      .filter((name) => /^(spectral\/)?[^/]+\.[ch]$|^variants\.json$/.test(name))
      .sort();
    const texts = names.map((name) => readFileSync(join(folder, name), "utf8"));
    const compiled = names.filter((name) => name.endsWith(".c") && name !== "cpu.c");
    const ofScan = (name: string) => name.startsWith("spectral/");
    return {
      kernels: compiled.filter((name) => !ofScan(name)).map((name) => join(folder, name)),
      spectral: compiled.filter(ofScan).map((name) => join(folder, name)),
      cpu: join(folder, "cpu.c"),
      flags: JSON.parse(readFileSync(join(folder, "variants.json"), "utf8")) as CompilerFlags,
      sha256: sha256OfBytes(JSON.stringify(names.map((name, index) => [name, texts[index]]))),
    };
  } catch (error) {
    throw new InputError(
      `${folder}: the kernels' sources cannot be read (${(error as Error).message}). Install deadweight anew.`,
    );
  }
}
