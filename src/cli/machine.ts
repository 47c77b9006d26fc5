/** @file What this machine is, for the records. */
import { arch, cpus, platform, totalmem } from "node:os";
import type { MachineRecord } from "../records/run-record.js";

export function thisMachine(): MachineRecord {
  const cores = cpus();
  return {
    platform: platform(),
    arch: arch(),
    cpu: cores[0]?.model.trim() ?? "unknown",
    logicalCores: cores.length,
    memoryBytes: totalmem(),
    node: process.version,
  };
}
