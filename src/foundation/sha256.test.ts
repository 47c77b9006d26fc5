import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { InputError } from "./errors.js";
import { sha256OfBytes, sha256OfFiles } from "./sha256.js";

const folder = mkdtempSync(join(tmpdir(), "sha256-"));
afterAll(() => rmSync(folder, { recursive: true }));

// FIPS 180-2, appendix B.1.
const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

it("hashes bytes as the standard says", () => {
  expect(sha256OfBytes("abc")).toBe(abc);
  expect(sha256OfBytes(Uint8Array.of(0x61, 0x62, 0x63))).toBe(abc);
});

it("hashes files one after the other", () => {
  writeFileSync(join(folder, "a"), "ab");
  writeFileSync(join(folder, "b"), "c");
  expect(sha256OfFiles([join(folder, "a"), join(folder, "b")])).toBe(abc);
});

it("reads files that are larger than one chunk whole", () => {
  // FIPS 180-2, appendix B.3 (a million), and beyond the chunk of 4 MiB.
  writeFileSync(join(folder, "large"), "a".repeat(5_000_000));
  expect(sha256OfFiles([join(folder, "large")])).toBe(sha256OfBytes("a".repeat(5_000_000)));
  writeFileSync(join(folder, "million"), "a".repeat(1_000_000));
  expect(sha256OfFiles([join(folder, "million")])).toBe(
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
  );
});

it("names the file that cannot be read", () => {
  expect(() => sha256OfFiles([join(folder, "absent")])).toThrow(InputError);
  expect(() => sha256OfFiles([join(folder, "absent")])).toThrow(/absent: cannot be read/);
});
