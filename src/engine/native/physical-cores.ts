/** @file How many cores there are to compute on. Two threads of one core share its arithmetic, so they count once. */
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/** @param system where Linux tells which threads share a core. @returns at most what this process may use. */
export function physicalCores(system = "/sys/devices/system/cpu"): number {
  try {
    const siblings = readdirSync(system)
      .filter((name) => /^cpu\d+$/.test(name))
      .map((name) => readFileSync(join(system, name, "topology", "thread_siblings_list"), "utf8"));
    return Math.min(availableParallelism(), new Set(siblings).size || availableParallelism());
  } catch {
    return availableParallelism();
  }
}
