/** @file The memory in which the kernels of this thread work. Knows no algorithm. */
import { ShapeError } from "../foundation/errors.js";
import { type SpectralKernels, spectralModule } from "./spectral-kernels.js";

export interface KernelMemory {
  readonly kernels: SpectralKernels;
  /**
   * Begins a new layout: `bytes[i]` bytes for each region, none cleared; what was there before is void.
   * @returns the regions' byte offsets, multiples of 64. @throws ShapeError beyond 4 GiB or what the machine has.
   */
  layOut(bytes: readonly number[]): number[];
  /** A window on the memory; void after the next `layOut`. @param byteBegin multiple of 8. */
  float64(byteBegin: number, length: number): Float64Array;
  float32(byteBegin: number, length: number): Float32Array;
}

const pageBytes = 65_536;
const aligned = (bytes: number) => Math.ceil(bytes / 64) * 64;

declare global {
  namespace WebAssembly {
    // Node's types leave it out.
    interface Memory {
      grow(pages: number): number;
    }
  }
}

/** Memory only grows: a thread keeps what its largest matrix took. */
function openKernelMemory(): KernelMemory {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(spectralModule(), { env: { memory } });
  const kernel = <K extends keyof SpectralKernels>(name: K) => exports[name] as SpectralKernels[K];
  return {
    kernels: {
      addTile: kernel("addTile"),
      addTileFloat32: kernel("addTileFloat32"),
      updateRows: kernel("updateRows"),
      rowsTimesBlock: kernel("rowsTimesBlock"),
      addRowsByBlock: kernel("addRowsByBlock"),
      dot: kernel("dot"),
      addScaled: kernel("addScaled"),
    },
    layOut(bytes) {
      const offsets: number[] = [];
      let end = 0;
      for (const size of bytes) {
        offsets.push(end);
        end += aligned(size);
      }
      const missing = end - memory.buffer.byteLength;
      if (missing > 0) {
        try {
          memory.grow(Math.ceil(missing / pageBytes));
        } catch {
          throw new ShapeError(
            `linear algebra: ${Math.ceil(end / 2 ** 20)} MiB are needed for one matrix, more than one memory can hold.`,
          );
        }
      }
      return offsets;
    },
    float64: (byteBegin, length) => new Float64Array(memory.buffer, byteBegin, length),
    float32: (byteBegin, length) => new Float32Array(memory.buffer, byteBegin, length),
  };
}

const opened = new Map<string, KernelMemory>();

/**
 * One for each purpose and thread: `dense` for what a single call computes, `held` for a matrix that stays while other calls are made.
 * Its users do not overlap: each lays it out, computes, copies its results out.
 */
export function kernelMemory(purpose: "dense" | "held"): KernelMemory {
  const known = opened.get(purpose) ?? openKernelMemory();
  opened.set(purpose, known);
  return known;
}
