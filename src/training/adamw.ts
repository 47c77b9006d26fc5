/** @file AdamW with gradient clipping over a parameter store (Loshchilov & Hutter 2019). Knows nothing of graphs. */
import { optimizerKernel } from "./optimizer-kernel.js";
import type { ParameterStore } from "./parameter-store.js";

export interface AdamWOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Decoupled: w shrinks by learningRate * weightDecay a step; matrices only. */
  readonly weightDecay?: number;
  /** Global 2-norm that gradients are clipped to; Infinity for none. */
  readonly gradientClip?: number;
}

export interface AdamW {
  /**
   * Applies one update from the gradients in the store.
   * @param step counted from 1, for the bias correction.
   * @returns the global gradient norm before clipping; where it is not finite nothing was updated.
   */
  update(step: number, learningRate: number): number;
}

export function adamW(store: ParameterStore, options: AdamWOptions = {}): AdamW {
  const { beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, weightDecay = 0.1, gradientClip = 1 } = options;
  const arenas = store.arenas.map((arena) => ({ ...arena, kernel: optimizerKernel(arena.memory) }));
  return {
    update(step, learningRate) {
      const squares = arenas.map(({ kernel, sections, sectionBytes }) =>
        kernel.sumOfSquares(sections.gradient, sectionBytes),
      );
      const norm = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
      if (!Number.isFinite(norm)) return norm;
      // PyTorch's clip_grad_norm_ adds 1e-6 to the norm.
      const gradientScale = Math.min(1, gradientClip / (norm + 1e-6));
      for (const { kernel, sections, groups } of arenas)
        for (const { decayed, byteBegin, byteEnd } of groups) {
          if (byteEnd === byteBegin) continue;
          kernel.adamw(
            sections.weight + byteBegin,
            sections.gradient + byteBegin,
            sections.firstMoment + byteBegin,
            sections.secondMoment + byteBegin,
            byteEnd - byteBegin,
            beta1,
            1 - beta1,
            beta2,
            1 - beta2,
            decayed ? 1 - learningRate * weightDecay : 1,
            learningRate / (1 - beta1 ** step),
            1 / Math.sqrt(1 - beta2 ** step),
            epsilon,
            gradientScale,
          );
        }
      return norm;
    },
  };
}
