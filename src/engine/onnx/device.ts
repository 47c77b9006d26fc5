/** @file Which of onnxruntime's execution providers this machine offers. */

import { OnnxGraph } from "./onnx-graph.js";
import { ort } from "./runtime.js";

export type Device = "cpu" | "webgpu";

export interface DeviceChoice {
  readonly device: Device;
  /** One sentence where the choice is not what was asked for. */
  readonly note: string | null;
}

/** Runs one addition on the device. @returns why it does not work, or null. */
export async function deviceFailure(device: Device): Promise<string | null> {
  const onnx = new OnnxGraph();
  const x = onnx.input("x", [2], "float");
  onnx.output("y", onnx.binary("Add", x, x));
  try {
    const session = await ort.InferenceSession.create(onnx.encode(), {
      executionProviders: [device],
      logSeverityLevel: 4,
      // The first session of a process decides on denormals for its thread, and this may be the first: as in the backend.
      extra: { session: { set_denormal_as_zero: "1" } },
    });
    const { y } = await session.run({ x: new ort.Tensor("float32", Float32Array.of(1, 2), [2]) });
    await session.release();
    return y.data[1] === 4 ? null : "its first sum was wrong";
  } catch (error) {
    // The runtime puts a C++ signature and the failed condition before its sentence.
    return (error as Error).message.split("\n")[0].replace(/^.*\bwas false\.\s*/, "");
  }
}

/** Takes the device that was asked for if it computes, and the CPU otherwise. */
export async function chooseDevice(wanted: Device): Promise<DeviceChoice> {
  if (wanted === "cpu") return { device: "cpu", note: null };
  const reason = await deviceFailure(wanted);
  if (reason === null) return { device: wanted, note: null };
  return { device: "cpu", note: `No usable ${wanted} adapter here (${reason}); computing on the CPU.` };
}
