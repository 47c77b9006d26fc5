/** @file Every kernel of the native library in float64, as plain loops written from the words of native/deadweight.h. Knows no memory. */
import type { Activation, KernelFlags, KernelName } from "../src/engine/native/kernel.js";
import { kernels as primitives } from "../src/engine/reference/kernels.js";

export type Rows = readonly Float64Array[];
type Element = (row: number, column: number) => number;

export interface LoopCall {
  readonly flags: KernelFlags;
  readonly sizes: readonly number[];
  readonly scalars: readonly number[];
  /** Reads an operand; it is an error to ask for one that is not given. */
  readonly read: (name: string) => Element;
  readonly has: (name: string) => boolean;
}

/** @returns every operand that the kernel can write, by name. */
type Loop = (call: LoopCall) => Readonly<Record<string, Rows>>;

const table = (rows: number, columns: number, element: Element): Rows =>
  Array.from({ length: rows }, (_, row) => Float64Array.from({ length: columns }, (_, column) => element(row, column)));

const sum = (count: number, term: (index: number) => number): number => {
  let total = 0;
  for (let index = 0; index < count; index++) total += term(index);
  return total;
};

const one = (value: number) => ({ shape: [1, 1], data: Float64Array.of(value) });

function activate(activation: Activation | undefined, x: number): number {
  if (activation === "silu") return primitives.silu({}, [one(x)], [])[0][0];
  const approximation = activation === "gelu" ? "none" : "tanh";
  return primitives.gelu({ approximation }, [one(x)], [])[0][0];
}

function slope(activation: Activation | undefined, x: number): number {
  if (activation === "silu") return primitives.siluGrad({}, [one(x), one(1)], [])[0][0];
  const approximation = activation === "gelu" ? "none" : "tanh";
  return primitives.geluGrad({ approximation }, [one(x), one(1)], [])[0][0];
}

const transposedIf = (isTransposed: boolean | undefined, element: Element): Element =>
  isTransposed ? (row, column) => element(column, row) : element;

const optional = ({ has, read }: LoopCall, name: string): Element => (has(name) ? read(name) : () => 0);

function matrixProduct(call: LoopCall): Record<string, Rows> {
  const { flags, sizes, scalars, read, has } = call;
  const [m, n, k] = sizes;
  const a = transposedIf(flags.aTransposed, read("a"));
  const b = transposedIf(flags.bTransposed, read("b"));
  const [bias, residual] = [optional(call, "bias"), optional(call, "residual")];
  const c = table(m, n, (i, j) => {
    const v = scalars[0] * sum(k, (l) => a(i, l) * b(l, j)) + bias(0, j);
    return (has("gate") ? v * slope(flags.activation, read("gate")(i, j)) : v) + residual(i, j);
  });
  return { c, activated: has("activated") ? table(m, n, (i, j) => activate(flags.activation, c[i][j])) : [] };
}

function crossEntropy({ flags, sizes, scalars, read, has }: LoopCall): Record<string, Rows> {
  const [slots, n, vocabulary] = sizes;
  const [x, targets, weights] = [read("x"), read("targets"), read("weights")];
  const weight = transposedIf(flags.bTransposed, read("weight"));
  const dloss = has("dloss") ? read("dloss")(0, 0) : scalars[0];
  const logits = table(slots, vocabulary, (s, v) => sum(n, (i) => x(s, i) * weight(i, v)));
  const peaks = logits.map((row) => Math.max(...row));
  const logSums = logits.map((row, s) => peaks[s] + Math.log(sum(vocabulary, (v) => Math.exp(row[v] - peaks[s]))));
  const losses = logits.map((row, s) => logSums[s] - row[targets(0, s)]);
  const dlogits = table(slots, vocabulary, (s, v) => {
    const error = Math.exp(logits[s][v] - logSums[s]) - (targets(0, s) === v ? 1 : 0);
    return dloss * weights(0, s) * error;
  });
  const dweight: Element = (i, v) => sum(slots, (s) => x(s, i) * dlogits[s][v]);
  return {
    loss: [Float64Array.of(sum(slots, (s) => weights(0, s) * losses[s]))],
    tokenLosses: [Float64Array.from(losses)],
    dx: table(slots, n, (s, i) => sum(vocabulary, (v) => dlogits[s][v] * weight(i, v))),
    dweight: flags.bTransposed ? table(vocabulary, n, (v, i) => dweight(i, v)) : table(n, vocabulary, dweight),
  };
}

/** (x - mean) / std of each row, or x / rms; and 1 / std. */
function normalized({ flags, sizes: [rows, n], scalars: [epsilon], read }: LoopCall) {
  const x = read("x");
  const means = Array.from({ length: rows }, (_, r) => (flags.centred ? sum(n, (c) => x(r, c)) / n : 0));
  const inverse = means.map((mean, r) => 1 / Math.sqrt(sum(n, (c) => (x(r, c) - mean) ** 2) / n + epsilon));
  return { inverse, h: table(rows, n, (r, c) => (x(r, c) - means[r]) * inverse[r]) };
}

function normGrad(call: LoopCall): Record<string, Rows> {
  const [rows, n] = call.sizes;
  const [scale, dy, residual] = [call.read("scale"), call.read("dy"), optional(call, "residual")];
  const { h, inverse } = normalized(call);
  const dh: Element = (r, c) => dy(r, c) * scale(0, c);
  return {
    dx: table(rows, n, (r, c) => {
      const mean = call.flags.centred ? sum(n, (i) => dh(r, i)) / n : 0;
      const along = sum(n, (i) => dh(r, i) * h[r][i]) / n;
      return (dh(r, c) - mean - h[r][c] * along) * inverse[r] + residual(r, c);
    }),
    dscale: table(1, n, (_, c) => sum(rows, (r) => dy(r, c) * h[r][c])),
    dshift: table(1, n, (_, c) => sum(rows, (r) => dy(r, c))),
  };
}

function gatedGrad({ flags: { activation }, sizes: [rows, n], read }: LoopCall): Record<string, Rows> {
  const [gate, x, dy] = [read("gate"), read("x"), read("dy")];
  return {
    dgate: table(rows, n, (r, c) => dy(r, c) * x(r, c) * slope(activation, gate(r, c))),
    dx: table(rows, n, (r, c) => dy(r, c) * activate(activation, gate(r, c))),
  };
}

function rotary({ sizes, scalars: [direction], read }: LoopCall): Record<string, Rows> {
  const [rows, heads, headWidth, pairs, tableRows] = sizes;
  const [x, positions, frequencies] = [read("x"), read("positions"), read("frequencies")];
  const angle = (row: number, pair: number) => {
    const position = positions(0, row);
    const exact = position * frequencies(0, pair);
    // The tables hold float32; only whether they are the right ones is checked.
    if (position >= 0 && position < tableRows) {
      const at = position * pairs + pair;
      if (read("cosines")(0, at) !== Math.fround(Math.cos(exact))) throw new Error(`cosine of ${exact}`);
      if (read("sines")(0, at) !== Math.fround(Math.sin(exact))) throw new Error(`sine of ${exact}`);
    }
    return direction * exact;
  };
  return {
    y: table(rows, heads * headWidth, (row, column) => {
      const within = column % headWidth;
      if (within >= 2 * pairs) return x(row, column);
      if (within < pairs) {
        const a = angle(row, within);
        return x(row, column) * Math.cos(a) - x(row, column + pairs) * Math.sin(a);
      }
      const a = angle(row, within - pairs);
      return x(row, column) * Math.cos(a) + x(row, column - pairs) * Math.sin(a);
    }),
  };
}

/** Scores of query t of a head against the keys that it sees, by key. */
function scoresOf({ sizes, scalars: [scale], read, has }: LoopCall) {
  const [, length, heads, keyValueHeads, width] = sizes;
  const [q, k] = [read("q"), read("k")];
  const first = (head: number) => width * Math.floor((head * keyValueHeads) / heads);
  const scores = (t: number, head: number): ReadonlyMap<number, number> => {
    const seen = new Map<number, number>();
    for (let key = t - (t % length); key <= t; key++)
      if (!has("segments") || read("segments")(0, key) === read("segments")(0, t))
        seen.set(key, scale * sum(width, (c) => q(t, head * width + c) * k(key, first(head) + c)));
    return seen;
  };
  return { scores, first };
}

const logSumExpOf = (scores: ReadonlyMap<number, number>): number => {
  const peak = Math.max(...scores.values());
  return peak + Math.log([...scores.values()].reduce((total, score) => total + Math.exp(score - peak), 0));
};

function attention(call: LoopCall): Record<string, Rows> {
  const [rows, length, heads, , width] = call.sizes;
  const v = call.read("v");
  const { scores, first } = scoresOf(call);
  return {
    out: table(rows * length, heads * width, (t, column) => {
      const head = Math.floor(column / width);
      const seen = scores(t, head);
      const total = logSumExpOf(seen);
      return [...seen].reduce((y, [key, s]) => y + Math.exp(s - total) * v(key, first(head) + (column % width)), 0);
    }),
    logSumExp: table(rows * length, heads, (t, head) => logSumExpOf(scores(t, head))),
  };
}

function attentionGrad(call: LoopCall): Record<string, Rows> {
  const { sizes, scalars, read, has } = call;
  const [rows, length, heads, keyValueHeads, width] = sizes;
  const [q, k, v, out, dout] = ["q", "k", "v", "out", "dout"].map(read);
  const { scores, first } = scoresOf(call);
  const zeros = (columns: number) => table(rows * length, columns, () => 0);
  const [dq, dk, dv] = [zeros(heads * width), zeros(keyValueHeads * width), zeros(keyValueHeads * width)];
  for (let t = 0; t < rows * length; t++)
    for (let head = 0; head < heads; head++) {
      const seen = scores(t, head);
      const total = has("logSumExp") ? read("logSumExp")(t, head) : logSumExpOf(seen);
      const [own, shared] = [head * width, first(head)];
      const mean = sum(width, (c) => dout(t, own + c) * out(t, own + c));
      for (const [key, score] of seen) {
        const p = Math.exp(score - total);
        const ds = p * (sum(width, (c) => dout(t, own + c) * v(key, shared + c)) - mean) * scalars[0];
        for (let c = 0; c < width; c++) {
          dq[t][own + c] += ds * k(key, shared + c);
          dk[key][shared + c] += ds * q(t, own + c);
          dv[key][shared + c] += p * dout(t, own + c);
        }
      }
    }
  return { dq, dk, dv };
}

const elementwise =
  (output: string, element: (call: LoopCall) => Element): Loop =>
  (call) => ({ [output]: table(call.sizes[0], call.sizes[1], element(call)) });

export const kernelLoops: { readonly [K in KernelName]: Loop } = {
  matrixProduct,
  crossEntropy,
  norm(call) {
    const [scale, shift] = [call.read("scale"), optional(call, "shift")];
    const { h } = normalized(call);
    return { y: table(call.sizes[0], call.sizes[1], (r, c) => h[r][c] * scale(0, c) + shift(0, c)) };
  },
  normGrad,
  activation: elementwise(
    "y",
    ({ flags, read }) =>
      (r, c) =>
        activate(flags.activation, read("x")(r, c)),
  ),
  activationGrad: elementwise(
    "dx",
    ({ flags, read }) =>
      (r, c) =>
        read("dy")(r, c) * slope(flags.activation, read("x")(r, c)),
  ),
  gated: elementwise(
    "y",
    ({ flags, read }) =>
      (r, c) =>
        activate(flags.activation, read("gate")(r, c)) * read("x")(r, c),
  ),
  gatedGrad,
  rotary,
  attention,
  attentionGrad,
  gatherRows({ sizes: [rows, n, count], read }) {
    const row = (r: number) => read("rows")(0, r);
    return { y: table(rows, n, (r, c) => (row(r) < count ? read("table")(row(r), c) : Number.NaN)) };
  },
  scatterAddRows(call) {
    const [rows, n, count] = call.sizes;
    const [base, y, named] = [optional(call, "base"), call.read("y"), call.read("rows")];
    return { out: table(count, n, (r, c) => base(r, c) + sum(rows, (t) => (named(0, t) === r ? y(t, c) : 0))) };
  },
  columnSum: ({ sizes: [rows, n], read }) => ({ out: table(1, n, (_, c) => sum(rows, (r) => read("x")(r, c))) }),
  copy: elementwise("y", ({ read }) => read("x")),
  add: elementwise(
    "out",
    ({ read }) =>
      (r, c) =>
        read("x")(r, c) + read("y")(r, c),
  ),
  multiply: elementwise(
    "out",
    ({ read }) =>
      (r, c) =>
        read("x")(r, c) * read("y")(r, c),
  ),
  scale: elementwise(
    "out",
    ({ read, scalars }) =>
      (r, c) =>
        scalars[0] * read("x")(r, c),
  ),
  fill: elementwise(
    "out",
    ({ scalars }) =>
      () =>
        scalars[0],
  ),
};
