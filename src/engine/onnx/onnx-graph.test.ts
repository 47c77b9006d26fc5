import { describe, expect, it } from "vitest";
import { ShapeError } from "../../foundation/errors.js";
import { broadcast, OnnxGraph } from "./onnx-graph.js";
import { ort } from "./runtime.js";

async function run(onnx: OnnxGraph, feeds: Record<string, ort.Tensor>): Promise<Record<string, number[]>> {
  const session = await ort.InferenceSession.create(onnx.encode());
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
}

const twoByThree = (values: number[]) => new ort.Tensor("float32", Float32Array.from(values), [2, 3]);

describe("broadcast", () => {
  it.each([
    [[2, 3], [3], [2, 3]],
    [
      [2, 1],
      [1, 3],
      [2, 3],
    ],
    [[], [4], [4]],
    [[], [], []],
    [
      [5, 1, 3],
      [7, 1],
      [5, 7, 3],
    ],
  ])("%j and %j make %j", (a, b, shape) => {
    expect(broadcast(a, b)).toEqual(shape);
    expect(broadcast(b, a)).toEqual(shape);
  });

  it("refuses sizes that differ", () => {
    expect(() => broadcast([2, 3], [2])).toThrow(ShapeError);
  });
});

describe("OnnxGraph", () => {
  it("makes equal small constants one, and keeps different ones apart", () => {
    const onnx = new OnnxGraph();
    expect(onnx.scalar(2)).toBe(onnx.constant([2], []));
    expect(onnx.constant([2], [1])).not.toBe(onnx.scalar(2));
    expect(onnx.constant([2], [1], "int64")).not.toBe(onnx.constant([2], [1]));
    expect(onnx.fill([5000], 1)).toBe(onnx.ones([5000]));
    const large = new Float32Array(65);
    expect(onnx.constant(large, [65])).not.toBe(onnx.constant(large, [65]));
  });

  it("leaves out what no output needs", async () => {
    const build = (idle: boolean) => {
      const onnx = new OnnxGraph();
      const x = onnx.input("x", [2, 3], "float");
      if (idle) onnx.unary("Exp", onnx.binary("Mul", x, onnx.scalar(123)));
      onnx.output("y", onnx.unary("Neg", x));
      return onnx;
    };
    const used = build(true).encode();
    expect(new TextDecoder().decode(used)).not.toContain("Exp");
    const { y } = await run(build(true), { x: twoByThree([1, 2, 3, 4, 5, 6]) });
    expect(y).toEqual([-1, -2, -3, -4, -5, -6]);
  });

  it("slices, joins, turns and multiplies as its shapes say", async () => {
    const onnx = new OnnxGraph();
    const x = onnx.input("x", [2, 3], "float");
    const right = onnx.slice(x, 1, 1, 3);
    const left = onnx.slice(x, 1, 0, 1);
    expect(onnx.slice(x, 1, 0, 3)).toBe(x);
    expect(onnx.concat([x], 1)).toBe(x);
    const results = {
      turned: onnx.concat([right, left], 1),
      transposed: onnx.transpose(x, [1, 0]),
      gemm: onnx.gemm(x, x, { b: true }),
      gemmA: onnx.gemm(x, x, { a: true }),
      fused: onnx.matmul(x, x, { transB: true, alpha: 0.5 }),
      plain: onnx.matmul(x, onnx.transpose(x, [1, 0])),
      sums: onnx.reduce("ReduceSum", x, 1),
      means: onnx.reduce("ReduceMean", x, 0),
    };
    for (const [name, value] of Object.entries(results)) onnx.output(name, value);
    expect(Object.values(results).map(({ shape }) => shape)).toEqual([
      [2, 3],
      [3, 2],
      [2, 2],
      [3, 3],
      [2, 2],
      [2, 2],
      [2, 1],
      [1, 3],
    ]);
    expect(await run(onnx, { x: twoByThree([1, 2, 3, 4, 5, 6]) })).toEqual({
      turned: [2, 3, 1, 5, 6, 4],
      transposed: [1, 4, 2, 5, 3, 6],
      gemm: [14, 32, 32, 77],
      gemmA: [17, 22, 27, 22, 29, 36, 27, 36, 45],
      fused: [7, 16, 16, 38.5],
      plain: [14, 32, 32, 77],
      sums: [6, 15],
      means: [2.5, 3.5, 4.5],
    });
  });
});
