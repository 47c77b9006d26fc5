/** @file The task that looks for the native kernels and tests them in both precisions: what the doctor tells of them. */
import { z } from "zod";
import type { Task } from "../dispatch/task.js";
import { nativeBackend } from "../engine/native/native-backend.js";
import { findNativeLibrary } from "../engine/native/native-library.js";
import { selfTest } from "../engine/native/self-test.js";
import { variantsFor } from "../engine/native/variant.js";

const outcome = z.string().nullable();

export const nativeFindings = z.object({
  /** "cc 12.2.0"; null where none answers. */
  compiler: z.string().nullable(),
  /** Variants that the processor can and cannot run; null where it was not asked. */
  supported: z.array(z.string()).nullable(),
  lacking: z.array(z.string()),
  /** [variant, the compiler's complaint] */
  notCompiled: z.array(z.tuple([z.string(), z.string()])),
  /** `seconds` where it was compiled now. */
  file: z.object({ path: z.string(), seconds: z.number().nullable() }).nullable(),
  /** A sentence where there is no library. */
  reason: z.string().nullable(),
  /** A sentence where the test failed, null where it passed; absent where there is no library. */
  selfTests: z.object({ fp32: outcome, bf16: outcome }).optional(),
});
export type NativeFindings = z.infer<typeof nativeFindings>;

export const task: Task = async (_args, { onProgress, now }): Promise<NativeFindings> => {
  const begin = now();
  const { compiler, supported, notCompiled, file, library, reason } = await findNativeLibrary({ say: onProgress });
  const seconds = (now() - begin) / 1000;
  const tested = async (precision: "fp32" | "bf16") => {
    const backend = nativeBackend({ library: library!, threads: 2, precision });
    const failure = await selfTest(backend, precision);
    await backend.close();
    return failure;
  };
  return {
    ...{ compiler, reason, supported: supported === null ? null : [...supported], notCompiled: [...notCompiled] },
    lacking: supported === null ? [] : variantsFor(process.arch).filter((variant) => !supported.includes(variant)),
    file: file === null ? null : { path: file.path, seconds: file.made ? seconds : null },
    ...(library !== null && { selfTests: { fp32: await tested("fp32"), bf16: await tested("bf16") } }),
  };
};
