import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { exportCases, exportFixture, planOf } from "../../test/export-cases.js";
import { float32Tensor, memoryCheckpoint } from "../../test/memory-checkpoint.js";
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import { writeCheckpointFolder } from "../checkpoint/checkpoint-folder.js";
import { openSafetensors } from "../checkpoint/safetensors-file.js";
import { InputError, OutputError } from "../foundation/errors.js";
import { factorProduct } from "../foundation/factored-matrix.js";

import { type PlanRecord, planRecord } from "../records/plan-record.js";
import { readRecord } from "../records/record-file.js";
import { compactCheckpoint, writeCompactCheckpoint } from "./compact-checkpoint.js";
import { compactKey, parseCompactRecord } from "./compact-record.js";
import { pythonLoader } from "./python-loader.js";
import { replacedCheckpoint } from "./replaced-checkpoint.js";

const folder = mkdtempSync(join(tmpdir(), "deadweight-compact-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Name = keyof typeof exportCases;
const names = Object.keys(exportCases) as Name[];

function headerOf(path: string) {
  const file = openSafetensors(join(path, "compact.safetensors"));
  try {
    const values = new Map([...file.header.tensors.keys()].map((name) => [name, file.readFloat32(name)]));
    return { ...file, values, record: parseCompactRecord(file.header.metadata.get(compactKey), path) };
  } finally {
    file.close();
  }
}

function exported(name: Name, path: string, more: Partial<PlanRecord> = {}) {
  const { source, matrices } = exportCases[name];
  const checkpoint = openCheckpoint(source);
  try {
    const plan = planOf(checkpoint, matrices, more);
    writeCompactCheckpoint(path, checkpoint, plan);
    return plan;
  } finally {
    checkpoint.close();
  }
}

/** The folder of the replaced checkpoint, and the plan bound to it. */
function applied(name: Name, path: string, change: (tensor: string, values: Float32Array) => void = () => {}) {
  const { source, matrices } = exportCases[name];
  const checkpoint = openCheckpoint(source);
  const content = replacedCheckpoint(checkpoint, planOf(checkpoint, matrices));
  const tensors = [...content.tensors].map((tensor) => {
    const values = typeof tensor.data === "function" ? tensor.data() : tensor.data;
    change(tensor.name, values);
    return { ...tensor, data: values };
  });
  writeCheckpointFolder(path, { ...content, tensors });
  checkpoint.close();
  const { record } = headerOf(exportFixture(`${name}-compact`));
  // A deviation that was not given is that of the values before they were replaced.
  const deviations = new Map(record.matrices.flatMap((m) => (m.form === "random" ? [[m.parameter, m.deviation]] : [])));
  return matrices.map((planned) =>
    planned.action === "random" ? { ...planned, deviation: deviations.get(`${planned.name}.weight`)! } : planned,
  );
}

describe.each(names)("the compact checkpoint of %s", (name) => {
  it("is the folder that the loader for PyTorch was tried on", () => {
    const path = join(folder, name);
    exported(name, path);
    const [found, wanted] = [headerOf(path), headerOf(exportFixture(`${name}-compact`))];
    expect({ ...found.record, version: "" }).toEqual({ ...wanted.record, version: "" });
    expect([...found.header.tensors.keys()]).toEqual([...wanted.header.tensors.keys()]);
    for (const [tensor, values] of found.values)
      values.forEach((value, i) => {
        expect(Math.abs(value - wanted.values.get(tensor)![i]), tensor).toBeLessThan(
          tensor.includes(":") ? 1e-6 : 1e-30,
        );
      });
    expect(readdirSync(path).sort()).toEqual(["compact.safetensors", "config.json", "load_compact.py", "plan.json"]);
    const given = (file: string) => readFileSync(exportFixture(file), "utf8");
    expect(readFileSync(join(path, "config.json"), "utf8")).toBe(given(`${name}-compact/config.json`));
    expect(readFileSync(join(path, "load_compact.py"), "utf8")).toBe(given("load_compact.py"));
    expect(given("load_compact.py")).toBe(pythonLoader);
  });

  it("is as small as the plan says", () => {
    const path = join(folder, `${name}-size`);
    const { record } = exported(name, path);
    const bytes = name === "mistral" ? 2 : 4;
    const { header } = headerOf(path);
    const size = statSync(join(path, "compact.safetensors")).size;
    expect(size - header.dataByteBegin).toBe(record.effectiveParameters * bytes);
    expect(record.effectiveParameters).toBeLessThan(record.parameters);
    expect(readRecord(join(path, "plan.json"), planRecord)).toEqual(record);
  });

  it("of what was trained with the plan holds the same", () => {
    const path = join(folder, `${name}-applied`);
    const matrices = applied(name, path);
    const checkpoint = openCheckpoint(path);
    const compact = join(folder, `${name}-applied-compact`);
    writeCompactCheckpoint(compact, checkpoint, planOf(checkpoint, matrices, { applied: true }));
    checkpoint.close();
    const [found, wanted] = [headerOf(compact), headerOf(exportFixture(`${name}-compact`))];
    expect(found.record.matrices).toEqual(wanted.record.matrices);
    expect([...found.header.tensors.keys()]).toEqual([...wanted.header.tensors.keys()]);
    // Factors of a product differ from those that made it by rotation and rounding; their product must not.
    const unit = name === "mistral" ? 2 ** -7 : 2 ** -22;
    for (const matrix of found.record.matrices) {
      if (matrix.form !== "factors") continue;
      const [a, b] = [found, wanted].map(({ values }) => {
        const factors = { left: values.get(matrix.left)!, right: values.get(matrix.right)! };
        return factorProduct(factors, ...matrix.shape, matrix.rank);
      });
      const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      a.forEach((value, i) => {
        expect(Math.abs(value - b[i]), matrix.name).toBeLessThan(4 * unit * largest);
      });
    }
  });
});

describe("an applied plan", () => {
  const cases: readonly (readonly [action: string, tensor: string])[] = [
    ["random", "model.layers.1.self_attn.o_proj.weight"],
    ["zero", "model.layers.1.mlp.gate_proj.weight"],
    ["crystal", "model.layers.0.self_attn.q_proj.weight"],
  ];
  it.each(cases)("is refused where a %s matrix was trained further", (action, changed) => {
    const path = join(folder, `further-${action}`);
    const matrices = applied("llama", path, (tensor, values) => {
      if (tensor === changed) values[7] += 1e-3;
    });
    const checkpoint = openCheckpoint(path);
    const plan = planOf(checkpoint, matrices, { applied: true });
    const out = join(folder, `further-${action}-out`);
    expect(() => writeCompactCheckpoint(out, checkpoint, plan)).toThrow(InputError);
    expect(() => writeCompactCheckpoint(out, checkpoint, plan)).toThrow(
      new RegExp(`'${changed}'\\) is not what the plan says \\(${action}\\); was the checkpoint trained further\\?`),
    );
    expect(() => writeCheckpointFolder(out, replacedCheckpoint(checkpoint, plan))).toThrow(/is not what the plan says/);
    expect(existsSync(out)).toBe(false);
    checkpoint.close();
  });

  it("needs the deviation of its random matrices, and leaves the rest as it is", () => {
    const path = join(folder, "no-deviation");
    const matrices = applied("llama", path);
    const checkpoint = openCheckpoint(path);
    const plan = planOf(checkpoint, exportCases.llama.matrices, { applied: true });
    expect(() => compactCheckpoint(checkpoint, plan)).toThrow(/o_proj: the plan is applied but gives no deviation/);
    for (const { name, data } of replacedCheckpoint(checkpoint, planOf(checkpoint, matrices, { applied: true }))
      .tensors)
      expect((data as () => Float32Array)(), name).toEqual(checkpoint.readFloat32(name));
    checkpoint.close();
  });
});

describe("what cannot be exported", () => {
  it("is refused before any work where something stands at the output", () => {
    const path = join(folder, "full");
    exported("gpt2", path);
    writeFileSync(join(path, "mine.txt"), "");
    const { source, matrices } = exportCases.gpt2;
    const checkpoint = openCheckpoint(source);
    const plan = planOf(checkpoint, matrices);
    checkpoint.close();
    // Closed: any reading would be told of instead.
    expect(() => writeCompactCheckpoint(path, checkpoint, plan)).toThrow(OutputError);
    expect(existsSync(join(path, "mine.txt"))).toBe(true);
  });

  const stack = { ...float32Tensor([2, 2, 3], []), bytes: new Uint8Array(48) };
  const weights = {
    "a.weight": float32Tensor([2, 2], [1, Number.NaN, 2, 3]),
    "b.weight": float32Tensor([2, 2], [1, 2, 3, 4]),
  };
  it.each([
    [
      "a single expert of a stack",
      { ...weights, "experts.up_proj": stack },
      { name: "experts.up_proj.1", action: "zero" },
      /a part of tensor/,
    ],
    ["a matrix that is not finite", weights, { name: "a", action: "random", seed: 1 }, /holds NaN or infinite values/],
    [
      "a tensor that cannot be read",
      { ...weights, c: { dtype: "I64", shape: [1] } },
      { name: "b", action: "zero" },
      /'c' is stored as I64/,
    ],
  ] as const)("is %s", (_, tensors, planned, message) => {
    const checkpoint = memoryCheckpoint(tensors, { model_type: "other" });
    const plan = planOf(checkpoint, [planned]);
    expect(() => compactCheckpoint(checkpoint, plan)).toThrow(InputError);
    expect(() => compactCheckpoint(checkpoint, plan)).toThrow(message);
  });

  it("is a checkpoint without its config", () => {
    const checkpoint = memoryCheckpoint(weights);
    expect(() => compactCheckpoint(checkpoint, planOf(checkpoint, [{ name: "b", action: "zero" }]))).toThrow(
      /config\.json/,
    );
  });
});
