import { describe, expect, it } from "vitest";
import { ShapeError } from "../foundation/errors.js";
import type { Graph, Node, Value } from "./graph.js";
import { GraphBuilder } from "./graph-builder.js";
import { verify } from "./verify.js";

const value = (id: number, ...shape: number[]): Value => ({ id, shape, type: "float" });
const add = (inputs: readonly Value[], ...outputs: Value[]): Node => ({
  primitive: "add",
  attributes: {},
  inputs,
  outputs,
});

/** y = (x + x) + x, well formed; each test breaks it in one way. */
function sound() {
  const [x, twice, y] = [value(0, 2, 3), value(1, 2, 3), value(2, 2, 3)];
  const nodes = [add([x, x], twice), add([twice, x], y)];
  const graph: Graph = { inputs: new Map([["x", x]]), nodes, outputs: new Map([["y", y]]) };
  return { x, twice, y, nodes, graph };
}

describe("verify", () => {
  it("gives back a well-formed graph", () => {
    const { graph } = sound();
    expect(verify(graph)).toBe(graph);
  });

  it("refuses an output of another shape than the primitive's rule gives", () => {
    const { x, graph } = sound();
    const wrong = value(1, 3, 2);
    const broken = { ...graph, nodes: [add([x, x], wrong)], outputs: new Map([["y", wrong]]) };
    expect(() => verify(broken)).toThrow("node 0 (add): output 0 is [3, 2], its rule gives [2, 3].");
  });

  it("refuses an output of another type", () => {
    const { x, graph } = sound();
    const wrong: Value = { ...value(1, 2, 3), type: "int" };
    expect(() => verify({ ...graph, nodes: [add([x, x], wrong)], outputs: new Map([["y", wrong]]) })).toThrow(
      ShapeError,
    );
  });

  it("refuses inputs that the primitive does not take", () => {
    const { x, twice, graph } = sound();
    expect(() => verify({ ...graph, nodes: [add([x], twice)], outputs: new Map([["y", twice]]) })).toThrow(
      "add: expects 2 inputs, got 1",
    );
  });

  it("refuses another number of outputs than the rule gives", () => {
    const { x, twice, y, graph } = sound();
    expect(() => verify({ ...graph, nodes: [add([x, x], twice, y)] })).toThrow("has 2 outputs, its rule gives 1");
  });

  it("refuses a value that is defined twice", () => {
    const { x, twice, y, graph } = sound();
    const nodes = [add([x, x], twice), add([x, x], twice), add([twice, x], y)];
    expect(() => verify({ ...graph, nodes })).toThrow("node 1 (add): value %1 is defined twice.");
  });

  it("refuses a second value with the number of an input", () => {
    const { x, graph } = sound();
    const inputs = new Map([
      ["x", x],
      ["other", value(0, 1)],
    ]);
    expect(() => verify({ ...graph, inputs })).toThrow("input 'other': value %0 is defined twice.");
  });

  it("refuses a use before the definition", () => {
    const { nodes, graph } = sound();
    expect(() => verify({ ...graph, nodes: [...nodes].reverse() })).toThrow("value %1 is used but not defined before");
  });

  it("refuses an equal copy in place of the value that was defined", () => {
    const { x, y, nodes, graph } = sound();
    expect(() => verify({ ...graph, nodes: [nodes[0], add([value(1, 2, 3), x], y)] })).toThrow(ShapeError);
  });

  it("refuses a dangling output", () => {
    const { graph } = sound();
    expect(() => verify({ ...graph, outputs: new Map([["z", value(9, 2, 3)]]) })).toThrow(
      "output 'z': value %9 is used but not defined before.",
    );
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses the size %d", (size) => {
    const x = value(0, size);
    expect(() => verify({ inputs: new Map([["x", x]]), nodes: [], outputs: new Map([["x", x]]) })).toThrow(ShapeError);
  });
});

describe("GraphBuilder", () => {
  it("refuses a name twice", () => {
    const builder = new GraphBuilder();
    const x = builder.input("x", [1]);
    builder.output("y", x);
    expect(() => builder.input("x", [1])).toThrow("The graph has an input 'x' already.");
    expect(() => builder.output("y", x)).toThrow("The graph has an output 'y' already.");
  });

  it("continues a graph without reusing the numbers of its values", () => {
    const { graph } = sound();
    const builder = GraphBuilder.from(graph);
    builder.output("z", builder.add(graph.outputs.get("y")!, graph.inputs.get("x")!));
    const continued = verify(builder.build());
    expect(continued.nodes).toHaveLength(3);
    expect(graph.nodes).toHaveLength(2);
    expect(continued.outputs.get("z")!.id).toBe(3);
  });
});
