import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { physicalCores } from "./physical-cores.js";

const folder = mkdtempSync(join(tmpdir(), "deadweight-cores-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("counts threads of one core once, and no more than this process may use", () => {
  for (let cpu = 0; cpu < 2 * availableParallelism(); cpu++) {
    mkdirSync(join(folder, `cpu${cpu}`, "topology"), { recursive: true });
    writeFileSync(join(folder, `cpu${cpu}`, "topology", "thread_siblings_list"), "0-9\n");
  }
  mkdirSync(join(folder, "cpufreq"));
  expect(physicalCores(folder)).toBe(1);
  for (let cpu = 0; cpu < 2 * availableParallelism(); cpu++)
    writeFileSync(join(folder, `cpu${cpu}`, "topology", "thread_siblings_list"), `${cpu}\n`);
  expect(physicalCores(folder)).toBe(availableParallelism());
});

it("takes what the system offers where it does not tell", () => {
  expect(physicalCores(join(folder, "nowhere"))).toBe(availableParallelism());
});
