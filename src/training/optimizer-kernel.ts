/** @file The optimizer's inner loops as WebAssembly SIMD over the memory that also holds the tensors. */
import type { OptimizerLoops } from "../engine/backend.js";
import { f32, f64, i32, op, v128, type WasmFunction, wasmModule } from "../foundation/wasm-module.js";

export interface OptimizerKernel {
  /**
   * AdamW on `bytes` bytes at once (a multiple of 16; pointers are byte offsets, aligned to 16), four lanes at a time:
   * g *= gradientScale; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
   * w = decay w - stepSize m / (sqrt(v) inverseCorrection2 + epsilon). Loshchilov & Hutter 2019, algorithm 2, in PyTorch's order.
   */
  adamw(
    weight: number,
    gradient: number,
    firstMoment: number,
    secondMoment: number,
    bytes: number,
    beta1: number,
    oneMinusBeta1: number,
    beta2: number,
    oneMinusBeta2: number,
    decay: number,
    stepSize: number,
    inverseCorrection2: number,
    epsilon: number,
    gradientScale: number,
  ): void;
  /** Sum of squares of the floats in `bytes` bytes at `pointer`, accumulated in float64. */
  sumOfSquares(pointer: number, bytes: number): number;
}

const { get, set, tee } = op;

function adamw(): WasmFunction {
  const [weight, gradient, first, second, end] = [0, 1, 2, 3, 4];
  const scalars = [5, 6, 7, 8, 9, 10, 11, 12, 13];
  const vectors = scalars.map((_, index) => 14 + index);
  const [beta1, oneMinusBeta1, beta2, oneMinusBeta2, decay, stepSize, inverseCorrection2, epsilon, gradientScale] =
    vectors;
  const [g, m, v] = [23, 24, 25];
  const advance = (pointer: number) => [...get(pointer), ...op.i32Const(16), ...op.i32Add, ...set(pointer)];
  const moment = (pointer: number, beta: number, oneMinusBeta: number, sample: readonly number[], into: number) => [
    get(pointer),
    ...[get(beta), get(pointer), op.load, op.mul],
    ...[get(oneMinusBeta), sample, op.mul, op.add],
    ...[tee(into), op.store],
  ];
  return {
    name: "adamw",
    parameters: [i32, i32, i32, i32, i32, ...scalars.map(() => f32)],
    result: null,
    locals: [...vectors.map(() => v128), v128, v128, v128],
    body: [
      ...scalars.flatMap((scalar, index) => [get(scalar), op.f32Splat, set(vectors[index])]),
      ...[get(weight), get(end), op.i32Add, set(end)],
      op.doWhile(
        ...[get(gradient), op.load, get(gradientScale), op.mul, set(g)],
        ...moment(first, beta1, oneMinusBeta1, get(g), m),
        ...moment(second, beta2, oneMinusBeta2, [...get(g), ...get(g), ...op.mul], v),
        ...[get(weight), get(decay), get(weight), op.load, op.mul],
        ...[get(stepSize), get(m), op.mul],
        ...[get(v), op.sqrt, get(inverseCorrection2), op.mul, get(epsilon), op.add, op.div],
        ...[op.sub, op.store],
        ...[weight, gradient, first, second].map(advance),
        ...[get(weight), get(end), op.i32LessUnsigned],
      ),
    ],
  };
}

function sumOfSquares(): WasmFunction {
  const [pointer, end, x, half, lowSum, highSum] = [0, 1, 2, 3, 4, 5];
  const accumulate = (sum: number, twoLanes: readonly (readonly number[])[]) => [
    ...[get(sum), ...twoLanes, op.promoteLow, tee(half), get(half), op.f64x2Mul],
    ...[op.f64x2Add, set(sum)],
  ];
  return {
    name: "sumOfSquares",
    parameters: [i32, i32],
    result: f64,
    locals: [v128, v128, v128, v128],
    body: [
      ...[get(pointer), get(end), op.i32Add, set(end)],
      op.doWhile(
        ...[get(pointer), op.load, set(x)],
        ...accumulate(lowSum, [get(x)]),
        ...accumulate(highSum, [get(x), get(x), op.swapHalves]),
        ...[get(pointer), op.i32Const(16), op.i32Add, tee(pointer), get(end), op.i32LessUnsigned],
      ),
      ...[get(lowSum), get(highSum), op.f64x2Add, tee(lowSum), op.f64ExtractLane(0)],
      ...[get(lowSum), op.f64ExtractLane(1), op.f64Add],
    ],
  };
}

let compiled: WebAssembly.Module | null = null;

export function optimizerKernel(memory: WebAssembly.Memory): OptimizerKernel {
  compiled ??= wasmModule([adamw(), sumOfSquares()]);
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return {
    adamw: exports.adamw as OptimizerKernel["adamw"],
    sumOfSquares: exports.sumOfSquares as OptimizerKernel["sumOfSquares"],
  };
}

/** The kernel as loops over arrays that lie in its memory. */
export function portableLoops(memory: WebAssembly.Memory): OptimizerLoops {
  const kernel = optimizerKernel(memory);
  return {
    sumOfSquares: (values) => kernel.sumOfSquares(values.byteOffset, values.byteLength),
    adamw({ weights, gradients, firstMoments, secondMoments }, scalars) {
      const [beta1, oneMinusBeta1, beta2, oneMinusBeta2, decay, stepSize, correction, epsilon, scale] = scalars;
      kernel.adamw(
        weights.byteOffset,
        gradients.byteOffset,
        firstMoments.byteOffset,
        secondMoments.byteOffset,
        weights.byteLength,
        beta1,
        oneMinusBeta1,
        beta2,
        oneMinusBeta2,
        decay,
        stepSize,
        correction,
        epsilon,
        scale,
      );
    },
  };
}
