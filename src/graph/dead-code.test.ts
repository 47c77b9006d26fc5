import { describe, expect, it } from "vitest";
import { removeDeadCode, selectOutputs } from "./dead-code.js";
import { GraphBuilder } from "./graph-builder.js";

/** a -> b -> c, and a -> d; outputs `c` and `d`. A chain of two nodes hangs off b and leads nowhere. */
function graph() {
  const builder = new GraphBuilder();
  const x = builder.input("x", [2, 2]);
  builder.input("unused", [1]);
  const a = builder.scale(x, 1);
  const b = builder.silu(a);
  builder.gelu(builder.multiply(b, b), "tanh");
  builder.output("c", builder.add(b, x));
  builder.output("d", builder.splitColumns(a, [1, 1])[1]);
  return builder.build();
}

const primitives = ({ nodes }: ReturnType<typeof graph>) => nodes.map(({ primitive }) => primitive);

describe("dead code", () => {
  it("is removed, the rest keeps its order, the inputs stay", () => {
    const before = graph();
    const after = removeDeadCode(before);
    expect(primitives(before)).toEqual(["scale", "silu", "multiply", "gelu", "add", "splitColumns"]);
    expect(primitives(after)).toEqual(["scale", "silu", "add", "splitColumns"]);
    expect(after.inputs).toEqual(before.inputs);
    expect(after.outputs).toEqual(before.outputs);
    expect(removeDeadCode(after)).toEqual(after);
  });

  it("is what the chosen outputs do not need", () => {
    const chosen = selectOutputs(graph(), ["d"]);
    expect(primitives(chosen)).toEqual(["scale", "splitColumns"]);
    expect([...chosen.outputs.keys()]).toEqual(["d"]);
    expect([...chosen.inputs.keys()]).toEqual(["x", "unused"]);
  });
});
