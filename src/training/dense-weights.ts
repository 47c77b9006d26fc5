/** @file The weights of the dense model from those of one with factored weights. Knows no files and no training. */
import { ShapeError } from "../foundation/errors.js";
import type { ParameterSpec } from "../model/language-model.js";
import { factorNames } from "../model/weight.js";

/** left [rows, rank] times right [rank, columns], [rows, columns], summed in float32 in the order of the ranks. */
function product(left: Float32Array, right: Float32Array, [rows, columns]: readonly number[]): Float32Array {
  const rank = left.length / rows;
  const dense = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < rank; k++)
      for (let c = 0; c < columns; c++) dense[r * columns + c] += left[r * rank + k] * right[k * columns + c];
  return dense;
}

/**
 * @param parameters of the dense model. @param weights its own or the two factors, by name.
 * @returns copies, by the names of `parameters`. @throws ShapeError where one is missing.
 */
export function denseWeights(
  parameters: readonly ParameterSpec[],
  weights: ReadonlyMap<string, Float32Array>,
): Map<string, Float32Array> {
  return new Map(
    parameters.map(({ name, shape }) => {
      const own = weights.get(name);
      if (own) return [name, own.slice()];
      const names = factorNames(name);
      const [left, right] = [weights.get(names.left), weights.get(names.right)];
      if (!left || !right) throw new ShapeError(`Dense weights: '${name}' is there neither itself nor as two factors.`);
      return [name, product(left, right, shape)];
    }),
  );
}
