/** @file The native backend for tests, one variant at a time, or the reason why there is none. */
import type { Backend } from "../src/engine/backend.js";
import type { NativeBackend } from "../src/engine/native/native-backend.js";
import { nativeBackend } from "../src/engine/native/native-backend.js";
import { findNativeLibrary } from "../src/engine/native/native-library.js";
import { type Variant, variants } from "../src/engine/native/variant.js";

const search = (variant?: Variant) =>
  findNativeLibrary({
    say: () => {},
    environment: variant ? { ...process.env, DEADWEIGHT_VARIANT: variant } : process.env,
  });

const best = await search();

/** A sentence where this machine has no native kernels. */
export const noNative: string | null = best.reason;

/** What processor and compiler can both do, best first. */
export const nativeVariants: readonly Variant[] = variants.filter(
  (variant) => noNative === null && best.supported?.includes(variant) && !best.notCompiled.has(variant),
);

export interface NativeTestOptions {
  readonly variant?: Variant;
  readonly threads?: number;
  readonly precision?: "fp32" | "bf16";
}

/** Opens a backend; the best variant where none is named. */
export async function openNative({ variant, threads = 2, precision }: NativeTestOptions = {}): Promise<NativeBackend> {
  const { library, reason } = variant ? await search(variant) : best;
  if (library === null) throw new Error(reason ?? "no native library");
  return nativeBackend({ library, threads, ...(precision ? { precision } : {}) });
}

/** An entry for each precision that suites of engines take, with that suite's own tolerances; none where there are no kernels. */
export function nativeEngines<T>(tolerances: { readonly fp32: T; readonly bf16: T }) {
  return (noNative === null ? (["fp32", "bf16"] as const) : []).map((precision) => ({
    engine: `native kernels in ${precision}`,
    open: (): Promise<Backend> => openNative({ precision }),
    precision: "float32" as const,
    ...tolerances[precision],
  }));
}
