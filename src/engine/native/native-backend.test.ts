import { describe, expect, it } from "vitest";
import { nativeVariants, noNative, openNative } from "../../../test/native-engine.js";
import { primitiveFixtures } from "../../../test/primitive-fixtures.js";
import { inPrecision, outputBuffers } from "../../../test/run-graph.js";
import { InputError } from "../../foundation/errors.js";
import { GraphBuilder } from "../../graph/graph-builder.js";
import { describeBackend } from "../backend.contract.js";

describe.skipIf(noNative !== null)(`the native backend${noNative === null ? "" : ` (${noNative})`}`, () => {
  for (const variant of nativeVariants)
    for (const threads of [1, 2]) {
      const name = `native ${variant}, ${threads} thread${threads === 1 ? "" : "s"}`;
      const repeats = threads === 1 ? 2 : 5;
      describeBackend(`${name}, fp32`, {
        open: () => openNative({ variant, threads }),
        precision: "float32",
        tolerance: 1e-5,
        repeats,
      });
      describeBackend(`${name}, bf16`, {
        open: () => openNative({ variant, threads, precision: "bf16" }),
        precision: "float32",
        tolerance: 2e-2,
        rounding: 5e-3,
        repeats,
      });
    }

  it.each(primitiveFixtures())("gives the same bits on 1, 2 and 3 threads: $name", async ({ graph, inputs }) => {
    const results = [];
    for (const threads of [1, 2, 3]) {
      const backend = await openNative({ threads });
      const program = await backend.compile(graph);
      const outputs = outputBuffers(graph, "float32");
      await program.bind(inPrecision("float32", inputs), outputs).run();
      results.push(outputs);
      await program.dispose();
      await backend.close();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  const silu = () => {
    const builder = new GraphBuilder();
    builder.output("y", builder.silu(builder.input("x", [2])));
    return builder.build();
  };

  it("says what it runs on", async () => {
    const backend = await openNative({ threads: 2 });
    expect(backend.description).toMatch(/^native kernels \(\w+\), fp32, 2 threads$/);
    await backend.close();
  });

  it("refuses float64 arrays", async () => {
    const program = await (await openNative()).compile(silu());
    const bind = () => program.bind(new Map([["x", new Float64Array(2)]]), new Map([["y", new Float32Array(2)]]));
    expect(bind).toThrow(InputError);
  });

  it("runs nothing after disposal", async () => {
    const program = await (await openNative()).compile(silu());
    const binding = program.bind(new Map([["x", new Float32Array(2)]]), new Map([["y", new Float32Array(2)]]));
    await binding.run();
    await program.dispose();
    await expect(binding.run()).rejects.toThrow(/disposed/i);
  });

  it("takes runs that are asked for at once one after the other", async () => {
    const backend = await openNative();
    const program = await backend.compile(silu());
    const runs = [1, 2, 3].map((x) => {
      const y = new Float32Array(2);
      return { x, y, done: program.bind(new Map([["x", Float32Array.of(x, -x)]]), new Map([["y", y]])).run() };
    });
    await Promise.all(runs.map(({ done }) => done));
    for (const { x, y } of runs) expect(y[0]).toBeCloseTo(x / (1 + Math.exp(-x)), 5);
  });
});
