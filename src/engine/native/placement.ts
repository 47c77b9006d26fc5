/**
 * @file Where each value of a schedule lies: in a storage of its own, or as columns of another value's, or in the storage of an input
 * that is not read again. Knows nothing of addresses.
 */
import { elementCount, type Value } from "../../graph/graph.js";
import { formOf } from "./kernel.js";
import { isConstant, isView, type KernelCall, readsOf, type Schedule, type ViewStep, writesOf } from "./schedule.js";

export interface Place {
  readonly storage: number;
  /** In elements from the storage's start. */
  readonly offset: number;
  /** In elements from a row to the next. */
  readonly stride: number;
}

export interface Storage {
  readonly elements: number;
  /** The caller's array that it is. */
  readonly bound: { readonly kind: "input" | "output"; readonly name: string } | null;
  /** First and last call that touch it. */
  readonly begin: number;
  readonly end: number;
}

export interface Placement {
  readonly calls: readonly KernelCall[];
  readonly places: ReadonlyMap<number, Place>;
  readonly storages: readonly Storage[];
}

interface View {
  readonly of: Value;
  readonly offset: number;
  /** Null: as the viewed value's. */
  readonly stride: number | null;
}

const widthOf = ({ shape }: Value): number => (shape.length === 2 ? shape[1] : elementCount(shape));

const copyCall = (x: Value, y: Value, [rows, columns]: readonly number[]): KernelCall => ({
  kernel: "copy",
  flags: {},
  sizes: [rows, columns],
  scalars: [],
  operands: { x, y },
});

/** Turns views into places where that costs nothing, and into copies where it cannot be had. */
class ViewResolver {
  readonly views = new Map<number, View>();
  readonly calls: KernelCall[] = [];
  /** Values that must stay in one piece: their elements are read in another shape. */
  private readonly whole = new Set<number>();
  private readonly fixed: ReadonlySet<number>;
  private nextId: number;

  constructor({ inputs, steps, outputs }: Schedule) {
    this.fixed = new Set([...inputs.values(), ...outputs.values()].map(({ id }) => id));
    const values = [...inputs.values(), ...steps.flatMap(writesOf)];
    this.nextId = values.reduce((next, { id }) => Math.max(next, id + 1), 0);
    for (const step of steps)
      if (isView(step)) this.resolve(step);
      else this.calls.push(step);
    for (const [name, output] of this.sharedOutputs(outputs, inputs)) this.calls.push(this.copyOf(name, output));
  }

  /** Outputs of the caller that are an input, or another output, as well. */
  readonly extraOutputs = new Map<string, Value>();

  private *sharedOutputs(outputs: Schedule["outputs"], inputs: Schedule["inputs"]): Generator<[string, Value]> {
    const taken = new Set([...inputs.values()].map(({ id }) => id));
    for (const [name, output] of outputs) {
      if (taken.has(output.id)) yield [name, output];
      taken.add(output.id);
    }
  }

  private copyOf(name: string, output: Value): KernelCall {
    const copy = this.fresh(output.shape);
    this.extraOutputs.set(name, copy);
    return copyCall(output, copy, [1, elementCount(output.shape)]);
  }

  private fresh(shape: readonly number[]): Value {
    return { id: this.nextId++, shape, type: "float" };
  }

  private slice(of: Value, shape: readonly number[], offset: number, stride: number | null): Value {
    const slice = this.fresh(shape);
    this.views.set(slice.id, { of, offset, stride });
    return slice;
  }

  private strideOf(value: Value): number {
    const view = this.views.get(value.id);
    return view ? (view.stride ?? this.strideOf(view.of)) : widthOf(value);
  }

  private resolve({ kernel, inputs, outputs }: ViewStep): void {
    if (kernel === "split") this.split(inputs[0], outputs);
    else if (kernel === "concat") this.concat(inputs, outputs[0]);
    else this.reshape(inputs[0], outputs[0]);
  }

  private split(x: Value, parts: readonly Value[]): void {
    let offset = 0;
    for (const part of parts) {
      if (this.fixed.has(part.id)) this.calls.push(copyCall(this.slice(x, part.shape, offset, null), part, part.shape));
      else this.views.set(part.id, { of: x, offset, stride: null });
      offset += part.shape[1];
    }
  }

  private concat(parts: readonly Value[], z: Value): void {
    let offset = 0;
    for (const part of parts) {
      const isFree = !this.fixed.has(part.id) && !this.views.has(part.id) && !this.whole.has(part.id);
      if (isFree) this.views.set(part.id, { of: z, offset, stride: null });
      else this.calls.push(copyCall(part, this.slice(z, part.shape, offset, null), part.shape));
      offset += part.shape[1];
    }
  }

  private reshape(x: Value, y: Value): void {
    if (this.fixed.has(y.id) || this.strideOf(x) !== widthOf(x)) {
      this.calls.push(copyCall(x, this.slice(y, x.shape, 0, widthOf(x)), x.shape));
      this.whole.add(y.id);
      return;
    }
    for (let of: Value | undefined = x; of; of = this.views.get(of.id)?.of) this.whole.add(of.id);
    this.views.set(y.id, { of: x, offset: 0, stride: widthOf(y) });
  }

  /** The value whose storage another lies in, and where. */
  root(value: Value): { readonly root: Value; readonly offset: number; readonly stride: number } {
    let offset = 0;
    let root = value;
    for (let view = this.views.get(value.id); view; view = this.views.get(root.id)) {
      offset += view.offset;
      root = view.of;
    }
    return { root, offset, stride: this.strideOf(value) };
  }
}

interface Life {
  begin: number;
  end: number;
}

/** Chooses places. Every value read by a call is made by an earlier one, as `ScheduleEditor.finish` has seen to. */
export function place(schedule: Schedule): Placement {
  const resolver = new ViewResolver(schedule);
  const { calls } = resolver;
  const lives = livesOf(schedule, resolver);
  const inputs = new Map([...schedule.inputs].map(([name, { id }]) => [id, name]));
  const named = [...schedule.outputs].filter(([name]) => !resolver.extraOutputs.has(name));
  const outputs = new Map([...named, ...resolver.extraOutputs].map(([name, { id }]) => [id, name]));
  const shared = sharedStorage(resolver, lives, inputs);

  const members = new Map<number, Value[]>();
  for (const { root } of lives.values()) {
    const first = shared(root.id);
    members.set(first, [...(members.get(first) ?? []), root]);
  }
  const storages: Storage[] = [];
  const numbers = new Map<number, number>();
  for (const [first, values] of members) {
    const output = values.map(({ id }) => outputs.get(id)).find((name) => name !== undefined);
    const input = inputs.get(values[0].id);
    numbers.set(first, storages.length);
    storages.push({
      elements: elementCount(values[0].shape),
      bound:
        input !== undefined
          ? { kind: "input", name: input }
          : output !== undefined
            ? { kind: "output", name: output }
            : null,
      begin: Math.min(...values.map(({ id }) => lives.get(id)!.life.begin)),
      end: Math.max(...values.map(({ id }) => lives.get(id)!.life.end)),
    });
  }
  const places = new Map<number, Place>();
  for (const value of calls.flatMap((call) => [...readsOf(call), ...writesOf(call)])) {
    const { root, offset, stride } = resolver.root(value);
    places.set(value.id, { storage: numbers.get(shared(root.id))!, offset, stride });
  }
  return { calls, places, storages };
}

/** When each storage's own value, or any that lies in it, is touched. */
function livesOf({ inputs, outputs }: Schedule, resolver: ViewResolver): Map<number, { root: Value; life: Life }> {
  const lives = new Map<number, { root: Value; life: Life }>();
  const touch = (value: Value, index: number) => {
    const { root } = resolver.root(value);
    const found = lives.get(root.id);
    if (found) found.life.end = Math.max(found.life.end, index);
    else lives.set(root.id, { root, life: { begin: index, end: index } });
  };
  for (const value of inputs.values()) touch(value, -1);
  resolver.calls.forEach((call, index) => {
    for (const value of [...readsOf(call), ...writesOf(call)]) touch(value, index);
  });
  for (const value of [...outputs.values(), ...resolver.extraOutputs.values()]) touch(value, resolver.calls.length);
  return lives;
}

/** Lets outputs of kernels take the place of inputs that are not read again. @returns the root that stands for a storage. */
function sharedStorage(
  resolver: ViewResolver,
  lives: ReadonlyMap<number, { root: Value; life: Life }>,
  inputs: ReadonlyMap<number, string>,
): (id: number) => number {
  const parents = new Map<number, number>();
  const find = (id: number): number => {
    const parent = parents.get(id);
    return parent === undefined ? id : find(parent);
  };
  const lastUse = new Map([...lives].map(([id, { life }]) => [id, life.end]));
  resolver.calls.forEach((call, index) => {
    for (const [written, candidates] of Object.entries(formOf(call.kernel).writes)) {
      const output = call.operands[written] as Value | undefined;
      if (!output || resolver.views.has(output.id)) continue;
      const found = candidates
        .filter((name) => name in call.operands && canTakeOver(call, name))
        .map((name) => call.operands[name] as Value)
        .find((input) => {
          if (isConstant(input) || inputs.has(input.id)) return false;
          // An output of the caller lives to the end, and a part of another value has no life of its own.
          const isLastUse = lastUse.get(find(input.id)) === index;
          const readOnce = readsOf(call).filter((read) => resolver.root(read).root === input).length === 1;
          return isLastUse && readOnce;
        });
      if (!found) continue;
      const storage = find(found.id);
      parents.set(output.id, storage);
      lastUse.set(storage, lives.get(output.id)!.life.end);
    }
  });
  return find;
}

/** A product's residual may be overwritten only where there is no gate: blocks of the sum lie there meanwhile. */
const canTakeOver = (call: KernelCall, name: string): boolean =>
  !(call.kernel === "matrixProduct" && name === "residual" && "gate" in call.operands);
