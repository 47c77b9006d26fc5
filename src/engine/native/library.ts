/** @file The compiled library as `native/library.h` declares it. Knows nothing of graphs, and of instructions only their size. */
import { InputError } from "../../foundation/errors.js";
import type { OptimizerArrays, OptimizerLoops } from "../backend.js";
import { openShared, type SharedLibrary } from "./foreign-functions.js";
import { instructionBytes } from "./instruction.js";
import type { Variant } from "./variant.js";

export interface NativeLibrary {
  readonly variant: Variant;
  /** For people: "native kernels (avx512, cc 12.2.0)". */
  readonly description: string;
  /** @throws InputError where the threads cannot be had. */
  openPool(threads: number): NativePool;
}

/** Threads and their scratch memory; native until it is closed. Does one thing at a time: nothing else while instructions run. */
export interface NativePool extends OptimizerLoops {
  readonly threads: number;
  /** Where an array lies, for as long as its owner keeps it. */
  address(array: ArrayBufferView): bigint;
  /** Memory of undefined content, for whoever asks to free. @throws InputError where it cannot be had. */
  allocate(bytes: number): bigint;
  free(address: bigint, bytes: number): void;
  /** Runs instructions in order, off the main thread. The owner keeps what they point to. @throws InputError where memory is short. */
  run(instructions: Uint8Array, count: number): Promise<void>;
  /** What kernels hold beside the memory that instructions name. */
  scratchBytes(): number;
  close(): void;
}

const [done, noMemory] = [0, 1];

interface Functions {
  address(array: ArrayBufferView): number | bigint;
  allocate(bytes: number): bigint | null;
  free(address: bigint, bytes: number): void;
  open(threads: number): bigint | null;
  close(pool: bigint): void;
  scratchBytes(pool: bigint): number | bigint;
  /** On a thread of libuv's. */
  run(pool: bigint, instructions: Uint8Array, count: number): Promise<number>;
  sumOfSquares(pool: bigint, values: Float32Array, count: number): number;
  adamw(pool: bigint, arrays: OptimizerArrays, count: number, scalars: Float64Array): void;
}

function declare(shared: SharedLibrary): Functions {
  const adamw = shared.func(
    "void deadweightAdamw(void *pool, void *w, const void *g, void *m, void *v, int64_t count, const void *scalars)",
  );
  const run = shared.func("int32_t deadweightRun(void *pool, const void *instructions, int64_t count)");
  return {
    address: shared.func("uint64_t deadweightAddress(const void *data)"),
    allocate: shared.func("void *deadweightAllocate(int64_t bytes)"),
    free: shared.func("void deadweightFree(void *memory, int64_t bytes)"),
    open: shared.func("void *deadweightOpen(int32_t threads)"),
    close: shared.func("void deadweightClose(void *pool)"),
    scratchBytes: shared.func("int64_t deadweightScratchBytes(const void *pool)"),
    run: (pool, instructions, count) =>
      new Promise((resolve, reject) => {
        run.async(pool, instructions, count, (error: unknown, result: number) =>
          error ? reject(error) : resolve(result),
        );
      }),
    sumOfSquares: shared.func("double deadweightSumOfSquares(void *pool, const void *values, int64_t count)"),
    adamw: (pool, { weights, gradients, firstMoments, secondMoments }, count, scalars) =>
      adamw(pool, weights, gradients, firstMoments, secondMoments, count, scalars),
  };
}

/** V8 keeps a small array on its own heap, where it moves, until its buffer is asked for. */
function settle<A extends ArrayBufferView>(array: A): A {
  void array.buffer;
  return array;
}

const memoryError = (what: string) =>
  new InputError(`The native kernels do not get ${what}. Give --memory lower, or fewer --jobs.`);

class Pool implements NativePool {
  private pool: bigint | null;
  private running = false;

  constructor(
    private readonly functions: Functions,
    readonly threads: number,
  ) {
    this.pool = functions.open(threads);
    if (!this.pool) throw new InputError(`${threads} threads cannot be had; give fewer by --threads.`);
  }

  /** The library serves one caller at a time, and a mistake here would be a crash there. */
  private idle(): bigint {
    if (this.pool === null) throw new Error("A pool of native threads is used after it was closed.");
    if (this.running) throw new Error("A pool of native threads is used while it runs instructions.");
    return this.pool;
  }

  address(array: ArrayBufferView): bigint {
    return BigInt(this.functions.address(settle(array)));
  }

  allocate(bytes: number): bigint {
    const address = this.functions.allocate(bytes);
    if (!address) throw memoryError(`${(bytes / 1e9).toFixed(1)} GB`);
    return address;
  }

  free(address: bigint, bytes: number): void {
    this.functions.free(address, bytes);
  }

  async run(instructions: Uint8Array, count: number): Promise<void> {
    const pool = this.idle();
    this.running = true;
    try {
      const status = await this.functions.run(pool, settle(instructions), count);
      if (status === noMemory) throw memoryError("the memory that they compute in");
      if (status !== done) throw new Error(`The native library answered ${status}: it does not know a kernel.`);
    } finally {
      this.running = false;
    }
  }

  sumOfSquares(values: Float32Array): number {
    return this.functions.sumOfSquares(this.idle(), settle(values), values.length);
  }

  adamw(arrays: OptimizerArrays, scalars: Float64Array): void {
    for (const array of Object.values(arrays)) settle(array);
    this.functions.adamw(this.idle(), arrays, arrays.weights.length, settle(scalars));
  }

  scratchBytes(): number {
    return Number(this.functions.scratchBytes(this.idle()));
  }

  close(): void {
    this.functions.close(this.idle());
    this.pool = null;
  }
}

/** @throws InputError where it cannot be loaded, or reads other instructions than are written here. */
export async function openLibrary(path: string, variant: Variant, compiledBy: string): Promise<NativeLibrary> {
  const shared = await openShared(path);
  let bytes: number;
  let functions: Functions;
  try {
    bytes = shared.func("int32_t deadweightInstructionBytes()")();
    functions = declare(shared);
  } catch (error) {
    throw new InputError(`${path}: is not the kernel library (${(error as Error).message}).`);
  }
  if (bytes !== instructionBytes)
    throw new InputError(`${path}: reads instructions of ${bytes} bytes; this version writes ${instructionBytes}.`);
  return {
    variant,
    description: `native kernels (${variant}, ${compiledBy})`,
    openPool: (threads) => new Pool(functions, threads),
  };
}
