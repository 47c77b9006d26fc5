/** @file koffi, which calls functions of a shared library: loaded when it is wanted, and set up once. Knows no library. */
import type koffi from "koffi";
import { InputError } from "../../foundation/errors.js";

export type Koffi = typeof koffi;
export type SharedLibrary = ReturnType<Koffi["load"]>;

/** Of a call off the main thread. koffi's own 128 KiB are less than a thread has, and a kernel runs on it. */
const stackBytes = 8 * 2 ** 20;

let loading: Promise<Koffi> | null = null;

async function load(): Promise<Koffi> {
  const { default: loaded } = await import("koffi");
  loaded.config({ ...loaded.config(), async_stack_size: stackBytes });
  return loaded;
}

/** @throws InputError where koffi has nothing for this platform, or is not installed. */
export function foreignFunctions(): Promise<Koffi> {
  loading ??= load();
  return loading.catch((error: unknown) => {
    throw new InputError(
      `koffi, which calls native kernels, cannot be loaded (${(error as Error).message.split("\n")[0]}). Install without --omit=optional.`,
    );
  });
}

/** @throws InputError where the system does not load it. */
export async function openShared(path: string): Promise<SharedLibrary> {
  const { load } = await foreignFunctions();
  try {
    return load(path);
  } catch (error) {
    throw new InputError(`${path}: cannot be loaded (${(error as Error).message.split("\n")[0]}).`);
  }
}
