/** @file Every primitive with the cases it is checked in: a primitive without an entry does not compile. */
import type { AttentionAttributes, Primitive } from "../src/graph/primitive.js";
import type { CaseInput, PrimitiveCase } from "./primitive-graph.js";

type Entry<P extends Primitive> = readonly PrimitiveCase<P>[] | { readonly withoutDerivative: string };

const float = (...shape: number[]): CaseInput => ({ float: shape });
const int = (...values: number[]): CaseInput => ({ int: values });

const layouts = ["inputOutput", "outputInput"] as const;

function linearCases(): PrimitiveCase<"linear">[] {
  // Wide and narrow: the weight's gradient transposes whichever operand is the narrower.
  const sizes = [
    { rows: 1, fanIn: 1, fanOut: 1 },
    { rows: 7, fanIn: 5, fanOut: 3 },
    { rows: 13, fanIn: 3, fanOut: 11 },
  ];
  return layouts.flatMap((layout) =>
    sizes.flatMap(({ rows, fanIn, fanOut }) =>
      [false, true].map((biased) => ({
        label: `${layout} ${rows}x${fanIn}x${fanOut}${biased ? " with bias" : ""}`,
        attributes: { layout },
        inputs: [
          float(rows, fanIn),
          layout === "inputOutput" ? float(fanIn, fanOut) : float(fanOut, fanIn),
          ...(biased ? [float(fanOut)] : []),
        ],
      })),
    ),
  );
}

export function attentionCase(
  attributes: Omit<AttentionAttributes, "scale">,
  headWidth: number,
  segments: readonly number[] | null = null,
): PrimitiveCase<"causalAttention"> {
  const { rows, length, heads, keyValueHeads } = attributes;
  const positions = rows * length;
  const keys = float(positions, keyValueHeads * headWidth);
  return {
    label: `${rows}x${length}, ${heads} heads of ${headWidth} on ${keyValueHeads}${segments ? ", segments" : ""}`,
    attributes: { ...attributes, scale: 1 / Math.sqrt(headWidth) },
    inputs: [float(positions, heads * headWidth), keys, keys, ...(segments ? [int(...segments)] : [])],
  };
}

const widths = [
  [5, 7],
  [1, 13],
  [3, 1],
] as const;

export const primitiveCases: { readonly [P in Primitive]: Entry<P> } = {
  linear: linearCases(),
  linearInputGrad: { withoutDerivative: "backward of linear" },
  linearWeightGrad: { withoutDerivative: "backward of linear" },
  columnSum: { withoutDerivative: "backward of linear's bias" },
  gatherRows: [
    { label: "a table of one number", attributes: {}, inputs: [float(1, 1), int(0)] },
    { label: "rows named several times or never", attributes: {}, inputs: [float(5, 3), int(4, 0, 4, 4, 2, 0, 4)] },
  ],
  scatterAddRows: [
    { label: "one number", attributes: { count: 1 }, inputs: [int(0), float(1, 1)] },
    { label: "several into one", attributes: { count: 5 }, inputs: [int(4, 0, 4, 4, 2, 0, 4), float(7, 3)] },
  ],
  layerNorm: widths.map(([rows, width]) => ({
    label: `${rows}x${width}`,
    attributes: { epsilon: 1e-5 },
    inputs: [float(rows, width), float(width), float(width)],
  })),
  layerNormGrad: { withoutDerivative: "backward of layerNorm" },
  rmsNorm: widths.map(([rows, width]) => ({
    label: `${rows}x${width}`,
    // At width 1 the gradient is proportional to epsilon: a small one would drown in rounding.
    attributes: { epsilon: width === 1 ? 0.3 : 1e-6 },
    inputs: [float(rows, width), float(width)],
  })),
  rmsNormGrad: { withoutDerivative: "backward of rmsNorm" },
  gelu: (["tanh", "none"] as const).map((approximation) => ({
    label: approximation,
    attributes: { approximation },
    inputs: [float(7, 11)],
  })),
  geluGrad: { withoutDerivative: "backward of gelu" },
  silu: [{ label: "7x11", attributes: {}, inputs: [float(7, 11)] }],
  siluGrad: { withoutDerivative: "backward of silu" },
  rotary: [
    {
      label: "whole heads",
      attributes: { heads: 1, headWidth: 2, frequencies: [1], inverse: false },
      inputs: [float(1, 2), int(3)],
    },
    {
      label: "a part of each head",
      attributes: { heads: 3, headWidth: 7, frequencies: [1, 0.1, 0.01], inverse: false },
      inputs: [float(5, 21), int(0, 1, 2, 0, 117)],
    },
    {
      label: "backwards",
      attributes: { heads: 2, headWidth: 4, frequencies: [1, 0.5], inverse: true },
      inputs: [float(3, 8), int(2, 5, 1)],
    },
  ],
  causalAttention: [
    attentionCase({ rows: 1, length: 1, heads: 1, keyValueHeads: 1 }, 1),
    attentionCase({ rows: 2, length: 5, heads: 3, keyValueHeads: 3 }, 2),
    attentionCase({ rows: 3, length: 5, heads: 4, keyValueHeads: 2 }, 3),
    attentionCase({ rows: 1, length: 7, heads: 3, keyValueHeads: 1 }, 2),
    attentionCase({ rows: 2, length: 5, heads: 4, keyValueHeads: 2 }, 1, [0, 0, 1, 1, 1, 7, 7, 7, 7, 2]),
  ],
  causalAttentionGrad: { withoutDerivative: "backward of causalAttention" },
  splitColumns: [{ label: "three parts", attributes: { sizes: [1, 5, 2] }, inputs: [float(3, 8)] }],
  concatColumns: [
    { label: "one part", attributes: {}, inputs: [float(3, 2)] },
    { label: "three parts", attributes: {}, inputs: [float(3, 1), float(3, 5), float(3, 2)] },
  ],
  reshape: [
    { label: "heads as rows", attributes: { rows: 6, columns: 4 }, inputs: [float(3, 8)] },
    { label: "rows together", attributes: { rows: 1, columns: 15 }, inputs: [float(5, 3)] },
  ],
  add: [
    { label: "matrices", attributes: {}, inputs: [float(3, 5), float(3, 5)] },
    { label: "scalars", attributes: {}, inputs: [float(), float()] },
  ],
  multiply: [
    { label: "matrices", attributes: {}, inputs: [float(3, 5), float(3, 5)] },
    { label: "scalars", attributes: {}, inputs: [float(), float()] },
  ],
  scale: [{ label: "by -0.3", attributes: { factor: -0.3 }, inputs: [float(3, 5)] }],
  fill: { withoutDerivative: "no input" },
  linearCrossEntropy: layouts.flatMap((layout) => [
    {
      label: `${layout}, one class`,
      attributes: { layout },
      inputs: [float(1, 1), float(1, 1), int(0), float(1)],
      differentiated: [0],
      data: [3],
    },
    {
      label: `${layout}, equal targets`,
      attributes: { layout },
      inputs: [
        float(7, 3),
        layout === "inputOutput" ? float(3, 11) : float(11, 3),
        int(10, 0, 10, 4, 10, 4, 7),
        float(7),
      ],
      differentiated: [0],
      data: [3],
    },
  ]),
  linearCrossEntropyGrad: { withoutDerivative: "backward of linearCrossEntropy" },
};

/** Every case with its primitive. */
export function eachPrimitiveCase(): { primitive: Primitive; primitiveCase: PrimitiveCase }[] {
  return (Object.keys(primitiveCases) as Primitive[]).flatMap((primitive) => {
    const entry: Entry<Primitive> = primitiveCases[primitive];
    return "withoutDerivative" in entry ? [] : entry.map((primitiveCase) => ({ primitive, primitiveCase }));
  });
}
