/** @file A schedule under change: which step makes a value and how many read it, kept up as steps are replaced. Decides nothing. */
import { ShapeError } from "../../foundation/errors.js";
import type { Value } from "../../graph/graph.js";
import type { KernelName } from "./kernel.js";
import { isView, type KernelCall, readsOf, type Schedule, type Step, useCounts, writesOf } from "./schedule.js";

export class ScheduleEditor {
  private readonly steps: (Step | null)[];
  private readonly uses: Map<number, number>;
  private readonly makers = new Map<number, number>();

  constructor(private readonly schedule: Schedule) {
    this.steps = [...schedule.steps];
    this.uses = useCounts(schedule);
    this.steps.forEach((step, index) => {
      for (const { id } of writesOf(step!)) this.makers.set(id, index);
    });
  }

  /** Every call of a kernel with its place, as it stands when its turn comes. */
  *calls(kernel: KernelName): Generator<readonly [KernelCall, number]> {
    for (let index = 0; index < this.steps.length; index++) {
      const step = this.steps[index];
      if (step?.kernel === kernel && !isView(step)) yield [step, index];
    }
  }

  /** How many steps read a value; a graph output counts as one. */
  useCount({ id }: Value): number {
    return this.uses.get(id) ?? 0;
  }

  /** Where a value is made; -1 for a graph's input. */
  madeAt({ id }: Value): number {
    return this.makers.get(id) ?? -1;
  }

  /** The call that makes a value, where it is one of that kernel. */
  maker(value: Value, kernel: KernelName): KernelCall | null {
    const step = this.steps[this.madeAt(value)];
    return step && !isView(step) && step.kernel === kernel ? step : null;
  }

  /** Puts a step, or none, in the place of another. */
  replace(index: number, step: Step | null): void {
    const before = this.steps[index];
    if (before) {
      for (const { id } of readsOf(before)) this.uses.set(id, this.uses.get(id)! - 1);
      for (const { id } of writesOf(before)) if (this.makers.get(id) === index) this.makers.delete(id);
    }
    this.steps[index] = step;
    if (!step) return;
    for (const { id } of readsOf(step)) this.uses.set(id, (this.uses.get(id) ?? 0) + 1);
    for (const { id } of writesOf(step)) this.makers.set(id, index);
  }

  /** Drops outputs that nobody reads, and steps without any. */
  removeDead(): void {
    for (let index = this.steps.length - 1; index >= 0; index--) {
      const step = this.steps[index];
      if (!step) continue;
      const dead = writesOf(step).filter((value) => this.useCount(value) === 0);
      if (dead.length === writesOf(step).length) this.replace(index, null);
      else if (dead.length > 0 && !isView(step)) {
        const operands = Object.entries(step.operands).filter(([, operand]) => !dead.includes(operand as Value));
        this.replace(index, { ...step, operands: Object.fromEntries(operands) });
      }
    }
  }

  /** @throws ShapeError where a step reads what is not made before it. */
  finish(): Schedule {
    const { inputs, outputs } = this.schedule;
    const steps = this.steps.filter((step) => step !== null);
    const made = new Set([...inputs.values()].map(({ id }) => id));
    for (const step of steps) {
      for (const { id } of readsOf(step))
        if (!made.has(id)) throw new ShapeError(`native ${step.kernel}: value %${id} is read before it is made.`);
      for (const { id } of writesOf(step)) {
        if (made.has(id)) throw new ShapeError(`native ${step.kernel}: value %${id} is made twice.`);
        made.add(id);
      }
    }
    for (const [name, { id }] of outputs)
      if (!made.has(id)) throw new ShapeError(`native: output '${name}' (%${id}) is not made.`);
    return { inputs, steps, outputs };
  }
}
