/** @file The scan of a small model made for the purpose: strong components, noise, a NaN, a packed tensor. Measured, not invented. */
import { randomStream } from "../src/foundation/random.js";
import type { ScanRecord } from "../src/records/scan-record.js";
import { scanRecord } from "../src/spectrum/scan-record.js";
import { float32Tensor, type MemoryTensor, memoryCheckpoint } from "./memory-checkpoint.js";

function noise(name: string, count: number): number[] {
  const values = new Float32Array(count);
  randomStream(1, name).fillNormal(values, 0.02);
  return [...values];
}

export async function sampleScanRecord(): Promise<ScanRecord> {
  const tensors: Record<string, MemoryTensor> = {};
  for (let layer = 0; layer < 3; layer++) {
    const strength = 0.2 / (layer + 1);
    const attention = noise(`attention ${layer}`, 32 * 96).map(
      (value, i) => value + strength * Math.sin(i % 96) * Math.cos(Math.floor(i / 96)),
    );
    tensors[`transformer.h.${layer}.attn.c_attn.weight`] = float32Tensor([32, 96], attention);
    const projection = noise(`projection ${layer}`, 32 * 32);
    if (layer === 1) projection[7] = Number.NaN;
    if (layer === 2) for (let i = 0; i < 32; i++) projection[i] += 0.3;
    tensors[`transformer.h.${layer}.attn.c_proj.weight`] = float32Tensor([32, 32], projection);
  }
  tensors["transformer.wte.weight"] = float32Tensor([300, 32], noise("wte", 300 * 32));
  tensors["packed.weight"] = { dtype: "F4", shape: [8, 8] };
  return scanRecord(memoryCheckpoint(tensors, { model_type: "gpt2", architectures: ["GPT2LMHeadModel"] }));
}
