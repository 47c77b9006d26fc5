import { describe, expect, it } from "vitest";
import type { Graph, Value } from "../../graph/graph.js";
import { GraphBuilder } from "../../graph/graph-builder.js";
import { fuse } from "./fusion.js";
import { lower } from "./lowering.js";
import { printSchedule } from "./schedule.js";

/** Inputs %0 to %5: x, w, g, u, r of four columns, and scale [4]. */
class Sample {
  readonly builder = new GraphBuilder();
  readonly x = this.builder.input("x", [3, 4]);
  readonly w = this.builder.input("w", [4, 4]);
  readonly g = this.builder.input("g", [3, 4]);
  readonly u = this.builder.input("u", [3, 4]);
  readonly r = this.builder.input("r", [3, 4]);
  readonly scale = this.builder.input("scale", [4]);
  private outputs = 0;

  product(x: Value = this.x): Value {
    return this.builder.linear(x, this.w, null, "inputOutput");
  }

  siluGrad(x: Value, dy: Value): Value {
    return this.builder.apply("siluGrad", {}, [x, dy])[0];
  }

  output(...values: readonly Value[]): void {
    for (const value of values) this.builder.output(`output ${this.outputs++}`, value);
  }
}

const withoutShapes = (text: string): string[] => text.replaceAll(/:\[[^\]]*\]/g, "").split("\n");
const lowered = (graph: Graph) => lower(graph, { precision: "fp32" });

function build(make: (sample: Sample) => void): Graph {
  const sample = new Sample();
  make(sample);
  return sample.builder.build();
}

const fused = (make: (sample: Sample) => void) => withoutShapes(printSchedule(fuse(lowered(build(make)))));
const apart = (make: (sample: Sample) => void) => withoutShapes(printSchedule(lowered(build(make))));

type Case = [name: string, make: (sample: Sample) => void, lines: string[]];

const together: Case[] = [
  [
    "an activation goes into the product's way out",
    (s) => s.output(s.builder.gelu(s.product(), "tanh")),
    ["activated=%7 = matrixProduct{geluTanh}(a=%0, b=%1)"],
  ],
  [
    "the product is written too where it is an output",
    (s) => {
      const y = s.product();
      s.output(y, s.builder.gelu(y, "none"));
    },
    ["c=%6, activated=%7 = matrixProduct{gelu}(a=%0, b=%1)"],
  ],
  [
    "one activation of two of the same product",
    (s) => {
      const y = s.product();
      s.output(s.builder.silu(y), s.builder.gelu(y, "none"));
    },
    ["c=%6, activated=%7 = matrixProduct{silu}(a=%0, b=%1)", "y=%8 = activation{gelu}(x=%6)"],
  ],
  [
    "a sum, then an activation of it",
    (s) => s.output(s.builder.silu(s.builder.add(s.r, s.product()))),
    ["activated=%8 = matrixProduct{silu}(a=%0, b=%1, residual=%4)"],
  ],
  [
    "the later of two products takes the other's result",
    (s) => s.output(s.builder.add(s.product(s.x), s.product(s.g))),
    ["c=%6 = matrixProduct(a=%0, b=%1)", "c=%8 = matrixProduct(a=%2, b=%1, residual=%6)"],
  ],
  [
    "a product waits for an addend that is made later",
    (s) => {
      const y = s.product();
      const later = s.builder.rmsNorm(s.g, s.scale, 0.1);
      s.output(later, s.builder.add(y, later));
    },
    ["y=%7 = norm(x=%2, scale=%5)", "c=%8 = matrixProduct(a=%0, b=%1, residual=%7)"],
  ],
  [
    "a sum goes into a norm's gradient",
    (s) => {
      const [dx, dscale] = s.builder.apply("rmsNormGrad", { epsilon: 0.1 }, [s.x, s.scale, s.g]);
      s.output(s.builder.add(s.r, dx), dscale);
    },
    ["dx=%8, dscale=%7 = normGrad(x=%0, scale=%5, dy=%2, residual=%4)"],
  ],
  [
    "a sum goes into scattered rows",
    (s) => {
      const rows = s.builder.input("rows", [3], "int");
      s.output(s.builder.add(s.builder.apply("scatterAddRows", { count: 3 }, [rows, s.x])[0], s.r));
    },
    ["out=%8 = scatterAddRows(rows=%6, y=%0, base=%4)"],
  ],
  [
    "factors multiply up in the product",
    (s) => s.output(s.builder.scale(s.builder.scale(s.product(), 0.5), 3)),
    ["c=%8 = matrixProduct(a=%0, b=%1)"],
  ],
  [
    "a slope goes into the product of its upstream, and a sum after it",
    (s) => s.output(s.builder.add(s.siluGrad(s.g, s.product()), s.r)),
    ["c=%8 = matrixProduct{silu}(a=%0, b=%1, gate=%2, residual=%4)"],
  ],
  [
    "a slope goes into a product, and then no other activation",
    (s) => s.output(s.builder.gelu(s.siluGrad(s.g, s.product()), "none")),
    ["c=%7 = matrixProduct{silu}(a=%0, b=%1, gate=%2)", "y=%8 = activation{gelu}(x=%7)"],
  ],
  [
    "each product with an activation takes it in",
    (s) => {
      const activated = s.builder.silu(s.g);
      s.output(s.builder.multiply(activated, s.u), s.builder.multiply(s.r, activated));
    },
    ["y=%7 = gated{silu}(gate=%2, x=%3)", "y=%8 = gated{silu}(gate=%2, x=%4)"],
  ],
  [
    "both gradients of a gated value are made in one sweep",
    (s) => {
      const activated = s.builder.silu(s.g);
      const dgate = s.builder.multiply(s.r, s.u);
      s.output(s.builder.multiply(s.r, activated), s.siluGrad(s.g, dgate));
    },
    ["dgate=%9, dx=%8 = gatedGrad{silu}(gate=%2, x=%3, dy=%4)"],
  ],
  [
    "the gate's gradient alone where the other is not wanted",
    (s) => s.output(s.siluGrad(s.g, s.builder.multiply(s.r, s.u))),
    ["dgate=%7 = gatedGrad{silu}(gate=%2, x=%3, dy=%4)"],
  ],
];

const separate: [string, (sample: Sample) => void][] = [
  [
    "a sum of a product that is an output",
    (s) => {
      const y = s.product();
      s.output(y, s.builder.add(y, s.r));
    },
  ],
  [
    "a sum of a product that is read twice",
    (s) => {
      const y = s.product();
      s.output(s.builder.add(y, s.r), s.builder.rmsNorm(y, s.scale, 0.1));
    },
  ],
  [
    "a product added to itself",
    (s) => {
      const y = s.product();
      s.output(s.builder.add(y, y));
    },
  ],
  [
    "a norm's gradient and an addend that is made later",
    (s) => {
      const [dx, dscale] = s.builder.apply("rmsNormGrad", { epsilon: 0.1 }, [s.x, s.scale, s.g]);
      s.output(s.builder.add(dx, s.builder.rmsNorm(s.g, s.scale, 0.1)), dscale);
    },
  ],
  [
    "the gradients of a scale that two norms share",
    (s) => {
      const [first, second] = [s.x, s.g].map((x) =>
        s.builder.apply("rmsNormGrad", { epsilon: 0.1 }, [x, s.scale, s.r]),
      );
      s.output(first[0], second[0], s.builder.add(first[1], second[1]));
    },
  ],
  [
    "a factor and a product with a bias",
    (s) => s.output(s.builder.scale(s.builder.linear(s.x, s.w, s.scale, "inputOutput"), 2)),
  ],
  [
    "a factor and a product that is an output",
    (s) => {
      const y = s.product();
      s.output(y, s.builder.scale(y, 2));
    },
  ],
  [
    "a slope whose upstream is read twice",
    (s) => {
      const dy = s.product();
      s.output(s.siluGrad(s.g, dy), s.builder.apply("columnSum", {}, [dy])[0]);
    },
  ],
  [
    "a slope at a value that is made later",
    (s) => {
      const dy = s.product();
      s.output(s.siluGrad(s.builder.rmsNorm(s.g, s.scale, 0.1), dy));
    },
  ],
  [
    "an activation multiplied by itself",
    (s) => {
      const activated = s.builder.silu(s.g);
      s.output(s.builder.multiply(activated, activated));
    },
  ],
  [
    "a gate whose activation is an output",
    (s) => {
      const activated = s.builder.silu(s.g);
      s.output(activated, s.builder.multiply(activated, s.u));
    },
  ],
  [
    "a gate whose activation is read otherwise",
    (s) => {
      const activated = s.builder.silu(s.g);
      s.output(s.builder.multiply(activated, s.u), s.builder.rmsNorm(activated, s.scale, 0.1));
    },
  ],
  [
    "a gate's slope whose upstream is an output",
    (s) => {
      const dgate = s.builder.multiply(s.r, s.u);
      s.output(dgate, s.siluGrad(s.g, dgate));
    },
  ],
];

describe("goes together:", () => {
  it.each(together)("%s", (_, make, lines) => {
    expect(fused(make)).toEqual(lines);
    expect(apart(make).length).toBeGreaterThan(lines.length);
  });

  it("a factor, exactly", () => {
    const { steps } = fuse(lowered(build((s) => s.output(s.builder.scale(s.builder.scale(s.product(), 0.5), 3)))));
    expect(steps).toMatchObject([{ kernel: "matrixProduct", scalars: [1.5] }]);
  });
});

describe("stays apart:", () => {
  it.each(separate)("%s", (_, make) => {
    expect(fused(make)).toEqual(apart(make));
  });

  it("the gradients of two activations of one gate", () => {
    const lines = fused((s) => {
      const other = s.builder.multiply(s.r, s.builder.gelu(s.g, "tanh"));
      s.output(other, s.siluGrad(s.g, s.builder.multiply(s.r, s.u)));
    });
    expect(lines).toEqual([
      "y=%7 = gated{geluTanh}(gate=%2, x=%4)",
      "dgate=%9 = gatedGrad{silu}(gate=%2, x=%3, dy=%4)",
    ]);
  });
});

describe("the loss and its gradient", () => {
  interface Choice {
    readonly constant?: boolean;
    readonly gradients?: number;
    readonly sameWeights?: boolean;
  }

  /** From %6: targets, weights, other weights, d loss. */
  const losses = ({ constant = true, gradients = 1, sameWeights = true }: Choice) =>
    fused((s) => {
      const { builder } = s;
      const targets = builder.input("targets", [3], "int");
      const [weights, others] = ["weights", "others"].map((name) => builder.input(name, [3]));
      const dloss = builder.input("dloss", []);
      s.output(...builder.linearCrossEntropy(s.x, s.w, targets, weights, "inputOutput"));
      for (let count = 0; count < gradients; count++) {
        const upstream = constant ? builder.apply("fill", { shape: [], value: 0.5 }, [])[0] : dloss;
        const inputs = [s.x, s.w, targets, sameWeights ? weights : others, upstream];
        s.output(...builder.apply("linearCrossEntropyGrad", { layout: "inputOutput" }, inputs));
      }
    });
  const forward = "loss=%10, tokenLosses=%11 = crossEntropy(x=%0, weight=%1, targets=%6, weights=%7)";

  it("are one where d loss is a number", () => {
    expect(losses({})).toEqual([
      "loss=%10, tokenLosses=%11, dx=%13, dweight=%14 = crossEntropy(x=%0, weight=%1, targets=%6, weights=%7)",
    ]);
  });

  it("are two where d loss is an input", () => {
    const backward = "dx=%12, dweight=%13 = crossEntropy(x=%0, weight=%1, targets=%6, weights=%7, dloss=%9)";
    expect(losses({ constant: false })).toEqual([forward, backward]);
  });

  it("are two where they weigh differently", () => {
    const backward = "dx=%13, dweight=%14 = crossEntropy(x=%0, weight=%1, targets=%6, weights=%8, dloss=%12)";
    expect(losses({ sameWeights: false })).toEqual([forward, "out=%12 = fill()", backward]);
  });

  it("are one with the first of two gradients", () => {
    expect(losses({ gradients: 2 })).toEqual([
      "loss=%10, tokenLosses=%11, dx=%13, dweight=%14 = crossEntropy(x=%0, weight=%1, targets=%6, weights=%7)",
      "out=%15 = fill()",
      "dx=%16, dweight=%17 = crossEntropy(x=%0, weight=%1, targets=%6, weights=%7, dloss=%15)",
    ]);
  });

  it("keep the number", () => {
    const builder = new GraphBuilder();
    const inputs = [builder.input("x", [3, 4]), builder.input("w", [4, 5])];
    const data = [builder.input("targets", [3], "int"), builder.input("weights", [3])] as const;
    builder.output("loss", builder.linearCrossEntropy(inputs[0], inputs[1], ...data, "inputOutput")[0]);
    const [upstream] = builder.apply("fill", { shape: [], value: 0.25 }, []);
    const all = [...inputs, ...data, upstream];
    builder.output("dx", builder.apply("linearCrossEntropyGrad", { layout: "inputOutput" }, all)[0]);
    expect(fuse(lowered(builder.build())).steps).toMatchObject([{ kernel: "crossEntropy", scalars: [0.25] }]);
  });
});
