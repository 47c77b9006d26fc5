/** @file The dense kernels for tests: WebAssembly, and native ones in every variant that this machine has. */
import { spectralLibrary } from "../src/engine/native/spectral-library.js";
import { type Variant, variants } from "../src/engine/native/variant.js";
import type { DenseKernels } from "../src/linalg/dense-kernels.js";
import { wasmKernels } from "../src/linalg/wasm-kernels.js";
import { openNativeKernels } from "../src/spectrum/native-kernels.js";

export interface NamedKernels {
  readonly name: string;
  readonly kernels: DenseKernels;
}

/** Null where processor or compiler lacks the variant. */
async function native(variant: Variant): Promise<NamedKernels | null> {
  const environment = { ...process.env, DEADWEIGHT_VARIANT: variant };
  try {
    const { path } = await spectralLibrary({ say: () => {}, accept: async () => {}, environment });
    return { name: `native kernels (${variant})`, kernels: await openNativeKernels(path) };
  } catch {
    return null;
  }
}

export const nativeKernels = (await Promise.all(variants.map(native))).filter((found) => found !== null);

export const allKernels: readonly NamedKernels[] = [{ name: "WebAssembly", kernels: wasmKernels }, ...nativeKernels];
