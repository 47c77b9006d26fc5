import { describe, expect, it } from "vitest";
import { allKernels } from "../../test/dense-kernels.js";
import type { DenseKernels } from "../linalg/dense-kernels.js";
import { wasmKernels } from "../linalg/wasm-kernels.js";
import { kernelsSelfTest } from "./kernels-self-test.js";

describe("the self-test of dense kernels", () => {
  it.each(allKernels)("passes with $name", ({ kernels }) => expect(kernelsSelfTest(kernels)).toBeNull());

  it.each<[string, Partial<DenseKernels>, RegExp]>([
    [
      "a product that is a little off",
      {
        addProducts(block, storage) {
          wasmKernels.addProducts(block, storage);
          storage.gram[0] *= 1 + 1e-9;
        },
      },
      /^sums of .* differ by/,
    ],
    [
      "doubles that are rounded to floats",
      {
        addProducts: (block, storage) =>
          wasmKernels.addProducts({ ...block, values: Float32Array.from(block.values) }, storage),
      },
      /^sums of .* differ by/,
    ],
    [
      "a factor that is left out",
      { addProducts: (block, storage) => wasmKernels.addProducts({ ...block, factor: 1 }, storage) },
      /^sums of .* \(float32\)/,
    ],
    [
      "an eigenvalue that is NaN",
      { eigenvalues: (...args) => wasmKernels.eigenvalues(...args).fill(Number.NaN, 0, 1) },
      /^eigenvalues of .* differ by NaN/,
    ],
    [
      "a moment that is a little off",
      {
        powerSums(...args) {
          const sums = wasmKernels.powerSums(...args);
          return { ...sums, m3: sums.m3 + 1e-9 * sums.m4 };
        },
      },
      /^m3 of .* differs by/,
    ],
    [
      "a product with vectors that is a little off",
      {
        gramTimes(held, x, y, scratch) {
          wasmKernels.gramTimes(held, x, y, scratch);
          y[0] *= 1.0001;
        },
      },
      /^products with .* differ by/,
    ],
    ["a largest entry that is not", { largest: (...args) => wasmKernels.largest(...args) * 0.999 }, /^the largest of/],
  ])("notices %s", (_what, broken, message) => {
    expect(kernelsSelfTest({ ...wasmKernels, ...broken })).toMatch(message);
  });
});
