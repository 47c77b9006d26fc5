import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "../foundation/errors.js";
import { openSafetensors } from "./safetensors-file.js";
import { writeSafetensors } from "./safetensors-writer.js";

const fixtures = fileURLToPath(new URL("../../test/fixtures/checkpoint/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "safetensors-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a file of the reference writer", () => {
  const expected = JSON.parse(readFileSync(join(fixtures, "mixed.json"), "utf8")) as Record<string, number[]>;

  it.each(Object.keys(expected))("gives the float32 bits of %s that torch gives", (name) => {
    const file = openSafetensors(join(fixtures, "mixed.safetensors"));
    const values = file.readFloat32(name);
    file.close();
    expect(Array.from(new Uint32Array(values.buffer))).toEqual(expected[name]);
  });

  it("is refused where an element type is no float", () => {
    const file = openSafetensors(join(fixtures, "mixed.safetensors"));
    expect(() => file.readFloat32("i64")).toThrow(InputError);
    expect(() => file.readFloat32("i64")).toThrow(/'i64' has dtype I64, but only F32, F16, BF16 and F64/);
    file.close();
  });

  it("names the neighbours of a tensor that it does not hold", () => {
    const file = openSafetensors(join(fixtures, "mixed.safetensors"));
    expect(() => file.readFloat32("ff32")).toThrow(/holds no tensor 'ff32'. Nearest names: f32,/);
    file.close();
  });
});

it("converts tensors that are larger than one chunk", () => {
  const path = join(folder, "large.safetensors");
  // Exact in bfloat16 and float16, and different in every chunk of 2^21 elements.
  const data = Float32Array.from({ length: 2 ** 22 + 5 }, (_, i) => (i % 255) - 7);
  writeSafetensors(path, [
    { name: "half", shape: [data.length], dtype: "F16", data },
    { name: "brain", shape: [data.length], dtype: "BF16", data },
  ]);
  const file = openSafetensors(path);
  expect(Buffer.compare(Buffer.from(file.readFloat32("half").buffer), Buffer.from(data.buffer))).toBe(0);
  expect(Buffer.compare(Buffer.from(file.readFloat32("brain").buffer), Buffer.from(data.buffer))).toBe(0);
  file.close();
});

it("says when the file has shrunk since it was opened", () => {
  const path = join(folder, "shrinking.safetensors");
  writeSafetensors(path, [{ name: "a", shape: [100], dtype: "F32", data: new Float32Array(100) }]);
  const file = openSafetensors(path);
  truncateSync(path, 200);
  expect(() => file.readFloat32("a")).toThrow(InputError);
  expect(() => file.readFloat32("a")).toThrow(/ends at byte 200, before its tensors do/);
  file.close();
});

it("refuses what cannot be opened or is no safetensors file", () => {
  const path = join(folder, "text.safetensors");
  writeFileSync(path, "hello");
  for (const refused of [path, folder, join(folder, "absent.safetensors")]) {
    expect(() => openSafetensors(refused)).toThrow(InputError);
  }
});
