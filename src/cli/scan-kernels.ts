/** @file Settles whether a scan computes natively: where it is long, and a library can be had. Measures nothing. */
import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import { workerProcess } from "../dispatch/worker-process.js";
import { CompilerError } from "../engine/native/c-compiler.js";
import type { SpectralLibraryFile } from "../engine/native/spectral-library.js";
import { InputError, InterruptedError, UsageError } from "../foundation/errors.js";
import { type Depth, largestExactSide } from "../spectrum/measuring.js";
import type { TerminalProgress } from "./terminal-progress.js";

const spectralTask = new URL("./spectral-task.js", import.meta.url);

/** Multiplications from which on compiling pays within the first scan or two: WebAssembly takes a second for them. */
const worthwhile = 1e10;
/** Products with vectors that an estimated spectrum takes, about. */
const estimateVectors = 600;

/** The same for every scan of these matrices: what computes does not depend on chance. */
export function isLongScan(matrices: readonly CheckpointMatrix[], depth: Depth): boolean {
  if (depth === "exact") return false;
  let products = 0;
  for (const { rows, cols } of matrices) {
    const side = Math.min(rows, cols);
    products += rows * cols * (side <= largestExactSide ? side : estimateVectors);
  }
  return products >= worthwhile;
}

/** @returns null where WebAssembly computes; why, where that was not to be expected, has been said. @throws UsageError, InterruptedError */
export async function scanKernels(
  progress: TerminalProgress,
  signal: AbortSignal,
): Promise<SpectralLibraryFile | null> {
  const [{ spectralLibrary }, { openNativeKernels }] = await Promise.all([
    import("../engine/native/spectral-library.js"),
    import("../spectrum/native-kernels.js"),
  ]);
  const accept = async (path: string) => {
    const worker = workerProcess();
    try {
      const failure = await worker.run(spectralTask, { path }, { signal });
      if (failure !== null) throw new InputError(`Their self-test failed: ${String(failure)}`);
    } finally {
      await worker.close();
    }
  };
  try {
    const library = await spectralLibrary({ say: (line) => progress.note(line), accept });
    // What was kept once may not load today: another system under the same compiler's name, a folder that runs nothing.
    await openNativeKernels(library.path);
    return library;
  } catch (error) {
    if (error instanceof UsageError || error instanceof InterruptedError) throw error;
    const { message } = error as Error;
    // A compiler's complaint is no sentence.
    const reason = error instanceof CompilerError ? `They are not compiled (${message}).` : message;
    progress.note(`No native kernels: ${reason} Computing in WebAssembly.`);
    return null;
  }
}
