import { describe, expect, it } from "vitest";
import {
  architectureFixtures,
  architectureFolder,
  architectureGradients,
  shapedPacked,
} from "../../test/architecture-fixture.js";
import { modelInputs } from "../../test/model-numbers.js";
import { nativeEngines } from "../../test/native-engine.js";
import { maximumDifference, relativeDifference } from "../../test/relative-difference.js";
import { type Precision, runGraph } from "../../test/run-graph.js";
import type { Backend, Buffer } from "../engine/backend.js";
import { onnxBackend } from "../engine/onnx/onnx-backend.js";
import { referenceBackend } from "../engine/reference/reference-backend.js";
import { gradientName } from "../graph/differentiate.js";
import { logitsGraph, trainingGraph } from "../model/model-graph.js";
import { openBaseModel } from "./base-model.js";
import { cosineLearningRate } from "./schedule.js";
import { Trainer } from "./trainer.js";

interface Engine {
  readonly engine: string;
  readonly open: () => Promise<Backend>;
  readonly precision: Precision;
  /** Largest difference of a logit, largest relative difference of a loss and of a gradient from float64 PyTorch. */
  readonly logits: number;
  readonly loss: number;
  readonly gradient: number;
}

const engines: Engine[] = [
  // transformers rounds the rotary frequencies to float32, and the fixture its gradients.
  {
    ...{ engine: "the reference", open: async () => referenceBackend, precision: "float64" as const },
    ...{ logits: 1e-6, loss: 1e-9, gradient: 2e-7 },
  },
  {
    ...{ engine: "onnxruntime", open: () => onnxBackend({ threads: 2 }), precision: "float32" as const },
    ...{ logits: 1e-4, loss: 1e-5, gradient: 1e-4 },
  },
  ...nativeEngines({
    fp32: { logits: 1e-4, loss: 1e-5, gradient: 1e-5 },
    bf16: { logits: 5e-2, loss: 2e-3, gradient: 2.5e-2 },
  }),
];
const names = Object.keys(architectureFixtures);

describe.each(engines)("on $engine, against transformers in float64", ({ open, precision, ...tolerance }) => {
  it.each(names)("%s gives the logits", async (name) => {
    const { build, weights } = openBaseModel(architectureFolder(name));
    const { rows, length, tokens, positions, values } = architectureFixtures[name].logits;
    const inputs = new Map<string, Buffer>([
      ...weights,
      ["tokens", Int32Array.from(tokens)],
      ["positions", Int32Array.from(positions)],
    ]);
    const outputs = await runGraph(await open(), logitsGraph(build(), { rows, length }), inputs, { precision });
    expect(maximumDifference(outputs.get("logits")!, values)).toBeLessThan(tolerance.logits);
  });

  it.each(names)("%s gives the loss and the gradient of every parameter of a packed batch", async (name) => {
    const { build, weights } = openBaseModel(architectureFolder(name));
    const { packed } = architectureFixtures[name];
    const { batch, shape } = shapedPacked(packed);
    const parameters = build().parameters.map((parameter) => parameter.name);
    const graph = trainingGraph(build(), shape, parameters);
    const outputs = await runGraph(await open(), graph, modelInputs(weights, batch), { precision });
    expect(Math.abs(outputs.get("loss")![0] / packed.loss - 1)).toBeLessThan(tolerance.loss);
    const gradients = architectureGradients(name);
    expect([...gradients.keys()].sort()).toEqual([...parameters].sort());
    for (const parameter of parameters) {
      const found = outputs.get(gradientName(parameter))!;
      expect(relativeDifference(found, gradients.get(parameter)!), parameter).toBeLessThan(tolerance.gradient);
    }
  });
});

it.each(names)("%s: 20 steps of fine-tuning follow a plain PyTorch loop", async (name) => {
  const { build, weights } = openBaseModel(architectureFolder(name));
  const { batches, losses, schedule } = architectureFixtures[name].training;
  const trainer = new Trainer(await onnxBackend({ threads: 1 }), { model: build(), weights });
  try {
    for (const [step, expected] of losses.entries()) {
      const { batch, shape } = shapedPacked(batches[step % batches.length]);
      const { loss } = await trainer.step(batch, shape, step + 1, cosineLearningRate(schedule, step));
      expect(Math.abs(loss - expected), `step ${step + 1}`).toBeLessThan(1e-3);
    }
  } finally {
    await trainer.dispose();
  }
});
