import { describe, expect, it } from "vitest";
import { InputError } from "../../foundation/errors.js";
import { GraphBuilder } from "../../graph/graph-builder.js";
import { describeBackend } from "../backend.contract.js";
import { onnxBackend } from "./onnx-backend.js";

for (const threads of [1, 2])
  describeBackend(`onnxruntime with ${threads} thread${threads === 1 ? "" : "s"}`, {
    open: () => onnxBackend({ threads }),
    precision: "float32",
    tolerance: 1e-5,
    repeats: threads === 1 ? 2 : 5,
  });

describe("onnxruntime", () => {
  it("says what it runs on", async () => {
    expect((await onnxBackend({ threads: 2 })).description).toMatch(/^onnxruntime \d+\.\d+\.\d+ on cpu, 2 threads$/);
    expect((await onnxBackend({ threads: 1 })).description).toMatch(/ on cpu, 1 thread$/);
  });

  it("refuses float64 arrays", async () => {
    const builder = new GraphBuilder();
    builder.output("y", builder.silu(builder.input("x", [2])));
    const program = await (await onnxBackend()).compile(builder.build());
    const bind = () => program.bind(new Map([["x", new Float64Array(2)]]), new Map([["y", new Float32Array(2)]]));
    expect(bind).toThrow(InputError);
    await program.dispose();
  });

  it("gives its sessions back: nothing runs after disposal", async () => {
    const builder = new GraphBuilder();
    builder.output("y", builder.silu(builder.input("x", [2])));
    const program = await (await onnxBackend()).compile(builder.build());
    const binding = program.bind(new Map([["x", new Float32Array(2)]]), new Map([["y", new Float32Array(2)]]));
    await binding.run();
    await program.dispose();
    await expect(binding.run()).rejects.toThrow(/disposed/i);
  });
});
