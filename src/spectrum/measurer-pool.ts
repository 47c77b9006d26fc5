/** @file Who measures next, and how much memory is out. Knows nothing of matrices. */
import type { MeasureReply, MeasureRequest, Measurer } from "./measure-request.js";

export interface MeasurerLease {
  run(request: MeasureRequest): Promise<MeasureReply>;
  /** Gives the measurer and the memory back. */
  release(): void;
}

export interface MeasurerPool {
  /** Waits until a measurer is free and so many bytes are, or nothing else is under way. First come, first served. */
  take(bytes: number): Promise<MeasurerLease>;
  /** Memory of this size that an answer has given back; new memory is left to the garbage collector, which takes its time. */
  spare(bytes: number): ArrayBuffer | undefined;
}

interface Idle {
  readonly measurer: Measurer;
  /** The largest that it has measured: a thread's memory grows to that and never shrinks. */
  readonly grown: number;
}

/** The smallest that need not grow, else the largest: so that large matrices make one thread grow, not each in turn. */
function takeFor(bytes: number, idle: Idle[]): Idle {
  const order = (a: Idle, b: Idle) => {
    const [first, second] = [a.grown >= bytes, b.grown >= bytes];
    if (first !== second) return first ? -1 : 1;
    return first ? a.grown - b.grown : b.grown - a.grown;
  };
  const best = [...idle].sort(order)[0];
  idle.splice(idle.indexOf(best), 1);
  return best;
}

export function measurerPool(measurers: readonly Measurer[], mostBytes: number): MeasurerPool {
  const idle = measurers.map((measurer): Idle => ({ measurer, grown: 0 }));
  const waiting: { readonly bytes: number; readonly grant: (lease: MeasurerLease) => void }[] = [];
  let bytesOut = 0;
  const spares: ArrayBuffer[] = [];
  const keep = (reply: MeasureReply): MeasureReply => {
    if ("bytes" in reply && reply.bytes.buffer instanceof ArrayBuffer) {
      spares.push(reply.bytes.buffer);
      if (spares.length > measurers.length) spares.shift();
    }
    return reply;
  };
  const serve = () => {
    for (let [next] = waiting; next && idle.length > 0; [next] = waiting) {
      if (idle.length < measurers.length && bytesOut + next.bytes > mostBytes) return;
      waiting.shift();
      const { bytes } = next;
      const { measurer, grown } = takeFor(bytes, idle);
      bytesOut += bytes;
      next.grant({
        run: async (request) => keep(await measurer(request)),
        release() {
          idle.push({ measurer, grown: Math.max(grown, bytes) });
          bytesOut -= bytes;
          serve();
        },
      });
    }
  };
  return {
    spare(bytes) {
      const at = spares.findIndex(({ byteLength }) => byteLength === bytes);
      return at < 0 ? undefined : spares.splice(at, 1)[0];
    },
    take: (bytes) =>
      new Promise((grant) => {
        waiting.push({ bytes, grant });
        serve();
      }),
  };
}
