/** @file The suite that every backend passes. Knows none of them; the expected numbers are PyTorch's in float64. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { primitiveFixtures } from "../../test/primitive-fixtures.js";
import { maximumDifference, relativeDifference } from "../../test/relative-difference.js";
import { floats, inPrecision, outputBuffers, type Precision, runGraph } from "../../test/run-graph.js";
import { ShapeError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { GraphBuilder } from "../graph/graph-builder.js";
import type { Backend, Buffer } from "./backend.js";

export interface BackendContract {
  readonly open: () => Promise<Backend>;
  readonly precision: Precision;
  /** Largest relative difference of a tensor from PyTorch's float64. */
  readonly tolerance: number;
  /** Largest difference that may come from rounding the factors of a product, where terms cancel; none by default. */
  readonly rounding?: number;
  /** Runs of each case; all must agree to the bit. */
  readonly repeats: number;
}

/** y = x W + b and its columns' activations, with an integer input beside: small, and of several outputs. */
function sample() {
  const builder = new GraphBuilder();
  const x = builder.input("x", [3, 2]);
  const weight = builder.input("weight", [2, 5]);
  const y = builder.linear(x, weight, builder.input("bias", [5]), "inputOutput");
  builder.output("y", y);
  builder.output("activated", builder.silu(y));
  builder.output("chosen", builder.gatherRows(y, builder.input("rows", [2], "int")));
  return builder.build();
}

const sampleInputs = (precision: Precision) =>
  new Map<string, Buffer>([
    ["x", floats(precision, [1, 2, 3, 4, 5, 6])],
    ["weight", floats(precision, [1, 0, 0, 0, 2, 0, 1, 0, 0, 3])],
    ["bias", floats(precision, [0, 0, 0.5, 0, 0])],
    ["rows", Int32Array.of(2, 0)],
  ]);
// By hand: y = (x1, x2, 0.5, 0, 2 x1 + 3 x2).
const sampleY = [1, 2, 0.5, 0, 8, 3, 4, 0.5, 0, 18, 5, 6, 0.5, 0, 28];

export function describeBackend(
  name: string,
  { open, precision, tolerance, rounding = 0, repeats }: BackendContract,
): void {
  describe(`${name} as a backend`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await open();
    });

    it("describes itself", () => {
      expect(backend.description).toMatch(/\S/);
    });

    describe("primitives, forward and backward", () => {
      it.each(primitiveFixtures())("$name", async ({ graph, inputs, expected }) => {
        const program = await backend.compile(graph);
        const results = outputBuffers(graph, precision);
        const binding = program.bind(inPrecision(precision, inputs), results);
        await binding.run();
        expect(new Set(expected.keys())).toEqual(new Set(graph.outputs.keys()));
        for (const [output, values] of expected) {
          // Where PyTorch finds nothing but rounding, the true value is zero.
          const zero = values.every((value) => Math.abs(value) < 1e-12);
          const difference = zero ? maximumDifference : relativeDifference;
          const cancels = maximumDifference(results.get(output)!, values) < rounding;
          if (!cancels) expect(difference(results.get(output)!, values), output).toBeLessThan(tolerance);
        }
        const first = new Map([...results].map(([output, values]) => [output, values.slice()]));
        for (let run = 1; run < repeats; run++) {
          await binding.run();
          expect(results).toEqual(first);
        }
        await program.dispose();
      });
    });

    describe("binding", () => {
      const graph = sample();
      let program: Awaited<ReturnType<Backend["compile"]>>;
      beforeAll(async () => {
        program = await backend.compile(graph);
      });
      afterAll(async () => {
        await program.dispose();
      });

      it("computes all outputs", async () => {
        const results = outputBuffers(graph, precision);
        await program.bind(sampleInputs(precision), results).run();
        expect([...results.get("y")!]).toEqual(sampleY);
        expect([...results.get("chosen")!]).toEqual([...sampleY.slice(10, 15), ...sampleY.slice(0, 5)]);
        // silu(8) = 8 / (1 + exp(-8))
        expect(results.get("activated")![4]).toBeCloseTo(8 / (1 + Math.exp(-8)), 5);
      });

      it("computes those outputs alone that are bound", async () => {
        const results = outputBuffers(graph, precision, ["chosen"]);
        await program.bind(sampleInputs(precision), results).run();
        expect([...results.keys()]).toEqual(["chosen"]);
        expect([...results.get("chosen")!]).toEqual([...sampleY.slice(10, 15), ...sampleY.slice(0, 5)]);
      });

      it("ties outputs by name, in whatever order they come", async () => {
        const results = outputBuffers(graph, precision, ["chosen", "y"]);
        await program.bind(sampleInputs(precision), results).run();
        expect([...results.get("y")!]).toEqual(sampleY);
        expect(results.get("chosen")![0]).toBe(5);
      });

      it("reads its inputs where they lie, at each run", async () => {
        const inputs = sampleInputs(precision);
        const results = outputBuffers(graph, precision, ["y"]);
        const binding = program.bind(inputs, results);
        await binding.run();
        inputs.get("x")![0] = 100;
        inputs.get("bias")![3] = -7;
        expect([...results.get("y")!]).toEqual(sampleY);
        await binding.run();
        expect([...results.get("y")!]).toEqual([100, 2, 0.5, -7, 206, 3, 4, 0.5, -7, 18, 5, 6, 0.5, -7, 28]);
      });

      it("reads and writes views into a larger array, and nothing beside them", async () => {
        const whole = floats(precision, 40).fill(-1);
        const inputs = sampleInputs(precision).set("x", whole.subarray(4, 10));
        whole.set([1, 2, 3, 4, 5, 6], 4);
        await program.bind(inputs, new Map([["y", whole.subarray(16, 31)]])).run();
        expect([...whole.subarray(16, 31)]).toEqual(sampleY);
        expect([...whole.subarray(4, 10)]).toEqual([1, 2, 3, 4, 5, 6]);
        expect([...whole.subarray(0, 4), ...whole.subarray(10, 16), ...whole.subarray(31)]).toEqual(
          new Array(19).fill(-1),
        );
      });

      it("keeps several bindings apart", async () => {
        const [first, second] = [sampleInputs(precision), sampleInputs(precision)];
        second.set("x", floats(precision, 6));
        const [firstResults, secondResults] = [
          outputBuffers(graph, precision, ["y"]),
          outputBuffers(graph, precision, ["y"]),
        ];
        const bindings = [program.bind(first, firstResults), program.bind(second, secondResults)];
        for (const binding of [...bindings, bindings[0]]) await binding.run();
        expect([...firstResults.get("y")!]).toEqual(sampleY);
        expect([...secondResults.get("y")!]).toEqual([0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, 0]);
      });

      it.each([
        ["a missing input", "input 'bias' is not bound", (inputs: Map<string, Buffer>) => inputs.delete("bias")],
        [
          "an unknown input",
          "no input 'gain'",
          (inputs: Map<string, Buffer>) => inputs.set("gain", floats(precision, 1)),
        ],
        [
          "an input of another length",
          "'x' has 5 elements, the graph wants 6",
          (inputs: Map<string, Buffer>) => inputs.set("x", floats(precision, 5)),
        ],
        [
          "indices as floats",
          "'rows' is Float",
          (inputs: Map<string, Buffer>) => inputs.set("rows", floats(precision, 2)),
        ],
        [
          "floats as indices",
          "'x' is Int32Array, the graph wants float",
          (inputs: Map<string, Buffer>) => inputs.set("x", new Int32Array(6)),
        ],
      ])("refuses %s", (_, message, change) => {
        const inputs = sampleInputs(precision);
        change(inputs);
        const bind = () => program.bind(inputs, outputBuffers(graph, precision));
        expect(bind).toThrow(ShapeError);
        expect(bind).toThrow(message);
      });

      it.each([
        ["an unknown output", "no output 'z'", ["z", 15]],
        ["an output of another length", "'y' has 14 elements, the graph wants 15", ["y", 14]],
      ] as const)("refuses %s", (_, message, [output, size]) => {
        const bind = () => program.bind(sampleInputs(precision), new Map([[output, floats(precision, size)]]));
        expect(bind).toThrow(ShapeError);
        expect(bind).toThrow(message);
      });

      it("refuses no output at all", () => {
        expect(() => program.bind(sampleInputs(precision), new Map())).toThrow(ShapeError);
      });
    });

    describe("graphs", () => {
      it("moves, scales and adds numbers as by hand", async () => {
        const builder = new GraphBuilder();
        const x = builder.input("x", [2, 3]);
        const rows = builder.input("rows", [2], "int");
        const [left, right] = builder.splitColumns(x, [1, 2]);
        const outputs = {
          left,
          right,
          swapped: builder.apply("concatColumns", {}, [right, left])[0],
          reshaped: builder.reshape(x, 3, 2),
          sum: builder.add(x, x),
          square: builder.multiply(x, x),
          scaled: builder.scale(x, -0.5),
          gathered: builder.gatherRows(x, rows),
          scattered: builder.apply("scatterAddRows", { count: 3 }, [rows, x])[0],
          columns: builder.apply("columnSum", {}, [x])[0],
        };
        for (const [output, value] of Object.entries(outputs)) builder.output(output, value);
        const inputs = new Map<string, Buffer>([
          ["x", floats(precision, [1, 2, 3, 4, 5, 6])],
          ["rows", Int32Array.of(1, 1)],
        ]);
        const results = await runGraph(backend, builder.build(), inputs, { precision });
        expect(Object.fromEntries([...results].map(([output, values]) => [output, [...values]]))).toEqual({
          left: [1, 4],
          right: [2, 3, 5, 6],
          swapped: [2, 3, 1, 5, 6, 4],
          reshaped: [1, 2, 3, 4, 5, 6],
          sum: [2, 4, 6, 8, 10, 12],
          square: [1, 4, 9, 16, 25, 36],
          scaled: [-0.5, -1, -1.5, -2, -2.5, -3],
          gathered: [4, 5, 6, 4, 5, 6],
          scattered: [0, 0, 0, 5, 7, 9, 0, 0, 0],
          columns: [5, 7, 9],
        });
      });

      it("gives out an input, a constant and one value under two names", async () => {
        const builder = new GraphBuilder();
        const x = builder.input("x", [2, 2]);
        const [constant] = builder.apply("fill", { shape: [3], value: 0.25 }, []);
        const [large] = builder.apply("fill", { shape: [5000], value: -2 }, []);
        const twice = builder.scale(x, 2);
        for (const [output, value] of Object.entries({
          same: x,
          constant,
          again: constant,
          large,
          twice,
          other: twice,
        }))
          builder.output(output, value);
        const inputs = new Map([["x", floats(precision, [1, 2, 3, 4])]]);
        const results = await runGraph(backend, builder.build(), inputs, { precision });
        expect([...results.get("same")!]).toEqual([1, 2, 3, 4]);
        expect([...results.get("constant")!]).toEqual([0.25, 0.25, 0.25]);
        expect([...results.get("again")!]).toEqual([0.25, 0.25, 0.25]);
        expect(new Set(results.get("large")!)).toEqual(new Set([-2]));
        expect([...results.get("twice")!]).toEqual([2, 4, 6, 8]);
        expect([...results.get("other")!]).toEqual([2, 4, 6, 8]);
      });

      it("ignores an input that nothing uses", async () => {
        const builder = new GraphBuilder();
        const x = builder.input("x", [1]);
        builder.input("idle", [3]);
        builder.output("y", builder.scale(x, 3));
        const inputs = new Map([
          ["x", floats(precision, [2])],
          ["idle", floats(precision, 3)],
        ]);
        const results = await runGraph(backend, builder.build(), inputs, { precision });
        expect([...results.get("y")!]).toEqual([6]);
      });

      it("attends within segments as in separate sequences", async () => {
        const [first, second] = [3, 5];
        const length = first + second;
        const width = 4;
        const stream = randomStream(8, "packed");
        const packed = Array.from({ length: 3 }, () =>
          Float64Array.from({ length: length * width }, () => Math.fround(stream.normal())),
        );
        const run = async (positions: number, begin: number, segments: Int32Array | null) => {
          const builder = new GraphBuilder();
          const inputs = new Map<string, Buffer>();
          const [q, k, v] = ["q", "k", "v"].map((input, index) => {
            inputs.set(input, floats(precision, packed[index].subarray(begin * width, (begin + positions) * width)));
            return builder.input(input, [positions, width]);
          });
          const segmentValue = segments ? builder.input("segments", [positions], "int") : null;
          if (segments) inputs.set("segments", segments);
          const shape = { rows: 1, length: positions, heads: 2, keyValueHeads: 2, scale: 0.7 };
          builder.output("y", builder.causalAttention(q, k, v, segmentValue, shape));
          return [...(await runGraph(backend, builder.build(), inputs, { precision })).get("y")!];
        };
        const together = await run(length, 0, Int32Array.of(4, 4, 4, 9, 9, 9, 9, 9));
        const apart = [...(await run(first, 0, null)), ...(await run(second, first, null))];
        expect(relativeDifference(together, apart)).toBeLessThan(tolerance);
      });

      it("tells two primitives on the same inputs apart by their attributes", async () => {
        const builder = new GraphBuilder();
        const x = builder.input("x", [4, 4]);
        const rows = builder.input("rows", [4], "int");
        const weights = builder.input("weights", [4]);
        const attention = { rows: 1, length: 4, heads: 2, keyValueHeads: 2, scale: 1 };
        const variants = {
          base: attention,
          "other scale": { ...attention, scale: 0.1 },
          "other heads": { ...attention, heads: 4, keyValueHeads: 4 },
          "other rows": { ...attention, rows: 2, length: 2 },
        };
        const alone = new Map<string, Promise<Map<string, ArrayLike<number>>>>();
        const inputs = new Map<string, Buffer>([
          ["x", floats(precision, [0.3, -1, 0.7, 2, -0.4, 1, 1.5, -2, 0.1, 0.6, -0.8, 1.1, -1.2, 0.2, 0.9, -0.5])],
          ["rows", Int32Array.of(0, 0, 1, 1)],
          ["weights", floats(precision, [1, 1, 1, 1])],
        ]);
        const outputs = new Map<string, (b: GraphBuilder, read: (name: string) => typeof x) => typeof x>();
        for (const [label, attributes] of Object.entries(variants)) {
          outputs.set(label, (b, read) => b.causalAttention(read("x"), read("x"), read("x"), null, attributes));
          outputs.set(`${label}, segments`, (b, read) =>
            b.causalAttention(read("x"), read("x"), read("x"), read("rows"), attributes),
          );
        }
        for (const epsilon of [1e-5, 0.5]) {
          outputs.set(`layerNorm ${epsilon}`, (b, read) =>
            b.layerNorm(read("x"), read("weights"), read("weights"), epsilon),
          );
          outputs.set(`rmsNorm ${epsilon}`, (b, read) => b.rmsNorm(read("x"), read("weights"), epsilon));
        }
        for (const approximation of ["tanh", "none"] as const)
          outputs.set(`gelu ${approximation}`, (b, read) => b.gelu(read("x"), approximation));
        for (const layout of ["inputOutput", "outputInput"] as const)
          outputs.set(
            `loss ${layout}`,
            (b, read) => b.linearCrossEntropy(read("x"), read("x"), read("rows"), read("weights"), layout)[1],
          );
        for (const frequencies of [[1], [0.5]])
          outputs.set(`rotary ${frequencies}`, (b, read) =>
            b.rotary(read("x"), read("rows"), { heads: 1, headWidth: 4, frequencies }),
          );
        const known = new Map([
          ["x", x],
          ["rows", rows],
          ["weights", weights],
        ]);
        for (const [label, make] of outputs) {
          builder.output(
            label,
            make(builder, (input) => known.get(input)!),
          );
          const single = new GraphBuilder();
          const own = new Map([
            ["x", single.input("x", [4, 4])],
            ["rows", single.input("rows", [4], "int")],
            ["weights", single.input("weights", [4])],
          ]);
          single.output(
            "y",
            make(single, (input) => own.get(input)!),
          );
          alone.set(label, runGraph(backend, single.build(), inputs, { precision }));
        }
        const together = await runGraph(backend, builder.build(), inputs, { precision });
        for (const [label, values] of together)
          expect(relativeDifference(values, (await alone.get(label)!).get("y")!), label).toBeLessThan(1e-6);
      });
    });

    it("can be disposed of and compiled again", async () => {
      for (let round = 0; round < 3; round++) {
        const results = await runGraph(backend, sample(), sampleInputs(precision), { precision });
        expect([...results.get("y")!]).toEqual(sampleY);
      }
      const unused = await backend.compile(sample());
      await unused.dispose();
      await unused.dispose();
    });
  });
}
