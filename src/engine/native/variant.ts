/** @file The variants of the kernel library, one for each set of processor features. Knows neither compiler nor processor. */

/** Best first. */
export const variants = ["amx", "avx512bf16", "avx512", "avx2", "portable"] as const;
export type Variant = (typeof variants)[number];

/** What the kernels compute matrix products in; sums are float32 always. */
export type Precision = "fp32" | "bf16";

export const isVariant = (name: string): name is Variant => (variants as readonly string[]).includes(name);

/** Those that were written for an architecture, best first. */
export const variantsFor = (arch: string): readonly Variant[] => (arch === "x64" ? variants : ["portable"]);
