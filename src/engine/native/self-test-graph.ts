/** @file Two small blocks with a loss and all its gradients: what models are made of, at sizes that no kernel is cut for. Runs nothing. */
import { differentiate } from "../../graph/differentiate.js";
import type { Graph, Value } from "../../graph/graph.js";
import { GraphBuilder } from "../../graph/graph-builder.js";
import type { WeightLayout } from "../../graph/primitive.js";

const [rows, length] = [2, 19];
const positions = rows * length;
const [heads, keyValueHeads, headWidth] = [6, 2, 6];
const width = heads * headWidth;
const [hidden, vocabulary, scored] = [70, 67, 21];
const epsilon = 1e-5;
const scale = headWidth ** -0.5;

/** Inputs drawn by whoever runs it, of type int below `below`. */
export interface SelfTestGraph {
  readonly graph: Graph;
  readonly below: ReadonlyMap<string, number>;
}

class Blocks {
  readonly builder = new GraphBuilder();
  readonly trained: string[] = [];

  weight(name: string, shape: readonly number[]): Value {
    this.trained.push(name);
    return this.builder.input(name, shape);
  }

  linear(x: Value, name: string, outputs: number, layout: WeightLayout, bias: boolean): Value {
    const shape = layout === "inputOutput" ? [x.shape[1], outputs] : [outputs, x.shape[1]];
    const weight = this.weight(name, shape);
    return this.builder.linear(x, weight, bias ? this.weight(`${name} bias`, [outputs]) : null, layout);
  }

  /** As in GPT-2, with the exact gelu beside its approximation. */
  centred(x: Value, segments: Value): Value {
    const { builder } = this;
    const normalized = builder.layerNorm(x, this.weight("scale 1", [width]), this.weight("shift 1", [width]), epsilon);
    const joined = this.linear(normalized, "query, key, value", 3 * width, "inputOutput", true);
    const [q, k, v] = builder.splitColumns(joined, [width, width, width]);
    const attended = builder.causalAttention(q, k, v, segments, { rows, length, heads, keyValueHeads: heads, scale });
    const after = builder.add(x, this.linear(attended, "attention output", width, "inputOutput", true));
    const up = this.linear(after, "up 1", hidden, "inputOutput", true);
    const activated = builder.add(builder.gelu(up, "tanh"), builder.scale(builder.gelu(up, "none"), 0.5));
    return builder.add(after, this.linear(activated, "down 1", width, "inputOutput", true));
  }

  /** As in Llama. */
  gated(x: Value, places: Value): Value {
    const { builder } = this;
    const normalized = builder.rmsNorm(x, this.weight("scale 2", [width]), epsilon);
    const rotated = (name: string, count: number) => {
      const projected = this.linear(normalized, name, count * headWidth, "outputInput", false);
      return builder.rotary(projected, places, { heads: count, headWidth, frequencies: [1, 0.3, 0.01] });
    };
    const [q, k] = [rotated("query", heads), rotated("key", keyValueHeads)];
    const v = this.linear(normalized, "value", keyValueHeads * headWidth, "outputInput", false);
    const attended = builder.causalAttention(q, k, v, null, { rows, length, heads, keyValueHeads, scale });
    const after = builder.add(x, this.linear(attended, "output", width, "outputInput", false));
    const gate = builder.silu(this.linear(after, "gate", hidden, "outputInput", false));
    const gated = builder.multiply(gate, this.linear(after, "up 2", hidden, "outputInput", false));
    return builder.add(after, this.linear(gated, "down 2", width, "outputInput", false));
  }
}

export function selfTestGraph(): SelfTestGraph {
  const blocks = new Blocks();
  const { builder, trained } = blocks;
  const table = blocks.weight("table", [vocabulary, width]);
  const embedded = builder.gatherRows(table, builder.input("tokens", [positions], "int"));
  const first = blocks.centred(embedded, builder.input("segments", [positions], "int"));
  const last = blocks.gated(first, builder.input("places", [positions], "int"));
  const [loss, tokenLosses] = builder.linearCrossEntropy(
    builder.gatherRows(last, builder.input("slots", [scored], "int")),
    table,
    builder.input("targets", [scored], "int"),
    builder.input("weights", [scored]),
    "outputInput",
  );
  for (const [name, value] of Object.entries({ loss, tokenLosses, last })) builder.output(name, value);
  return {
    graph: differentiate(builder.build(), "loss", trained),
    below: new Map([
      ["tokens", vocabulary],
      ["segments", 2],
      ["places", 3 * length],
      ["slots", positions],
      ["targets", vocabulary],
    ]),
  };
}
