import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { f32, f64, i32, op, v128, type WasmFunction, wasmModule } from "./wasm-module.js";

function instance<F>(
  name: string,
  functions: readonly WasmFunction[],
  memory = new WebAssembly.Memory({ initial: 1 }),
) {
  return new WebAssembly.Instance(wasmModule(functions), { env: { memory } }).exports[name] as F;
}

describe("WebAssembly modules", () => {
  it("hold integer constants of either sign and any size", () => {
    const constant = fc.oneof(
      fc.integer(),
      fc.constantFrom(0, 16, 63, 64, 127, 128, -1, -64, -65, 2 ** 31 - 1, -(2 ** 31)),
    );
    fc.assert(
      fc.property(constant, (value) => {
        const body = [op.i32Const(value)];
        const read = instance<() => number>("read", [{ name: "read", parameters: [], result: i32, locals: [], body }]);
        expect(read()).toBe(value);
      }),
    );
  });

  it("export several functions, each with its own type", () => {
    const functions: WasmFunction[] = [
      { name: "first", parameters: [i32, i32], result: i32, locals: [], body: [op.get(0), op.get(1), op.i32Add] },
      { name: "second", parameters: [f64, f32, f64], result: f64, locals: [], body: [op.get(0), op.get(2), op.f64Add] },
    ];
    expect(instance<(a: number, b: number) => number>("first", functions)(40, 2)).toBe(42);
    expect(instance<(a: number, b: number, c: number) => number>("second", functions)(0.5, 7, 0.25)).toBe(0.75);
  });

  it("number more than 127 locals", () => {
    const locals = Array.from({ length: 300 }, () => i32);
    const body = [op.get(0), op.set(299), op.get(299), op.get(127), op.i32Add];
    const copy = instance<(x: number) => number>("copy", [
      { name: "copy", parameters: [i32], result: i32, locals, body },
    ]);
    expect(copy(-5)).toBe(-5);
  });

  it("repeat a body as long as it says, at least once", () => {
    const count: WasmFunction = {
      name: "count",
      parameters: [i32],
      result: i32,
      locals: [i32],
      body: [op.doWhile(op.get(1), op.i32Const(1), op.i32Add, op.tee(1), op.get(0), op.i32LessUnsigned), op.get(1)],
    };
    const run = instance<(n: number) => number>("count", [count]);
    expect([0, 1, 5, 1000].map((n) => run(n))).toEqual([1, 1, 5, 1000]);
  });

  it("compute on four lanes of the imported memory", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const numbers = new Float32Array(memory.buffer);
    numbers.set([1, 4, 9, 16, 2, 2, 3, -8]);
    const lanes = (name: string, ...body: (readonly number[])[]): WasmFunction => ({
      name,
      parameters: [],
      result: null,
      locals: [v128],
      body: [op.i32Const(32), ...body, op.store],
    });
    const [first, second] = [
      [op.i32Const(0), op.load],
      [op.i32Const(16), op.load],
    ];
    const functions = [
      lanes("add", ...first, ...second, op.add),
      lanes("sub", ...first, ...second, op.sub),
      lanes("mul", ...first, ...second, op.mul),
      lanes("div", ...first, ...second, op.div),
      lanes("sqrt", ...first, op.sqrt),
      lanes("swap", ...first, op.tee(0), op.get(0), op.swapHalves),
    ];
    const run = (name: string) => {
      instance<() => void>(name, functions, memory)();
      return [...numbers.subarray(8, 12)];
    };
    expect(run("add")).toEqual([3, 6, 12, 8]);
    expect(run("sub")).toEqual([-1, 2, 6, 24]);
    expect(run("mul")).toEqual([2, 8, 27, -128]);
    expect(run("div")).toEqual([0.5, 2, 3, -2]);
    expect(run("sqrt")).toEqual([1, 2, 3, 4]);
    expect(run("swap")).toEqual([9, 16, 1, 4]);
  });
});
