/** @file AdamW with gradient clipping over a parameter store (Loshchilov & Hutter 2019). Knows nothing of graphs. */
import type { OptimizerLoops } from "../engine/backend.js";
import { portableLoops } from "./optimizer-kernel.js";
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

/** @param loops those of a backend; by default portable ones. */
export function adamW(store: ParameterStore, options: AdamWOptions = {}, loops?: OptimizerLoops): AdamW {
  const { beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, weightDecay = 0.1, gradientClip = 1 } = options;
  const arenas = store.arenas.map((arena) => ({ ...arena, loops: loops ?? portableLoops(arena.memory) }));
  return {
    update(step, learningRate) {
      const squares = arenas.map(({ loops, state }) => loops.sumOfSquares(state.gradient));
      const norm = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
      if (!Number.isFinite(norm)) return norm;
      // PyTorch's clip_grad_norm_ adds 1e-6 to the norm.
      const gradientScale = Math.min(1, gradientClip / (norm + 1e-6));
      for (const { loops, state, groups } of arenas)
        for (const { decayed, byteBegin, byteEnd } of groups) {
          if (byteEnd === byteBegin) continue;
          const part = (whole: Float32Array) => whole.subarray(byteBegin / 4, byteEnd / 4);
          const arrays = {
            weights: part(state.weight),
            gradients: part(state.gradient),
            firstMoments: part(state.firstMoment),
            secondMoments: part(state.secondMoment),
          };
          const decay = decayed ? 1 - learningRate * weightDecay : 1;
          const stepSize = learningRate / (1 - beta1 ** step);
          const correction = 1 / Math.sqrt(1 - beta2 ** step);
          const betas = [beta1, 1 - beta1, beta2, 1 - beta2];
          loops.adamw(arrays, Float64Array.of(...betas, decay, stepSize, correction, epsilon, gradientScale));
        }
      return norm;
    },
  };
}
