/** @file The gradient rule of every primitive: the whole theory of derivatives. Knows nothing of the order they are applied in. */
import { ShapeError } from "../foundation/errors.js";
import type { Value } from "./graph.js";
import type { GraphBuilder } from "./graph-builder.js";
import type { Primitive, PrimitiveAttributes } from "./primitive.js";

export interface GradientContext<P extends Primitive> {
  readonly builder: GraphBuilder;
  readonly attributes: PrimitiveAttributes[P];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** d loss / d output, null where the loss does not depend on it. */
  readonly gradients: readonly (Value | null)[];
  /** Whether anything trainable lies behind the input; where not, no node may be spent on it. */
  readonly needed: readonly boolean[];
}

/** Gives d loss / d input for each input, null where it is not needed or does not exist. */
export type GradientRule<P extends Primitive> = (context: GradientContext<P>) => readonly (Value | null)[];

/** A primitive that is not differentiated: backward primitives, and indices. */
const none = "no derivative";

function zeros(builder: GraphBuilder, like: Value): Value {
  return builder.apply("fill", { shape: like.shape, value: 0 }, [])[0];
}

export const gradientRules: { readonly [P in Primitive]: GradientRule<P> | typeof none } = {
  // y = x W + b  =>  dx = dy W', dW = x' dy, db = column sums of dy
  linear({ builder, attributes, inputs: [x, weight], gradients: [dy], needed }) {
    return [
      needed[0] ? builder.apply("linearInputGrad", attributes, [dy!, weight])[0] : null,
      needed[1] ? builder.apply("linearWeightGrad", attributes, [x, dy!])[0] : null,
      needed[2] ? builder.apply("columnSum", {}, [dy!])[0] : null,
    ];
  },
  linearInputGrad: none,
  linearWeightGrad: none,
  columnSum: none,
  // y[t] = table[rows[t]]  =>  dtable[r] = sum of dy[t] over rows[t] = r
  gatherRows({ builder, inputs: [table, rows], gradients: [dy] }) {
    return [builder.apply("scatterAddRows", { count: table.shape[0] }, [rows, dy!])[0], null];
  },
  // y[r] = sum of x[t] over rows[t] = r  =>  dx[t] = dy[rows[t]]
  scatterAddRows({ builder, inputs: [rows], gradients: [dy] }) {
    return [null, builder.gatherRows(dy!, rows)];
  },
  // y = h s + b, h = (x - mean) / std  =>  dh = dy s, dx = (dh - mean dh - h mean(dh h)) / std, ds = sum dy h, db = sum dy
  layerNorm({ builder, attributes, inputs: [x, scale], gradients: [dy] }) {
    return builder.apply("layerNormGrad", attributes, [x, scale, dy!]);
  },
  layerNormGrad: none,
  // y = h s, h = x / rms  =>  dh = dy s, dx = (dh - h mean(dh h)) / rms, ds = sum dy h
  rmsNorm({ builder, attributes, inputs: [x, scale], gradients: [dy] }) {
    return builder.apply("rmsNormGrad", attributes, [x, scale, dy!]);
  },
  rmsNormGrad: none,
  // y = x F(x)  =>  dx = dy (F + x F'), F the normal distribution function or its tanh approximation
  gelu({ builder, attributes, inputs: [x], gradients: [dy] }) {
    return builder.apply("geluGrad", attributes, [x, dy!]);
  },
  geluGrad: none,
  // y = x s(x), s the logistic function  =>  dx = dy s (1 + x (1 - s))
  silu({ builder, inputs: [x], gradients: [dy] }) {
    return builder.apply("siluGrad", {}, [x, dy!]);
  },
  siluGrad: none,
  // y = R x, R a rotation  =>  dx = R' dy
  rotary({ builder, attributes, inputs: [, positions], gradients: [dy] }) {
    return [builder.apply("rotary", { ...attributes, inverse: !attributes.inverse }, [dy!, positions])[0], null];
  },
  // P = softmax(c q k' + mask), y = P v  =>  dv = P' dy, dS = P (dy v' - row sums of dy y), dq = c dS k, dk = c dS' q
  causalAttention({ builder, attributes, inputs: [q, k, v, segments], outputs: [out], gradients: [dout] }) {
    const inputs = [q, k, v, out, dout!];
    return builder.apply("causalAttentionGrad", attributes, segments ? [...inputs, segments] : inputs);
  },
  causalAttentionGrad: none,
  // (y1, y2, ...) = columns of x  =>  dx = (dy1, dy2, ...)
  splitColumns({ builder, outputs, gradients }) {
    const parts = outputs.map((output, index) => gradients[index] ?? zeros(builder, output));
    return builder.apply("concatColumns", {}, parts);
  },
  // y = (x1, x2, ...)  =>  (dx1, dx2, ...) = columns of dy
  concatColumns({ builder, inputs, gradients: [dy] }) {
    return builder.splitColumns(
      dy!,
      inputs.map((input) => input.shape[1]),
    );
  },
  // y = x in another shape  =>  dx = dy in x's shape
  reshape({ builder, inputs: [x], gradients: [dy] }) {
    return [builder.reshape(dy!, x.shape[0], x.shape[1])];
  },
  // y = a + b  =>  da = dy, db = dy
  add({ gradients: [dy] }) {
    return [dy, dy];
  },
  // y = a b  =>  da = dy b, db = dy a
  multiply({ builder, inputs: [a, b], gradients: [dy], needed }) {
    return [needed[0] ? builder.multiply(dy!, b) : null, needed[1] ? builder.multiply(dy!, a) : null];
  },
  // y = c x  =>  dx = c dy
  scale({ builder, attributes, gradients: [dy] }) {
    return [builder.scale(dy!, attributes.factor)];
  },
  fill: none,
  // l = sum w (logsumexp z - z[target]), z = x W  =>  dz = dl w (softmax z - onehot), dx = dz W', dW = x' dz
  linearCrossEntropy({ builder, attributes, inputs, gradients: [dloss, dtokenLosses], needed }) {
    if (!dloss || dtokenLosses)
      throw new ShapeError("linearCrossEntropy: token losses have no derivative, only their weighted sum has.");
    if (needed[3]) throw new ShapeError("linearCrossEntropy: there is no derivative with respect to the weights.");
    return builder.apply("linearCrossEntropyGrad", attributes, [...inputs, dloss]);
  },
  linearCrossEntropyGrad: none,
};
