/**
 * @file Runs native plans without the native library, in float64: every value lies where its plan says, and what is not alive is NaN, so
 * that a wrong place, life or fusion shows.
 */
import { type Backend, type Buffer, type Buffers, checkBinding } from "../src/engine/backend.js";
import { formOf, type KernelName } from "../src/engine/native/kernel.js";
import { type NativePlan, type NativePlanOptions, planNative } from "../src/engine/native/native-plan.js";
import { isConstant, type KernelCall, type Operand } from "../src/engine/native/schedule.js";
import type { Value } from "../src/graph/graph.js";
import { kernelLoops } from "./native-kernel-loops.js";

/** For each written operand the read ones that native/deadweight.h lets it lie on, exactly; what else it lies on is lost. */
function mayLieOn(call: KernelCall): Readonly<Record<string, readonly string[]>> {
  const table: { readonly [K in KernelName]?: Readonly<Record<string, readonly string[]>> } = {
    matrixProduct: { c: "gate" in call.operands ? [] : ["residual"] },
    normGrad: { dx: ["residual"] },
    activation: { y: ["x"] },
    activationGrad: { dx: ["x", "dy"] },
    gated: { y: ["gate", "x"] },
    gatedGrad: { dgate: ["gate", "x", "dy"], dx: ["gate", "x", "dy"] },
    rotary: { y: ["x"] },
    scatterAddRows: { out: ["base"] },
    add: { out: ["x", "y"] },
    multiply: { out: ["x", "y"] },
    scale: { out: ["x"] },
  };
  return table[call.kernel] ?? {};
}

const rowsAndColumns = ({ shape }: Value): readonly [number, number] =>
  shape.length === 2 ? [shape[0], shape[1]] : [1, shape[0] ?? 1];

/** Where one run's storages lie. */
class Memory {
  private readonly storages: readonly Buffer[];

  constructor(
    private readonly plan: NativePlan,
    inputs: Buffers,
    outputs: Buffers,
  ) {
    const arena = new Float64Array(plan.arena.bytes / 4).fill(Number.NaN);
    this.storages = plan.storages.map(({ bound, elements }, index) => {
      if (bound) return (bound.kind === "input" ? inputs : outputs).get(bound.name)!;
      const begin = plan.arena.offsets[index]! / 4;
      return arena.subarray(begin, begin + elements);
    });
    for (const buffer of outputs.values()) buffer.fill(Number.NaN);
  }

  private place({ id }: Value) {
    return this.plan.places.get(id)!;
  }

  /** @param row and column, counted by the call. */
  read(operand: Operand, row: number, column: number): number {
    if (isConstant(operand)) return operand.constant[column];
    const { storage, offset, stride } = this.place(operand);
    return this.storages[storage][offset + row * stride + column];
  }

  write(value: Value, row: number, column: number, element: number): void {
    const { storage, offset, stride } = this.place(value);
    if (this.plan.storages[storage].bound?.kind === "input")
      throw new Error(`A kernel writes to an input: %${value.id}.`);
    this.storages[storage][offset + row * stride + column] = element;
  }

  lose(value: Value): void {
    const [rows, columns] = rowsAndColumns(value);
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) this.write(value, row, column, Number.NaN);
  }

  isSamePlace(a: Value, b: Operand): boolean {
    if (isConstant(b)) return false;
    const [first, second] = [this.place(a), this.place(b)];
    return first.storage === second.storage && first.offset === second.offset && first.stride === second.stride;
  }

  /** Nothing may be read of a storage after its last call. */
  endOf(index: number): void {
    this.plan.storages.forEach(({ bound, end }, storage) => {
      if (bound === null && end === index) this.storages[storage].fill(Number.NaN);
    });
  }
}

function execute(call: KernelCall, memory: Memory): void {
  const { kernel, operands, flags, sizes, scalars } = call;
  const written = Object.keys(formOf(kernel).writes).filter((name) => name in operands);
  for (const name of written) {
    const allowed = (mayLieOn(call)[name] ?? []).filter((other) => other in operands);
    const output = operands[name] as Value;
    if (!allowed.some((other) => memory.isSamePlace(output, operands[other]))) memory.lose(output);
  }
  const read = (name: string) => {
    const operand = operands[name];
    if (operand === undefined) throw new Error(`${kernel} lacks its operand '${name}'.`);
    return (row: number, column: number) => memory.read(operand, row, column);
  };
  const results = kernelLoops[kernel]({ flags, sizes, scalars, read, has: (name) => name in operands });
  for (const name of written)
    results[name].forEach((elements, row) => {
      elements.forEach((element, column) => {
        memory.write(operands[name] as Value, row, column, element);
      });
    });
}

export function interpretedBackend(options: Partial<NativePlanOptions> = {}): Backend {
  return {
    description: "native plans interpreted in float64",
    async compile(graph) {
      return {
        graph,
        bind(inputs, outputs) {
          checkBinding(graph, inputs, outputs);
          const plan = planNative(graph, [...outputs.keys()], { precision: "fp32", ...options });
          return {
            async run() {
              const memory = new Memory(plan, inputs, outputs);
              plan.calls.forEach((call, index) => {
                execute(call, memory);
                memory.endOf(index);
              });
            },
          };
        },
        async dispose() {},
      };
    },
  };
}
