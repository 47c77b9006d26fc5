/** @file Chooses the backend that trains. The only place to change when there is a faster one. */
import type { Backend } from "../engine/backend.js";
import type { Device } from "../engine/onnx/device.js";
import { onnxBackend } from "../engine/onnx/onnx-backend.js";

export interface BackendChoice {
  readonly backend: Backend;
  /** One sentence where it is not what was asked for. */
  readonly note: string | null;
}

/** @param threads of one operator; 0 for all physical cores. */
export async function openBackend({ device, threads }: { device: Device; threads: number }): Promise<BackendChoice> {
  const { note, ...backend } = await onnxBackend({ device, threads });
  return { backend, note };
}
