/** @file Chooses the backend that trains: the native kernels where they work, else onnxruntime. Knows no command line. */
import { z } from "zod";
import type { Backend } from "../engine/backend.js";
import { InputError } from "../foundation/errors.js";

/** Where and how to compute, as it travels to tasks. */
export const computeSetting = {
  device: z.enum(["cpu", "webgpu"]),
  /** 0: all physical cores. */
  threads: z.number().int(),
  /** By default "auto": native where it works. */
  backend: z.enum(["auto", "native", "onnx"]).optional(),
  /** Of the factors of matrix products, by default "fp32"; "auto": bf16 where the processor multiplies it faster. */
  precision: z.enum(["fp32", "bf16", "auto"]).optional(),
  /** What intermediate values should take at most: the native planner computes some of them again. */
  arenaLimitBytes: z.number().int().optional(),
};

type ComputeSetting = z.infer<z.ZodObject<typeof computeSetting>>;
export type Device = ComputeSetting["device"];
export type BackendName = "native" | "onnx";
export type BackendWish = NonNullable<ComputeSetting["backend"]>;
export type Precision = "fp32" | "bf16";
export type PrecisionWish = NonNullable<ComputeSetting["precision"]>;

export interface BackendOptions extends ComputeSetting {
  /** A line of progress, before work that takes seconds. */
  readonly say?: (line: string) => void;
}

export interface BackendChoice {
  readonly backend: Backend;
  readonly name: BackendName;
  readonly precision: Precision;
  /** For records: "native kernels (avx512, cc 12.2.0), fp32". */
  readonly engine: string;
  /** One sentence where it is not what was asked for. */
  readonly note: string | null;
  /** Ends its threads; its programs are disposed of before. */
  close(): Promise<void>;
}

/** @returns a sentence where the native kernels do not work here. @throws UsageError for a forced variant that cannot be. */
async function openNative({
  threads,
  precision = "fp32",
  arenaLimitBytes,
  say = () => {},
}: BackendOptions): Promise<BackendChoice | string> {
  const [{ findNativeLibrary }, { nativeBackend }, { selfTest }, { physicalCores }] = await Promise.all([
    import("../engine/native/native-library.js"),
    import("../engine/native/native-backend.js"),
    import("../engine/native/self-test.js"),
    import("../engine/native/physical-cores.js"),
  ]);
  const { library, reason } = await findNativeLibrary({ say });
  if (library === null) return reason!;
  const chosen: Precision = precision === "auto" ? (library.variant === "amx" ? "bf16" : "fp32") : precision;
  const backend = nativeBackend({
    library,
    threads: threads === 0 ? physicalCores() : threads,
    precision: chosen,
    arenaLimitBytes,
  });
  const failure = await selfTest(backend, chosen);
  if (failure !== null) {
    await backend.close();
    return failure;
  }
  return {
    ...{ backend, name: "native" as const, precision: chosen, engine: `${library.description}, ${chosen}`, note: null },
    close: () => backend.close(),
  };
}

async function openOnnx({ device, threads }: BackendOptions, reason: string | null): Promise<BackendChoice> {
  const { onnxBackend } = await import("../engine/onnx/onnx-backend.js");
  const { note, ...backend } = await onnxBackend({ device, threads });
  const engine = `${backend.description.replace(/, \d+ threads?$/, "")}, fp32`;
  const notes = [note, reason === null ? null : `${reason} Computing with onnxruntime.`].filter(
    (text) => text !== null,
  );
  return {
    ...{ backend, name: "onnx" as const, precision: "fp32" as const, engine },
    note: notes.length > 0 ? notes.join(" ") : null,
    close: async () => {},
  };
}

/** @throws InputError where what is insisted on cannot be had, UsageError for a forced variant that cannot be. */
export async function openBackend(options: BackendOptions): Promise<BackendChoice> {
  const { device, backend = "auto", precision } = options;
  if (device !== "cpu") {
    const needs = backend === "native" ? "--backend native" : precision === "bf16" ? "--precision bf16" : null;
    if (needs)
      throw new InputError(`${needs} needs the CPU, and --device ${device} was asked for. Leave one of them out.`);
    return openOnnx(options, null);
  }
  if (backend === "onnx") {
    if (precision === "bf16")
      throw new InputError(
        "--precision bf16 needs the native kernels, and --backend onnx was asked for. Leave one of them out.",
      );
    return openOnnx(options, null);
  }
  const native = await openNative(options);
  if (typeof native !== "string") return native;
  if (backend === "native") throw new InputError(`--backend native cannot be had. ${native}`);
  if (precision === "bf16") throw new InputError(`--precision bf16 needs the native kernels. ${native}`);
  return openOnnx(options, native);
}
