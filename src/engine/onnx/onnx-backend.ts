/** @file The onnxruntime backend: float32, on the CPU or WebGPU. The only place that knows onnxruntime's sessions. */

import { InputError } from "../../foundation/errors.js";
import type { Graph } from "../../graph/graph.js";
import { type Backend, type Binding, type Buffer, type Buffers, checkBinding, type Program } from "../backend.js";
import { chooseDevice, type Device } from "./device.js";
import { onnxModel } from "./onnx-model.js";
import { ort } from "./runtime.js";

export interface OnnxBackendOptions {
  readonly device?: Device;
  /** Threads of one operator; 0 leaves it to onnxruntime (all physical cores). */
  readonly threads?: number;
}

function sessionOptions(device: Device, threads: number): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    // Patterns preallocate for the whole run: 37% more memory at no gain in speed.
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: {
      // A masked softmax leaves denormals, which made it six times slower.
      session: { set_denormal_as_zero: "1" },
      // Folding our explicit transposes into Gemm's transA makes weight gradients slower.
      optimization: { disable_specified_optimizers: "GemmTransposeFusion" },
    },
  };
}

function tensor(buffer: Buffer, shape: readonly number[]): ort.Tensor {
  if (buffer instanceof Int32Array) return new ort.Tensor("int32", buffer, shape);
  if (buffer instanceof Float32Array) return new ort.Tensor("float32", buffer, shape);
  throw new InputError("The onnxruntime backend computes in float32; bind Float32Array.");
}

/** A session computes all outputs of its model, so each set of wanted outputs has a session of its own. */
class OnnxProgram implements Program {
  private readonly sessions = new Map<string, Promise<ort.InferenceSession>>();

  constructor(
    readonly graph: Graph,
    private readonly options: ort.InferenceSession.SessionOptions,
  ) {}

  session(outputs: readonly string[]): Promise<ort.InferenceSession> {
    const key = outputs.join("\n");
    let session = this.sessions.get(key);
    if (!session) {
      session = ort.InferenceSession.create(onnxModel(this.graph, outputs), this.options);
      this.sessions.set(key, session);
    }
    return session;
  }

  bind(inputs: Buffers, outputs: Buffers): Binding {
    checkBinding(this.graph, inputs, outputs);
    const names = [...this.graph.outputs.keys()].filter((name) => outputs.has(name));
    const feeds: Record<string, ort.Tensor> = {};
    for (const [name, value] of this.graph.inputs) feeds[name] = tensor(inputs.get(name)!, value.shape);
    const fetches: Record<string, ort.Tensor> = {};
    for (const name of names) fetches[name] = tensor(outputs.get(name)!, this.graph.outputs.get(name)!.shape);
    const opening = this.session(names);
    // A failure to open is reported by run(), not as an unhandled rejection.
    opening.catch(() => {});
    return {
      async run() {
        await (await opening).run(feeds, fetches);
      },
    };
  }

  async dispose(): Promise<void> {
    const sessions = [...this.sessions.values()];
    this.sessions.clear();
    // A session that could not be opened holds nothing.
    for (const session of await Promise.allSettled(sessions))
      if (session.status === "fulfilled") await session.value.release();
  }
}

export async function onnxBackend({
  device = "cpu",
  threads = 0,
}: OnnxBackendOptions = {}): Promise<Backend & { readonly note: string | null }> {
  const choice = await chooseDevice(device);
  const options = sessionOptions(choice.device, threads);
  return {
    description: `onnxruntime ${ort.env.versions.node ?? ""} on ${choice.device}${threads > 0 ? `, ${threads} thread${threads === 1 ? "" : "s"}` : ""}`,
    note: choice.note,
    async compile(graph) {
      return new OnnxProgram(graph, options);
    },
  };
}
