import { afterEach, describe, expect, it } from "vitest";
import { noCompiler } from "../../test/toy-library.js";
import { InputError, UsageError } from "../foundation/errors.js";
import { type BackendOptions, openBackend } from "./open-backend.js";

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

const setting = { device: "cpu", threads: 1 } as const;

async function refusal(options: Partial<BackendOptions>): Promise<Error> {
  return openBackend({ ...setting, ...options }).then(
    () => new Error("not refused"),
    (error: Error) => error,
  );
}

describe("without a compiler", () => {
  it("takes onnxruntime and says why in one line", async () => {
    process.env.CC = "/nonexistent";
    const { name, precision, note, engine, backend } = await openBackend({ ...setting, precision: "auto" });
    expect([name, precision]).toEqual(["onnx", "fp32"]);
    expect(engine).toMatch(/^onnxruntime \d+\.\d+\.\d+ on cpu, fp32$/);
    expect(backend.description).toMatch(/1 thread$/);
    expect(note).toBe("No C compiler here: CC is '/nonexistent', which does not answer. Computing with onnxruntime.");
  });

  it("refuses what is insisted on", async () => {
    process.env.CC = "/nonexistent";
    const native = await refusal({ backend: "native" });
    expect(native).toBeInstanceOf(InputError);
    expect(native.message).toMatch(/^--backend native cannot be had\. No C compiler here: .*\.$/);
    const bf16 = await refusal({ precision: "bf16" });
    expect(bf16).toBeInstanceOf(InputError);
    expect(bf16.message).toMatch(/^--precision bf16 needs the native kernels\. No C compiler here: .*\.$/);
  });
});

it.each<[Partial<BackendOptions>, RegExp]>([
  [{ backend: "onnx", precision: "bf16" }, /^--precision bf16 needs the native kernels, and --backend onnx was asked/],
  [{ device: "webgpu", precision: "bf16" }, /^--precision bf16 needs the CPU, and --device webgpu was asked/],
  [{ device: "webgpu", backend: "native" }, /^--backend native needs the CPU, and --device webgpu was asked/],
])("refuses the contradiction %j", async (options, message) => {
  const error = await refusal(options);
  expect(error).toBeInstanceOf(InputError);
  expect(error.message).toMatch(message);
});

it("takes onnxruntime without a note where it is asked for", async () => {
  const { name, note } = await openBackend({ ...setting, backend: "onnx" });
  expect([name, note]).toEqual(["onnx", null]);
});

describe.skipIf(noCompiler !== null)("with a compiler", () => {
  it("takes the native kernels", async () => {
    const { name, precision, engine, note, close } = await openBackend(setting);
    expect([note, name, precision]).toEqual([null, "native", "fp32"]);
    expect(engine).toMatch(/^native kernels \(\w+, .+\), fp32$/);
    await close();
  });

  it("computes in bf16 where it is asked for, and by itself only with AMX", async () => {
    const bf16 = await openBackend({ ...setting, backend: "native", precision: "bf16" });
    expect([bf16.precision, bf16.engine]).toEqual(["bf16", expect.stringMatching(/, bf16$/)]);
    await bf16.close();
    const auto = await openBackend({ ...setting, precision: "auto" });
    expect(auto.precision).toBe(auto.engine.includes("(amx,") ? "bf16" : "fp32");
    await auto.close();
  });

  it("is told by the user which variant, and refuses what is none", async () => {
    process.env.DEADWEIGHT_VARIANT = "portable";
    const { engine, close } = await openBackend(setting);
    expect(engine).toMatch(/^native kernels \(portable, /);
    await close();
    process.env.DEADWEIGHT_VARIANT = "avx1024";
    expect(await refusal({})).toBeInstanceOf(UsageError);
  });
});
