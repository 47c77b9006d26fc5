/** @file What a graph becomes on its way to the native library: kernels on values, and values that are part of others. Prints itself. */
import type { Value } from "../../graph/graph.js";
import { formOf, type KernelFlags, type KernelName } from "./kernel.js";

/** Numbers that a kernel reads and no run changes. */
export interface Constant {
  readonly constant: Float32Array | Float64Array;
  /** In elements from a row to the next. */
  readonly stride: number;
}

export type Operand = Value | Constant;

export interface KernelCall {
  readonly kernel: KernelName;
  readonly flags: KernelFlags;
  readonly sizes: readonly number[];
  readonly scalars: readonly number[];
  /** By the names of the kernel's form; what is not there is not given or not wanted. */
  readonly operands: Readonly<Record<string, Operand>>;
}

/** The values on one side are columns, or the whole in another shape, of the value on the other; whether anything is copied is decided later. */
export interface ViewStep {
  readonly kernel: "split" | "concat" | "reshape";
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

export type Step = KernelCall | ViewStep;

export interface Schedule {
  readonly inputs: ReadonlyMap<string, Value>;
  readonly steps: readonly Step[];
  readonly outputs: ReadonlyMap<string, Value>;
}

export const isView = (step: Step): step is ViewStep =>
  step.kernel === "split" || step.kernel === "concat" || step.kernel === "reshape";

export const isConstant = (operand: Operand): operand is Constant => "constant" in operand;

const writtenNames = (call: KernelCall): readonly string[] => Object.keys(formOf(call.kernel).writes);

export function readsOf(step: Step): readonly Value[] {
  if (isView(step)) return step.inputs;
  const written = writtenNames(step);
  return Object.entries(step.operands).flatMap(([name, operand]) =>
    written.includes(name) || isConstant(operand) ? [] : [operand],
  );
}

export function writesOf(step: Step): readonly Value[] {
  if (isView(step)) return step.outputs;
  return writtenNames(step).flatMap((name) => (name in step.operands ? [step.operands[name] as Value] : []));
}

/** For each value how many steps read it; a graph output counts as one more. */
export function useCounts({ steps, outputs }: Schedule): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { id } of [...steps.flatMap(readsOf), ...outputs.values()]) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

const show = (operand: Operand): string =>
  isConstant(operand) ? `constant[${operand.constant.length}]` : `%${operand.id}:[${operand.shape.join("x")}]`;

/** A line a step, e.g. `c=%9:[64x32] = matrixProduct{bTransposed}(a=%4:[64x16], b=%2:[32x16])`. */
export function printSchedule(schedule: Schedule): string {
  return schedule.steps
    .map((step) => {
      if (isView(step))
        return `${step.outputs.map(show).join(", ")} = ${step.kernel}(${step.inputs.map(show).join(", ")})`;
      const flags = Object.entries(step.flags).flatMap(([name, value]) =>
        value === true ? [name] : value ? [String(value)] : [],
      );
      const written = writtenNames(step);
      const side = (wanted: boolean) =>
        Object.entries(step.operands)
          .filter(([name]) => written.includes(name) === wanted)
          .map(([name, operand]) => `${name}=${show(operand)}`)
          .join(", ");
      return `${side(true)} = ${step.kernel}${flags.length > 0 ? `{${flags.join(" ")}}` : ""}(${side(false)})`;
    })
    .join("\n");
}
