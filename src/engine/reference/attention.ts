/** @file Causal attention within segments, forward and backward, one head and one query at a time, in float64. */
import type { AttentionAttributes } from "../../graph/primitive.js";

interface Matrix {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

interface Query {
  /** Offsets of the query's head in q, and of its key-value head in k and v at the key's position. */
  readonly query: number;
  readonly key: (position: number) => number;
  readonly keys: readonly number[];
  readonly probabilities: readonly number[];
  readonly headWidth: number;
}

const dot = (a: Float64Array, i: number, b: Float64Array, j: number, n: number): number => {
  let sum = 0;
  for (let c = 0; c < n; c++) sum += a[i + c] * b[j + c];
  return sum;
};

function* queries(
  attributes: AttentionAttributes,
  q: Matrix,
  k: Matrix,
  segments: Matrix | undefined,
): Generator<Query> {
  const { rows, length, heads, keyValueHeads, scale } = attributes;
  const headWidth = q.shape[1] / heads;
  for (let row = 0; row < rows; row++)
    for (let head = 0; head < heads; head++) {
      const keyHead = Math.floor(head / (heads / keyValueHeads));
      const key = (position: number) => position * k.shape[1] + keyHead * headWidth;
      for (let step = 0; step < length; step++) {
        const at = row * length + step;
        const query = at * q.shape[1] + head * headWidth;
        const keys: number[] = [];
        for (let other = row * length; other <= at; other++)
          if (!segments || segments.data[other] === segments.data[at]) keys.push(other);
        const scores = keys.map((position) => scale * dot(q.data, query, k.data, key(position), headWidth));
        const peak = Math.max(...scores);
        const total = scores.reduce((sum, score) => sum + Math.exp(score - peak), 0);
        yield { query, key, keys, probabilities: scores.map((score) => Math.exp(score - peak) / total), headWidth };
      }
    }
}

export function attend(
  attributes: AttentionAttributes,
  q: Matrix,
  k: Matrix,
  v: Matrix,
  segments?: Matrix,
): Float64Array {
  const out = new Float64Array(q.data.length);
  for (const { query, key, keys, probabilities, headWidth } of queries(attributes, q, k, segments))
    keys.forEach((position, i) => {
      for (let c = 0; c < headWidth; c++) out[query + c] += probabilities[i] * v.data[key(position) + c];
    });
  return out;
}

/** @returns dq, dk, dv */
export function attendGrad(
  attributes: AttentionAttributes,
  q: Matrix,
  k: Matrix,
  v: Matrix,
  dout: Matrix,
  segments?: Matrix,
): Float64Array[] {
  const dq = new Float64Array(q.data.length);
  const dk = new Float64Array(k.data.length);
  const dv = new Float64Array(v.data.length);
  for (const { query, key, keys, probabilities, headWidth } of queries(attributes, q, k, segments)) {
    const dp = keys.map((position) => dot(dout.data, query, v.data, key(position), headWidth));
    const mean = dp.reduce((sum, d, i) => sum + d * probabilities[i], 0);
    keys.forEach((position, i) => {
      const ds = probabilities[i] * (dp[i] - mean) * attributes.scale;
      for (let c = 0; c < headWidth; c++) {
        dq[query + c] += ds * k.data[key(position) + c];
        dk[key(position) + c] += ds * q.data[query + c];
        dv[key(position) + c] += probabilities[i] * dout.data[query + c];
      }
    });
  }
  return [dq, dk, dv];
}
