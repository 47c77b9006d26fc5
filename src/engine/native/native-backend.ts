/** @file The native backend: graphs planned into instructions on memory of their own, run by the kernel library. */
import { InputError } from "../../foundation/errors.js";
import type { Graph } from "../../graph/graph.js";
import { type Backend, type Binding, type Buffer, type Buffers, checkBinding, type Program } from "../backend.js";
import { encodeInstructions, type Location } from "./instruction.js";
import type { NativeLibrary, NativePool } from "./library.js";
import { type NativePlan, type NativePlanOptions, planNative } from "./native-plan.js";
import { isConstant, type Operand } from "./schedule.js";

export interface NativeBackendOptions extends Partial<NativePlanOptions> {
  readonly library: NativeLibrary;
  /** In all, the caller's among them. */
  readonly threads: number;
}

export interface NativeBackend extends Backend {
  readonly pool: NativePool;
  /** Ends the threads; nothing may run or be compiled afterwards. */
  close(): Promise<void>;
}

/** Memory for intermediate values that all programs of a backend use, one at a time. It grows to what the largest needs. */
class Arena {
  private bytes = 0;
  address = 0n;

  constructor(private readonly pool: NativePool) {}

  /** @returns whether the address is another than before. @throws InputError where the memory cannot be had. */
  reserve(bytes: number): boolean {
    if (bytes <= this.bytes) return false;
    this.release();
    this.address = this.pool.allocate(bytes);
    this.bytes = bytes;
    return true;
  }

  release(): void {
    if (this.bytes > 0) this.pool.free(this.address, this.bytes);
    this.bytes = 0;
    this.address = 0n;
  }
}

/** Runs one after the other: threads and arena are one for all. */
class Machine {
  private last: Promise<void> = Promise.resolve();
  readonly arena: Arena;

  constructor(readonly pool: NativePool) {
    this.arena = new Arena(pool);
  }

  enqueue(job: () => Promise<void>): Promise<void> {
    const done = this.last.then(job);
    this.last = done.catch(() => {});
    return done;
  }
}

class NativeBinding implements Binding {
  private instructions: Uint8Array | null = null;
  private arenaAddress: bigint | null = null;
  private readonly addresses: readonly (bigint | null)[];

  /** The arrays are kept here, so that they stay where they are as long as this does. */
  constructor(
    private readonly machine: Machine,
    private readonly plan: NativePlan,
    private readonly buffers: { readonly input: Buffers; readonly output: Buffers },
    private readonly isDisposed: () => boolean,
  ) {
    this.addresses = plan.storages.map(({ bound }) =>
      bound ? machine.pool.address(this.buffers[bound.kind].get(bound.name)!) : null,
    );
  }

  run(): Promise<void> {
    return this.machine.enqueue(async () => {
      if (this.isDisposed()) throw new InputError("The program was disposed of; nothing runs any more.");
      const { arena, pool } = this.machine;
      arena.reserve(this.plan.arena.bytes);
      if (this.instructions === null || this.arenaAddress !== arena.address) {
        this.instructions = encodeInstructions(this.plan.calls, (operand) => this.locate(operand));
        this.arenaAddress = arena.address;
      }
      await pool.run(this.instructions, this.plan.calls.length);
    });
  }

  private locate(operand: Operand): Location {
    if (isConstant(operand)) return { address: this.machine.pool.address(operand.constant), stride: operand.stride };
    const { storage, offset, stride } = this.plan.places.get(operand.id)!;
    const base = this.addresses[storage] ?? this.machine.arena.address + BigInt(this.plan.arena.offsets[storage]!);
    return { address: base + BigInt(4 * offset), stride };
  }
}

class NativeProgram implements Program {
  private disposed = false;
  private readonly plans = new Map<string, NativePlan>();

  constructor(
    readonly graph: Graph,
    private readonly machine: Machine,
    private readonly options: NativePlanOptions,
  ) {}

  bind(inputs: Buffers, outputs: Buffers): Binding {
    checkBinding(this.graph, inputs, outputs);
    for (const buffer of [...inputs.values(), ...outputs.values()]) checkElements(buffer);
    const names = [...this.graph.outputs.keys()].filter((name) => outputs.has(name));
    const buffers = { input: new Map(inputs), output: new Map(outputs) };
    return new NativeBinding(this.machine, this.planFor(names), buffers, () => this.disposed);
  }

  private planFor(names: readonly string[]): NativePlan {
    const key = names.join("\n");
    const plan = this.plans.get(key) ?? planNative(this.graph, names, this.options);
    this.plans.set(key, plan);
    return plan;
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    this.plans.clear();
  }
}

function checkElements(buffer: Buffer): void {
  if (buffer instanceof Float64Array)
    throw new InputError("The native backend computes in float32; bind Float32Array.");
}

export function nativeBackend({
  library,
  threads,
  precision = "fp32",
  arenaLimitBytes,
}: NativeBackendOptions): NativeBackend {
  const pool = library.openPool(threads);
  const machine = new Machine(pool);
  return {
    description: `native kernels (${library.variant}), ${precision}, ${threads} thread${threads === 1 ? "" : "s"}`,
    pool,
    optimizer: pool,
    async compile(graph) {
      return new NativeProgram(graph, machine, { precision, arenaLimitBytes });
    },
    close() {
      return machine.enqueue(async () => {
        machine.arena.release();
        pool.close();
      });
    },
  };
}
