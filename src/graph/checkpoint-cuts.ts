/** @file Where a forward pass can be cut, so that computing it again piece by piece in the backward pass takes little memory. Knows no model. */
import { gradientName } from "./differentiate.js";
import { elementCount, type Graph, type Value } from "./graph.js";

/** Number of forward nodes: the loss's gradient is the first backward primitive. 0 where there is no backward pass. */
export function forwardCount({ nodes }: Graph): number {
  return Math.max(
    nodes.findIndex(({ primitive }) => primitive.endsWith("Grad")),
    0,
  );
}

/** Ids of the forward values that a trained input is behind. What a frozen prefix makes is not among them: it would be long to make again. */
export function trainedValues(graph: Graph): Set<number> {
  const names = [...graph.inputs].filter(([name]) => graph.outputs.has(gradientName(name)));
  const ids = new Set(names.map(([, { id }]) => id));
  for (const { inputs, outputs } of graph.nodes.slice(0, forwardCount(graph)))
    if (inputs.some(({ id }) => ids.has(id))) for (const { id } of outputs) ids.add(id);
  return ids;
}

/** Bytes at each gap between forward nodes: gap g lies before node g. */
interface Pressure {
  /** Of the values made before the gap that the backward pass reads and that could be made again. */
  readonly kept: readonly number[];
  /** Of the values that pass the gap within the forward pass. */
  readonly passing: readonly number[];
}

const bytesOf = ({ shape }: Value): number => 4 * elementCount(shape);

function pressureOf(graph: Graph): Pressure {
  const count = forwardCount(graph);
  const trained = trainedValues(graph);
  const outputs = new Set([...graph.outputs.values()].map(({ id }) => id));
  const lastForwardReader = new Map<number, number>();
  const readBackward = new Set<number>();
  graph.nodes.forEach(({ inputs }, index) => {
    for (const { id } of inputs) {
      if (index < count) lastForwardReader.set(id, index);
      else readBackward.add(id);
    }
  });
  const kept = [0];
  const passing = new Array<number>(count + 1).fill(0);
  graph.nodes.slice(0, count).forEach((node, index) => {
    // The caller keeps outputs in any case.
    const own = node.outputs.filter(({ id }) => !outputs.has(id));
    const remade = own.filter(({ id }) => trained.has(id) && readBackward.has(id));
    kept.push(kept[index] + remade.reduce((sum, value) => sum + bytesOf(value), 0));
    for (const value of own)
      for (let gap = index + 1; gap <= (lastForwardReader.get(value.id) ?? -1); gap++) passing[gap] += bytesOf(value);
  });
  return { kept, passing };
}

/**
 * The cuts that need the fewest bytes for what passes them, where the values between two cuts and all that passes the cuts up to there
 * stay within a limit. @returns gaps in ascending order, or null where there are none.
 */
function cutsWithin(limitBytes: number, { kept, passing }: Pressure): number[] | null {
  const count = passing.length - 1;
  const least = new Array<number>(count + 1).fill(Number.POSITIVE_INFINITY);
  const previous = new Array<number>(count + 1).fill(0);
  least[0] = 0;
  for (let end = 1; end <= count; end++)
    for (let begin = 0; begin < end; begin++) {
      const between = kept[end] - kept[begin];
      if (least[begin] + between > limitBytes) continue;
      const bytes = least[begin] + (end < count ? passing[end] : 0);
      if (bytes >= least[end]) continue;
      least[end] = bytes;
      previous[end] = begin;
    }
  if (least[count] === Number.POSITIVE_INFINITY) return null;
  const cuts: number[] = [];
  for (let gap = previous[count]; gap > 0; gap = previous[gap]) cuts.unshift(gap);
  return cuts;
}

/** Bisections of the limit: to a thousandth of what the whole pass keeps. */
const bisections = 10;

/**
 * Cuts that take the least memory once everything before the last is computed again. While the pass between two cuts is computed again,
 * what passes later cuts is no longer needed, so that early pieces may be longer than late ones. (Chen et al. 2016 cut evenly.)
 * @returns numbers of the forward nodes before which a piece begins, ascending; none where there is no backward pass.
 */
export function checkpointCuts(graph: Graph): readonly number[] {
  const pressure = pressureOf(graph);
  let best: readonly number[] = [];
  let [low, high] = [0, pressure.kept.at(-1)!];
  for (let round = 0; round < bisections; round++) {
    const limit = (low + high) / 2;
    const cuts = cutsWithin(limit, pressure);
    if (cuts) [best, high] = [cuts, limit];
    else low = limit;
  }
  return best;
}
