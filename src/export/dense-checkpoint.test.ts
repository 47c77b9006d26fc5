import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { exportCases, exportFixture, planOf } from "../../test/export-cases.js";
import { maximumDifference } from "../../test/relative-difference.js";
import { runGraph } from "../../test/run-graph.js";
import { absence, trainedFolder } from "../../test/trained-fixture.js";
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import { writeCheckpointFolder } from "../checkpoint/checkpoint-folder.js";
import { armOf } from "../crystal/planned-arm.js";
import { treatEach } from "../crystal/treatment.js";
import type { Buffer } from "../engine/backend.js";
import { onnxBackend } from "../engine/onnx/onnx-backend.js";
import { OutputError } from "../foundation/errors.js";
import { randomWeights } from "../foundation/random-weights.js";
import { sha256OfBytes } from "../foundation/sha256.js";
import { logitsGraph } from "../model/model-graph.js";
import type { PlannedMatrix } from "../records/plan-record.js";
import { openBaseModel } from "../training/base-model.js";
import { writeCompactCheckpoint } from "./compact-checkpoint.js";
import { writeDenseCheckpoint } from "./dense-checkpoint.js";
import { replacedCheckpoint } from "./replaced-checkpoint.js";

interface SavedModel {
  readonly rows: number;
  readonly length: number;
  readonly tokens: readonly number[];
  readonly logits: readonly number[];
  readonly loaderLogits: readonly number[];
  readonly tensors: Readonly<Record<string, string>>;
  readonly products: Readonly<Record<string, readonly number[]>>;
}

/** `make_export.py` describes each number. */
const fromPython: {
  readonly models: Readonly<Record<string, SavedModel>>;
  readonly random: readonly (Parameters<typeof randomWeights>[0] & { readonly sha256: string })[];
} = JSON.parse(readFileSync(exportFixture("export.json"), "utf8"));

const folder = mkdtempSync(join(tmpdir(), "deadweight-dense-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Name = keyof typeof exportCases;
const names = Object.keys(exportCases) as Name[];
const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

function tensorsOf(path: string) {
  const checkpoint = openCheckpoint(path);
  try {
    return new Map(
      [...checkpoint.tensors.values()].map((tensor) => [
        tensor.name,
        { ...tensor, values: checkpoint.readFloat32(tensor.name) },
      ]),
    );
  } finally {
    checkpoint.close();
  }
}

type Batch = Pick<SavedModel, "rows" | "length" | "tokens">;

async function logitsOf(
  path: string,
  { rows, length, tokens }: Batch,
  { ranks, replaced }: Partial<Pick<ReturnType<typeof treatEach>, "ranks" | "replaced">> = {},
) {
  const { build, weights } = openBaseModel(path);
  const model = build(ranks);
  const inputs = new Map<string, Buffer>([
    ...model.parameters.map(({ name }): [string, Buffer] => [name, replaced?.get(name) ?? weights.get(name)!]),
    ["tokens", Int32Array.from(tokens)],
    ["positions", Int32Array.from(tokens, (_, i) => i % length)],
  ]);
  const graph = logitsGraph(model, { rows, length });
  const outputs = await runGraph(await onnxBackend({ threads: 1 }), graph, inputs, { precision: "float32" });
  return outputs.get("logits")!;
}

/** The base with its matrices treated as by a trial: rank k as two thin products in the graph. */
function treatedLogits(path: string, matrices: readonly PlannedMatrix[], batch: Batch) {
  const { weights, build } = openBaseModel(path);
  const shapes = new Map(build().parameters.map(({ name, shape }) => [name, shape]));
  const treated = matrices.map((planned) => {
    const parameter = `${planned.name}.weight`;
    const [rows, columns] = shapes.get(parameter)!;
    const matrix = { parameter, shape: [rows, columns] as const, trained: weights.get(parameter)! };
    return { matrix, arm: armOf(planned), deviation: planned.deviation, seed: planned.seed };
  });
  return logitsOf(path, batch, treatEach(treated, { seed: 0, initializerRange: 0.02 }));
}

function roundTrip(source: string, matrices: readonly PlannedMatrix[], name: string) {
  const [compact, dense] = [join(folder, `${name}-compact`), join(folder, `${name}-dense`)];
  const checkpoint = openCheckpoint(source);
  const plan = planOf(checkpoint, matrices);
  writeCompactCheckpoint(compact, checkpoint, plan);
  checkpoint.close();
  writeDenseCheckpoint(dense, compact);
  return { compact, dense, plan };
}

describe.each(names)("the compact checkpoint of %s, made dense", (name) => {
  const { source, matrices } = exportCases[name];
  const saved = fromPython.models[name];

  it("is to the byte the replaced checkpoint, and the folder that transformers opened", () => {
    const { dense } = roundTrip(source, matrices, `${name}-bytes`);
    const replaced = join(folder, `${name}-replaced`);
    const checkpoint = openCheckpoint(source);
    writeCheckpointFolder(replaced, replacedCheckpoint(checkpoint, planOf(checkpoint, matrices)));
    checkpoint.close();
    for (const file of ["config.json", "model.safetensors"])
      expect(readFileSync(join(dense, file)).equals(readFileSync(join(replaced, file))), file).toBe(true);
    const wanted = tensorsOf(exportFixture(`${name}-dense`));
    for (const { values, ...tensor } of tensorsOf(dense).values()) {
      const { values: opened, ...expected } = wanted.get(tensor.name)!;
      expect(tensor).toEqual(expected);
      const product = tensor.name in saved.products;
      expect(maximumDifference(values, opened), tensor.name).toBeLessThanOrEqual(product ? 1e-6 : 0);
    }
    expect([...wanted.keys()].sort()).toEqual([...tensorsOf(source).keys()].sort());
  });

  it("holds the values that the loader for PyTorch gives", () => {
    const found = tensorsOf(exportFixture(`${name}-dense`));
    const { tensors, products } = saved;
    expect([...Object.keys(tensors), ...Object.keys(products)].sort()).toEqual([...found.keys()].sort());
    for (const [tensor, sha256] of Object.entries(tensors))
      expect(sha256OfBytes(bytesOf(found.get(tensor)!.values)), tensor).toBe(sha256);
    // Sums in another order: the last bit of the element type.
    for (const [tensor, values] of Object.entries(products))
      values.forEach((value, i) => {
        const unit = name === "mistral" ? 2 ** -7 : 2 ** -21;
        expect(Math.abs(value - found.get(tensor)!.values[i]), tensor).toBeLessThanOrEqual(
          unit * Math.abs(value) + 1e-8,
        );
      });
  });

  it("gives the logits of transformers, opened or through the loader", async () => {
    const logits = await logitsOf(exportFixture(`${name}-dense`), saved);
    expect(maximumDifference(logits, saved.logits)).toBeLessThan(1e-5);
    expect(maximumDifference(logits, saved.loaderLogits)).toBeLessThan(1e-5);
  });
});

describe("the logits of the dense checkpoint", () => {
  it.each(["gpt2", "llama"] as const)("of %s are those of the replaced model", async (name) => {
    const { source, matrices } = exportCases[name];
    const { dense } = roundTrip(source, matrices, `${name}-logits`);
    const batch = fromPython.models[name];
    const [found, wanted] = [await logitsOf(dense, batch), await treatedLogits(source, matrices, batch)];
    expect(maximumDifference(found, wanted)).toBeLessThan(1e-5);
    expect(maximumDifference(found, await logitsOf(source, batch))).toBeGreaterThan(0.01);
  });

  it("of a trained model are those of the replaced model, and the file is as small as the plan says", async ({
    skip,
  }) => {
    const why = absence("stories15M");
    skip(why !== null, why ?? "");
    const source = trainedFolder("stories15M");
    const matrices: PlannedMatrix[] = [
      { name: "layers.1.mlp.down_proj", action: "crystal", rank: 16 },
      { name: "layers.2.self_attn.o_proj", action: "random", seed: 1 },
      { name: "layers.3.self_attn.o_proj", action: "zero" },
      { name: "layers.4.self_attn.q_proj", action: "crystal", rank: 1 },
    ];
    const { compact, dense, plan } = roundTrip(source, matrices, "stories");
    const batch = { rows: 1, length: 8, tokens: [1, 403, 407, 261, 378, 31, 5, 99] };
    const [found, wanted] = [await logitsOf(dense, batch), await treatedLogits(source, matrices, batch)];
    // Two thin products sum in another order than one.
    const largest = Array.from(wanted, Math.abs).reduce((most, value) => Math.max(most, value), 0);
    expect(maximumDifference(found, wanted)).toBeLessThan(1e-5 * largest);
    const size = statSync(join(compact, "compact.safetensors")).size;
    const header = Number(readFileSync(join(compact, "compact.safetensors")).readBigUInt64LE(0));
    expect(size - 8 - header).toBe(plan.record.effectiveParameters * 4);
  }, 60_000);
});

it.each(fromPython.random)("the loader draws the values of $parameter, bit for bit", ({ sha256, ...random }) => {
  expect(sha256OfBytes(bytesOf(randomWeights(random)))).toBe(sha256);
});

it("a stored copy of the tied head is not stored twice, and comes back", () => {
  const { source, matrices } = exportCases.llama;
  const twice = join(folder, "stored-head");
  const checkpoint = openCheckpoint(source);
  const plain = replacedCheckpoint(checkpoint, planOf(checkpoint, [matrices[1]]));
  const copy = { name: "lm_head.weight", shape: [37, 16], dtype: "F32" as const, data: new Float32Array(37 * 16) };
  writeCheckpointFolder(twice, { ...plain, tensors: [...plain.tensors, copy] });
  checkpoint.close();
  const { compact, dense, plan } = roundTrip(twice, matrices, "tied");
  const tensors = tensorsOf(dense);
  expect(tensors.get("lm_head.weight")!.values).toEqual(tensors.get("model.embed_tokens.weight")!.values);
  expect(statSync(join(compact, "compact.safetensors")).size).toBeLessThan(plan.record.effectiveParameters * 4 + 8000);
});

it("is not written where something stands", () => {
  const compact = exportFixture("gpt2-compact");
  expect(() => writeDenseCheckpoint(compact, join(folder, "absent"))).toThrow(OutputError);
});
