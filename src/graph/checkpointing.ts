/** @file Computes parts of a forward pass again in the backward pass, instead of keeping their values (Chen et al. 2016). Knows no model. */
import { checkpointCuts, forwardCount, trainedValues } from "./checkpoint-cuts.js";
import { removeDeadCode } from "./dead-code.js";
import type { Graph, Node, Value } from "./graph.js";

/** How many segments of a differentiated graph can be computed again; 0 where it has no backward pass. */
export function checkpointSegments(graph: Graph): number {
  return checkpointCuts(graph).length;
}

/** Which forward values are made again, and by what. */
class Segments {
  private readonly makers = new Map<number, number>();
  private readonly kept = new Set<number>();
  private readonly trained: ReadonlySet<number>;

  /** @param cuts each ends a segment. */
  constructor(
    private readonly graph: Graph,
    private readonly cuts: readonly number[],
  ) {
    this.trained = trainedValues(graph);
    for (const { id } of graph.outputs.values()) this.kept.add(id);
    graph.nodes.slice(0, forwardCount(graph)).forEach(({ inputs, outputs }, index) => {
      for (const { id } of outputs) this.makers.set(id, index);
      for (const { id } of inputs)
        if (this.makers.has(id) && this.at(this.makers.get(id)!) !== this.at(index)) this.kept.add(id);
    });
  }

  /** The segment of a forward node; `cuts.length` after the last. */
  private at(index: number): number {
    return this.cuts.filter((cut) => cut <= index).length;
  }

  /** The segment that makes a value again, or null where the value is kept. */
  of({ id }: Value): number | null {
    const maker = this.makers.get(id);
    if (maker === undefined || this.kept.has(id) || !this.trained.has(id)) return null;
    const segment = this.at(maker);
    return segment < this.cuts.length ? segment : null;
  }

  /** The forward nodes of a segment that have to run again, in order: what others read of its inside, and what is behind that. */
  nodesFor(segment: number, readers: readonly Node[]): Node[] {
    const needed = new Set<number>();
    const visit = (value: Value) => {
      if (this.of(value) !== segment) return;
      const maker = this.makers.get(value.id)!;
      if (needed.has(maker)) return;
      needed.add(maker);
      this.graph.nodes[maker].inputs.forEach(visit);
    };
    for (const { inputs } of readers) inputs.forEach(visit);
    return [...needed].sort((a, b) => a - b).map((index) => this.graph.nodes[index]);
  }
}

/**
 * The same graph, of whose first segments only what passes from one to the next is kept. What the backward pass reads of their inside is
 * made again just before it is needed, by the same primitives from the same values, so that results are the same to the bit.
 * The last segment, with the loss, is never among them. @param segments 0 to `checkpointSegments`
 */
export function checkpointed(graph: Graph, segments: number): Graph {
  const cuts = checkpointCuts(graph).slice(0, segments);
  if (cuts.length === 0) return graph;
  const inside = new Segments(graph, cuts);
  const backward = graph.nodes.slice(forwardCount(graph));
  const values = [...graph.inputs.values(), ...graph.nodes.flatMap(({ outputs }) => outputs)];
  let nextId = values.reduce((next, { id }) => Math.max(next, id + 1), 0);
  const remade = new Map<number, Value>();
  const renamed = (node: Node): Node => ({
    ...node,
    inputs: node.inputs.map((value) => remade.get(value.id) ?? value),
  });
  const again = (node: Node): Node => {
    const outputs = node.outputs.map((value) => ({ ...value, id: nextId++ }));
    const clone = { ...renamed(node), outputs };
    node.outputs.forEach(({ id }, index) => {
      remade.set(id, outputs[index]);
    });
    return clone;
  };
  const places = cuts.map((_, segment) => placeOf(segment, backward, inside));
  const nodes = graph.nodes.slice(0, forwardCount(graph));
  backward.forEach((node, index) => {
    places.forEach((place, segment) => {
      if (place === index) nodes.push(...inside.nodesFor(segment, backward).map(again));
    });
    nodes.push(renamed(node));
  });
  return removeDeadCode({ ...graph, nodes });
}

/**
 * Before which backward node a segment is made again: the first that reads of its inside, or what makes a value right before that is read
 * together with it, since the two can then be one kernel.
 */
function placeOf(segment: number, backward: readonly Node[], inside: Segments): number {
  const readers = backward.filter(({ inputs }) => inputs.some((value) => inside.of(value) === segment));
  const together = new Set(readers.flatMap(({ inputs }) => inputs));
  let place = backward.indexOf(readers[0]);
  while (place > 0 && backward[place - 1].outputs.some((value) => together.has(value))) place--;
  return place;
}
