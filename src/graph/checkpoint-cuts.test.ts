import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyTrainingGraph } from "../../test/random-graph.js";
import { checkpointCuts, forwardCount, trainedValues } from "./checkpoint-cuts.js";
import { differentiate, gradientName } from "./differentiate.js";
import { elementCount, type Graph, type Value } from "./graph.js";
import { GraphBuilder } from "./graph-builder.js";

const bytes = (values: readonly Value[]) => values.reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);

/** The memory that cuts come to, by its definition: while a piece is computed again, its values and what passes the cuts up to it. */
function cost(graph: Graph, cuts: readonly number[]): number {
  const forward = graph.nodes.slice(0, forwardCount(graph));
  const read = (nodes: typeof graph.nodes) => new Set(nodes.flatMap(({ inputs }) => inputs));
  const backward = read(graph.nodes.slice(forward.length));
  const outputs = new Set(graph.outputs.values());
  const trained = trainedValues(graph);
  const made = (begin: number, end: number) =>
    forward.slice(begin, end).flatMap((node) => node.outputs.filter((value) => !outputs.has(value)));
  const passing = cuts.map((cut) => bytes(made(0, cut).filter((value) => read(forward.slice(cut)).has(value))));
  const pieces = [0, ...cuts].map((begin, index) => {
    const kept = made(begin, cuts[index]).filter((value) => backward.has(value) && trained.has(value.id));
    return kept.length === 0 ? Number.POSITIVE_INFINITY : bytes(kept);
  });
  return Math.max(
    ...pieces.map((piece, index) => piece + passing.slice(0, index).reduce((sum, part) => sum + part, 0)),
  );
}

const subsets = (count: number): number[][] =>
  Array.from({ length: 2 ** count }, (_, mask) =>
    Array.from({ length: count }, (_, gap) => gap + 1).filter((gap) => (mask >> (gap - 1)) % 2 === 1),
  );

/** Blocks that widen the stream and narrow it again, with a sum around them. */
function blocks(count: number, trained: (block: number) => boolean = () => true): Graph {
  const builder = new GraphBuilder();
  let x = builder.input("x", [3, 2]);
  const names = ["head"];
  for (let block = 0; block < count; block++) {
    const [up, down] = [`up ${block}`, `down ${block}`];
    if (trained(block)) names.push(up, down);
    const inner = builder.silu(builder.linear(x, builder.input(up, [2, 8]), null, "inputOutput"));
    x = builder.add(x, builder.linear(inner, builder.input(down, [8, 2]), null, "inputOutput"));
  }
  const head = builder.input("head", [5, 2]);
  const targets = builder.input("targets", [3], "int");
  const [loss] = builder.linearCrossEntropy(x, head, targets, builder.input("weights", [3]), "outputInput");
  builder.output("loss", loss);
  return differentiate(builder.build(), "loss", names);
}

describe("the cuts of a forward pass", () => {
  it("lie where the stream is narrow, between blocks of four nodes", () => {
    for (const cut of checkpointCuts(blocks(12))) expect([0, 3]).toContain(cut % 4);
  });

  it("leave early pieces longer than late ones", () => {
    const cuts = [0, ...checkpointCuts(blocks(40))];
    const lengths = cuts.slice(1).map((cut, index) => cut - cuts[index]);
    expect(lengths[0]).toBeGreaterThan(2 * lengths[lengths.length - 1]);
  });

  it("take about as much memory as a whole pass of the square root of its length", () => {
    const [shallow, deep] = [blocks(10), blocks(40)].map((graph) => cost(graph, checkpointCuts(graph)));
    expect(deep / shallow).toBeLessThan(2.2);
    expect(cost(blocks(40), []) / cost(blocks(10), [])).toBeGreaterThan(3.9);
  });

  it("are as good as any, of any graph", () => {
    const small = anyTrainingGraph.filter(({ graph }) => forwardCount(graph) <= 10);
    fc.assert(
      fc.property(small, ({ graph }) => {
        const found = cost(graph, checkpointCuts(graph));
        const whole = cost(graph, []);
        fc.pre(Number.isFinite(whole));
        for (const cuts of subsets(forwardCount(graph) - 1))
          expect(found).toBeLessThanOrEqual(cost(graph, cuts) + whole / 1000);
      }),
    );
  });

  it("leave a frozen prefix in one piece with what follows", () => {
    const graph = blocks(12, (block) => block >= 6);
    expect(Math.min(...checkpointCuts(graph))).toBeGreaterThan(6 * 4);
    const made = graph.nodes.slice(0, 6 * 4).flatMap(({ outputs }) => outputs);
    expect(made.some(({ id }) => trainedValues(graph).has(id))).toBe(false);
  });

  it("are none where there is no backward pass", () => {
    const { nodes, outputs, inputs } = blocks(3);
    const forward = { inputs, nodes: nodes.slice(0, 3 * 4 + 1), outputs: new Map([["loss", outputs.get("loss")!]]) };
    expect(checkpointCuts(forward)).toEqual([]);
    expect(outputs.has(gradientName("up 0"))).toBe(true);
  });
});
