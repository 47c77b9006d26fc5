import { expect, it } from "vitest";
import { GraphBuilder } from "../../graph/graph-builder.js";
import { onnxBackend } from "./onnx-backend.js";

/** In a process of its own, as each test file is: what matters is which session comes first. */
it("falls back from a device that is not there, says so, and still flushes denormals", async () => {
  const backend = await onnxBackend({ device: "webgpu", threads: 1 });
  if (backend.description.includes("webgpu")) expect(backend.note).toBeNull();
  else expect(backend.note).toMatch(/^No usable webgpu adapter here \(.+\); computing on the CPU\.$/);
  const builder = new GraphBuilder();
  const x = builder.input("x", [2]);
  builder.output("y", builder.multiply(x, x));
  const program = await backend.compile(builder.build());
  const y = new Float32Array(2);
  await program.bind(new Map([["x", Float32Array.of(1e-10, 1e-21)]]), new Map([["y", y]])).run();
  await program.dispose();
  expect(y[0]).toBe(Math.fround(Math.fround(1e-10) ** 2));
  expect(y[1]).toBe(0);
});

it("needs no note on the CPU", async () => {
  expect((await onnxBackend({ device: "cpu" })).note).toBeNull();
});
