/** @file Causal attention as ONNX operators, forward and backward, in blocks of queries that skip the masked half. */
import type { AttentionAttributes } from "../../graph/primitive.js";
import type { Lowering } from "./lowering-rule.js";
import type { OnnxGraph, OnnxValue } from "./onnx-graph.js";

type AttentionLowering = Lowering<"causalAttention" | "causalAttentionGrad">;

/** Large enough to vanish in a float32 softmax, small enough to stay finite when added. */
const masked = -1e30;

/** Queries per block: later keys are never multiplied. Below 256 positions the saved half costs more in slices than it saves. */
function blockBounds(length: number): { begin: number; end: number }[] {
  const blocks = length >= 512 ? 4 : length >= 256 ? 2 : 1;
  const size = Math.ceil(length / blocks);
  return Array.from({ length: blocks }, (_, i) => ({ begin: i * size, end: Math.min(length, (i + 1) * size) }));
}

/** [rows * length, heads * w] -> [rows, heads, length, w] */
function splitHeads(onnx: OnnxGraph, x: OnnxValue, { rows, length }: AttentionAttributes, heads: number): OnnxValue {
  return onnx.transpose(onnx.reshape(x, [rows, length, heads, x.shape[1] / heads]), [0, 2, 1, 3]);
}

function mergeHeads(onnx: OnnxGraph, x: OnnxValue): OnnxValue {
  const [rows, heads, length, width] = x.shape;
  return onnx.reshape(onnx.transpose(x, [0, 2, 1, 3]), [rows * length, heads * width]);
}

/** Each key-value head once for every query head that it serves. */
function repeatHeads(onnx: OnnxGraph, x: OnnxValue, heads: number): OnnxValue {
  const [rows, keyValueHeads, length, width] = x.shape;
  if (keyValueHeads === heads) return x;
  const shape = [rows, keyValueHeads, heads / keyValueHeads, length, width];
  const grouped = onnx.reshape(x, [rows, keyValueHeads, 1, length, width]);
  const repeated = onnx.op("Expand", [grouped, onnx.constant(shape, [5], "int64")], shape);
  return onnx.reshape(repeated, [rows, heads, length, width]);
}

/** The transpose of `repeatHeads`: sums what the query heads of a group give. */
function sumHeads(onnx: OnnxGraph, x: OnnxValue, keyValueHeads: number): OnnxValue {
  const [rows, heads, length, width] = x.shape;
  if (keyValueHeads === heads) return x;
  const grouped = onnx.reshape(x, [rows, keyValueHeads, heads / keyValueHeads, length, width]);
  return onnx.reshape(onnx.reduce("ReduceSum", grouped, 2), [rows, keyValueHeads, length, width]);
}

/** Names an intermediate result, apart from that of attention with other attributes on the same values. */
const named = (what: string, { rows, length, heads, keyValueHeads, scale }: AttentionAttributes): string =>
  `${what} of ${rows}x${length}, ${heads} heads on ${keyValueHeads}, scale ${scale}`;

/** The position among a node's inputs that segments have, if there are any. */
const segmentInput = ({ node }: AttentionLowering): number => (node.primitive === "causalAttention" ? 3 : 5);

/** 0 where query begin..end may look at key 0..end, `masked` elsewhere. */
function mask(lowering: AttentionLowering, begin: number, end: number): OnnxValue {
  const { onnx, node } = lowering;
  const { rows, length } = node.attributes;
  const queries = end - begin;
  const causal = () =>
    onnx.constant(
      Float32Array.from({ length: queries * end }, (_, i) => (i % end > begin + Math.floor(i / end) ? masked : 0)),
      [queries, end],
    );
  const segments = lowering.inputs[segmentInput(lowering)];
  const source = node.inputs.slice(segmentInput(lowering));
  return lowering.shared(`mask ${rows} ${length} ${begin}`, source, () => {
    if (!segments) return causal();
    const perRow = onnx.reshape(segments, [rows, 1, length, 1]);
    const query = onnx.slice(perRow, 2, begin, end);
    const key = onnx.reshape(onnx.slice(perRow, 2, 0, end), [rows, 1, 1, end]);
    const same = onnx.op("Equal", [query, key], [rows, 1, queries, end], {}, "bool");
    return onnx.op("Where", [same, causal(), onnx.scalar(masked)], [rows, 1, queries, end], {}, "float");
  });
}

function heads(lowering: AttentionLowering) {
  const { onnx, node, inputs, shared } = lowering;
  const { attributes } = node;
  const split = (index: number, count: number) =>
    shared(named(`heads ${count}`, attributes), [node.inputs[index]], () =>
      repeatHeads(onnx, splitHeads(onnx, inputs[index], attributes, count), attributes.heads),
    );
  return {
    q: split(0, attributes.heads),
    k: split(1, attributes.keyValueHeads),
    v: split(2, attributes.keyValueHeads),
  };
}

function probabilities(lowering: AttentionLowering, begin: number, end: number): OnnxValue {
  const { onnx, node, shared } = lowering;
  const { q, k } = heads(lowering);
  const of = [...node.inputs.slice(0, 2), ...node.inputs.slice(segmentInput(lowering))];
  return shared(named(`attention ${begin}`, node.attributes), of, () => {
    const scores = onnx.matmul(onnx.slice(q, 2, begin, end), onnx.slice(k, 2, 0, end), {
      transB: true,
      alpha: node.attributes.scale,
    });
    const allowed = onnx.binary("Add", scores, mask(lowering, begin, end));
    return onnx.op("Softmax", [allowed], allowed.shape, { axis: -1 });
  });
}

export function lowerAttention(lowering: Lowering<"causalAttention">): OnnxValue {
  const { onnx, node } = lowering;
  const { v } = heads(lowering);
  const blocks = blockBounds(node.attributes.length).map(({ begin, end }) =>
    onnx.matmul(probabilities(lowering, begin, end), onnx.slice(v, 2, 0, end)),
  );
  return mergeHeads(onnx, onnx.concat(blocks, 2));
}

/** Sums blocks that cover the keys 0..end, each as far as it reaches. */
function sumPrefixes(
  onnx: OnnxGraph,
  blocks: readonly OnnxValue[],
  bounds: readonly { begin: number; end: number }[],
): OnnxValue {
  const columns = bounds.map(({ begin, end }, column) =>
    blocks
      .slice(column)
      .map((block) => onnx.slice(block, 2, begin, end))
      .reduce((sum, part) => onnx.binary("Add", sum, part)),
  );
  return onnx.concat(columns, 2);
}

/**
 * dS = P (dO V' - row sums of dO O). The row sums enter the product as one more column: [dO, d] [V, -1]' = dO V' - d.
 */
export function lowerAttentionGrad(lowering: Lowering<"causalAttentionGrad">): OnnxValue[] {
  const { onnx, node, inputs } = lowering;
  const { attributes } = node;
  const { scale, keyValueHeads } = attributes;
  const { q, k, v } = heads(lowering);
  const out = splitHeads(onnx, inputs[3], attributes, attributes.heads);
  const dout = splitHeads(onnx, inputs[4], attributes, attributes.heads);
  const rowSums = onnx.reduce("ReduceSum", onnx.binary("Mul", dout, out), 3);
  const [rows, headCount, length] = v.shape;
  const valuesAndOne = onnx.concat([v, onnx.fill([rows, headCount, length, 1], -1)], 3);
  const doutAndSums = onnx.concat([dout, rowSums], 3);
  const bounds = blockBounds(length);
  const parts = bounds.map(({ begin, end }) => {
    const p = probabilities(lowering, begin, end);
    const dp = onnx.matmul(onnx.slice(doutAndSums, 2, begin, end), onnx.slice(valuesAndOne, 2, 0, end), {
      transB: true,
    });
    const ds = onnx.binary("Mul", p, dp);
    return {
      dq: onnx.matmul(ds, onnx.slice(k, 2, 0, end), { alpha: scale }),
      dk: onnx.matmul(ds, onnx.slice(q, 2, begin, end), { transA: true, alpha: scale }),
      dv: onnx.matmul(p, onnx.slice(dout, 2, begin, end), { transA: true }),
    };
  });
  const prefixes = (blocks: OnnxValue[]) =>
    mergeHeads(onnx, sumHeads(onnx, sumPrefixes(onnx, blocks, bounds), keyValueHeads));
  return [
    mergeHeads(
      onnx,
      onnx.concat(
        parts.map(({ dq }) => dq),
        2,
      ),
    ),
    prefixes(parts.map(({ dk }) => dk)),
    prefixes(parts.map(({ dv }) => dv)),
  ];
}
