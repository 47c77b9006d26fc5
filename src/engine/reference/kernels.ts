/** @file Every primitive in float64, as plainly as its definition: the oracle of the tests. Speed is no concern here. */
import type { Value } from "../../graph/graph.js";
import type { Primitive, PrimitiveAttributes } from "../../graph/primitive.js";
import { attend, attendGrad } from "./attention.js";
import { matrixProduct, transposed } from "./matrix.js";

/** Contents of a value: float64, or indices, which float64 holds exactly. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

type Kernel<P extends Primitive> = (
  attributes: PrimitiveAttributes[P],
  inputs: readonly Tensor[],
  outputs: readonly Value[],
) => readonly Float64Array[];

const map = (x: Tensor, f: (value: number, index: number) => number): Float64Array => x.data.map(f);

/** The weight as [in, out], whatever its layout. */
function inputOutput(weight: Tensor, layout: "inputOutput" | "outputInput"): Tensor {
  return layout === "inputOutput" ? weight : transposed(weight);
}

function columnSum({ shape: [rows, columns], data }: Tensor): Float64Array {
  const sum = new Float64Array(columns);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) sum[c] += data[r * columns + c];
  return sum;
}

/** Rows brought to mean 0 (if `centred`) and mean square 1, with each row's inverse scale. */
function normalize({ shape: [rows, columns], data }: Tensor, epsilon: number, centred: boolean) {
  const normalized = new Float64Array(data.length);
  const inverse = new Float64Array(rows);
  for (let r = 0; r < rows; r++) {
    const row = data.subarray(r * columns, (r + 1) * columns);
    const mean = centred ? row.reduce((sum, x) => sum + x, 0) / columns : 0;
    const square = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / columns;
    inverse[r] = 1 / Math.sqrt(square + epsilon);
    for (let c = 0; c < columns; c++) normalized[r * columns + c] = (row[c] - mean) * inverse[r];
  }
  return { normalized, inverse };
}

function normGrad([x, scale, dy]: readonly Tensor[], epsilon: number, centred: boolean): Float64Array[] {
  const [rows, columns] = x.shape;
  const { normalized, inverse } = normalize(x, epsilon, centred);
  const dx = new Float64Array(x.data.length);
  for (let r = 0; r < rows; r++) {
    let mean = 0;
    let projection = 0;
    for (let c = 0; c < columns; c++) {
      const dh = dy.data[r * columns + c] * scale.data[c];
      mean += dh / columns;
      projection += (dh * normalized[r * columns + c]) / columns;
    }
    for (let c = 0; c < columns; c++) {
      const i = r * columns + c;
      dx[i] = (dy.data[i] * scale.data[c] - (centred ? mean : 0) - normalized[i] * projection) * inverse[r];
    }
  }
  const dscale = columnSum({ shape: x.shape, data: map(dy, (d, i) => d * normalized[i]) });
  return centred ? [dx, dscale, columnSum(dy)] : [dx, dscale];
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** erf by its Maclaurin series or the continued fraction of erfc: to about 1e-15. */
function erf(x: number): number {
  const t = Math.abs(x);
  if (t > 6) return Math.sign(x);
  if (t < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= -(x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = t;
  for (let n = 120; n >= 1; n--) fraction = t + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-t * t) / (fraction * Math.sqrt(Math.PI)));
}

/** [F(x), F'(x)] of y = x F(x). */
function geluGate(x: number, approximation: "tanh" | "none"): [number, number] {
  if (approximation === "none")
    return [0.5 * (1 + erf(x / Math.SQRT2)), Math.exp(-(x * x) / 2) / Math.sqrt(2 * Math.PI)];
  const a = 2 * Math.sqrt(2 / Math.PI);
  const s = logistic(a * (x + 0.044715 * x ** 3));
  return [s, s * (1 - s) * a * (1 + 3 * 0.044715 * x * x)];
}

/** Token losses, and (softmax - onehot) of each row. */
function crossEntropy(x: Tensor, weight: Tensor, targets: Tensor) {
  const logits = matrixProduct(x, weight);
  const [slots, vocabulary] = logits.shape;
  const losses = new Float64Array(slots);
  const errors = new Float64Array(logits.data.length);
  for (let s = 0; s < slots; s++) {
    const row = logits.data.subarray(s * vocabulary, (s + 1) * vocabulary);
    const peak = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const logSumExp = peak + Math.log(row.reduce((sum, z) => sum + Math.exp(z - peak), 0));
    losses[s] = logSumExp - row[targets.data[s]];
    for (let v = 0; v < vocabulary; v++) errors[s * vocabulary + v] = Math.exp(row[v] - logSumExp);
    errors[s * vocabulary + targets.data[s]] -= 1;
  }
  return { losses, errors: { shape: logits.shape, data: errors } };
}

export const kernels: { readonly [P in Primitive]: Kernel<P> } = {
  linear({ layout }, [x, weight, bias]) {
    const y = matrixProduct(x, inputOutput(weight, layout));
    return [bias ? y.data.map((value, i) => value + bias.data[i % y.shape[1]]) : y.data];
  },
  linearInputGrad({ layout }, [dy, weight]) {
    return [matrixProduct(dy, transposed(inputOutput(weight, layout))).data];
  },
  linearWeightGrad({ layout }, [x, dy]) {
    const dw = matrixProduct(transposed(x), dy);
    return [(layout === "inputOutput" ? dw : transposed(dw)).data];
  },
  columnSum: (_, [x]) => [columnSum(x)],
  gatherRows(_, [table, rows]) {
    const width = table.shape[1];
    const y = new Float64Array(rows.data.length * width);
    rows.data.forEach((row, t) => {
      y.set(table.data.subarray(row * width, (row + 1) * width), t * width);
    });
    return [y];
  },
  scatterAddRows({ count }, [rows, y]) {
    const width = y.shape[1];
    const sum = new Float64Array(count * width);
    rows.data.forEach((row, t) => {
      for (let c = 0; c < width; c++) sum[row * width + c] += y.data[t * width + c];
    });
    return [sum];
  },
  layerNorm({ epsilon }, [x, scale, shift]) {
    const width = x.shape[1];
    const { normalized } = normalize(x, epsilon, true);
    return [normalized.map((h, i) => h * scale.data[i % width] + shift.data[i % width])];
  },
  layerNormGrad: ({ epsilon }, inputs) => normGrad(inputs, epsilon, true),
  rmsNorm({ epsilon }, [x, scale]) {
    return [normalize(x, epsilon, false).normalized.map((h, i) => h * scale.data[i % x.shape[1]])];
  },
  rmsNormGrad: ({ epsilon }, inputs) => normGrad(inputs, epsilon, false),
  gelu: ({ approximation }, [x]) => [map(x, (value) => value * geluGate(value, approximation)[0])],
  geluGrad({ approximation }, [x, dy]) {
    return [
      map(x, (value, i) => {
        const [gate, slope] = geluGate(value, approximation);
        return dy.data[i] * (gate + value * slope);
      }),
    ];
  },
  silu: (_, [x]) => [map(x, (value) => value * logistic(value))],
  siluGrad(_, [x, dy]) {
    return [
      map(x, (value, i) => {
        const s = logistic(value);
        return dy.data[i] * s * (1 + value * (1 - s));
      }),
    ];
  },
  rotary({ heads, headWidth, frequencies, inverse }, [x, positions]) {
    const y = x.data.slice();
    const pairs = frequencies.length;
    for (let t = 0; t < positions.data.length; t++)
      for (let h = 0; h < heads; h++)
        for (let i = 0; i < pairs; i++) {
          const angle = positions.data[t] * frequencies[i] * (inverse ? -1 : 1);
          const first = (t * heads + h) * headWidth + i;
          const [a, b] = [x.data[first], x.data[first + pairs]];
          y[first] = a * Math.cos(angle) - b * Math.sin(angle);
          y[first + pairs] = b * Math.cos(angle) + a * Math.sin(angle);
        }
    return [y];
  },
  causalAttention: (attributes, [q, k, v, segments]) => [attend(attributes, q, k, v, segments)],
  causalAttentionGrad: (attributes, [q, k, v, , dout, segments]) => attendGrad(attributes, q, k, v, dout, segments),
  splitColumns({ sizes }, [x]) {
    const [rows, columns] = x.shape;
    let begin = 0;
    return sizes.map((size) => {
      const part = new Float64Array(rows * size);
      for (let r = 0; r < rows; r++)
        part.set(x.data.subarray(r * columns + begin, r * columns + begin + size), r * size);
      begin += size;
      return part;
    });
  },
  concatColumns(_, inputs, [output]) {
    const [rows, columns] = output.shape;
    const whole = new Float64Array(rows * columns);
    let begin = 0;
    for (const { shape, data } of inputs) {
      for (let r = 0; r < rows; r++) whole.set(data.subarray(r * shape[1], (r + 1) * shape[1]), r * columns + begin);
      begin += shape[1];
    }
    return [whole];
  },
  reshape: (_, [x]) => [x.data.slice()],
  add: (_, [x, y]) => [map(x, (value, i) => value + y.data[i])],
  multiply: (_, [x, y]) => [map(x, (value, i) => value * y.data[i])],
  scale: ({ factor }, [x]) => [map(x, (value) => factor * value)],
  fill: ({ value }, _, [output]) => [new Float64Array(output.shape.reduce((n, size) => n * size, 1)).fill(value)],
  linearCrossEntropy({ layout }, [x, weight, targets, weights]) {
    const { losses } = crossEntropy(x, inputOutput(weight, layout), targets);
    return [Float64Array.of(losses.reduce((sum, loss, s) => sum + loss * weights.data[s], 0)), losses];
  },
  linearCrossEntropyGrad({ layout }, [x, weight, targets, weights, dloss]) {
    const dense = inputOutput(weight, layout);
    const { errors } = crossEntropy(x, dense, targets);
    const vocabulary = errors.shape[1];
    const dlogits = {
      shape: errors.shape,
      data: map(errors, (error, i) => error * weights.data[Math.floor(i / vocabulary)] * dloss.data[0]),
    };
    const dweight = matrixProduct(transposed(x), dlogits);
    return [
      matrixProduct(dlogits, transposed(dense)).data,
      (layout === "inputOutput" ? dweight : transposed(dweight)).data,
    ];
  },
};
