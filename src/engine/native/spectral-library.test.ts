import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { noCompiler } from "../../../test/toy-library.js";
import { InputError } from "../../foundation/errors.js";
import { spectralLibrary } from "./spectral-library.js";

const folder = mkdtempSync(join(tmpdir(), "deadweight-spectral-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function find(accept: (path: string) => Promise<void>, more: Record<string, string> = {}) {
  const environment = { ...process.env, DEADWEIGHT_CACHE: folder, DEADWEIGHT_VARIANT: "portable", ...more };
  return spectralLibrary({ say: (line) => said.push(line), accept, environment });
}
const said: string[] = [];
const kept = () => readdirSync(folder).filter((name) => !name.startsWith("cpu-"));

describe.skipIf(noCompiler !== null)("the library of a scan", () => {
  it("is not kept where it is not accepted, and tried once it is", async () => {
    const refused = new InputError("Their self-test failed.");
    await expect(find(() => Promise.reject(refused))).rejects.toBe(refused);
    expect(kept()).toEqual([]);
    const seen: string[] = [];
    const accept = async (path: string) => void seen.push(path);
    const made = await find(accept);
    expect(kept()).toEqual([made.path.slice(folder.length + 1)]);
    expect(made.description).toMatch(/^native \(portable, \S.+\)$/);
    expect(await find(accept)).toEqual(made);
    expect(seen).toHaveLength(1);
    expect(said).toHaveLength(2);
  });

  it("is not there without a compiler", async () => {
    await expect(find(async () => {}, { CC: "/nonexistent" })).rejects.toThrow(/^No C compiler here: CC is/);
  });
});
