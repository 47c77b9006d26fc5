import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { scanKernels } from "./scan-kernels.js";

const folder = mkdtempSync(join(tmpdir(), "deadweight-scan-kernels-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => void vi.unstubAllEnvs());

describe.skipIf(process.platform === "win32")("the kernels of a long scan", () => {
  it("are WebAssembly where the compiler refuses, and its complaint is told in a sentence", async () => {
    const compiler = join(folder, "refusing");
    writeFileSync(
      compiler,
      '#!/bin/sh\n[ "$1" = --version ] && echo "refusing 1.0" && exit\necho "error: no" >&2\nexit 1\n',
      { mode: 0o755 },
    );
    vi.stubEnv("CC", compiler);
    vi.stubEnv("DEADWEIGHT_CACHE", join(folder, "cache"));
    const said: string[] = [];
    const progress = { update() {}, note: (text: string) => void said.push(text), end() {} };
    expect(await scanKernels(progress, new AbortController().signal)).toBeNull();
    expect(said).toEqual(["No native kernels: They are not compiled (error: no). Computing in WebAssembly."]);
  });
});
