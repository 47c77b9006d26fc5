/** @file The raw rate of this machine's float32 products, by a small C program that is compiled on the spot. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("raw-rate.c", import.meta.url));
/** The widest vectors of this processor: the first is for x86, the second for ARM64, the last for what knows neither. */
const processorFlags = [["-march=native"], ["-mcpu=native"], []];

/** @returns null where there is no compiler; else `measure`, which answers in GFLOP/s, and `remove`, which takes the program away. */
export function rawRate(threads) {
  const folder = mkdtempSync(join(tmpdir(), "deadweight-raw-rate-"));
  const program = join(folder, "raw-rate");
  const remove = () => rmSync(folder, { recursive: true });
  const compiled = processorFlags.some(
    (flags) => spawnSync(process.env.CC || "cc", ["-O3", ...flags, source, "-o", program, "-pthread"]).status === 0,
  );
  if (!compiled) {
    remove();
    return null;
  }
  const run = () => JSON.parse(spawnSync(program, [String(threads)], { encoding: "utf8" }).stdout);
  return { vectorBits: run().vectorBits, measure: () => run().gigaflopsPerSecond, remove };
}
