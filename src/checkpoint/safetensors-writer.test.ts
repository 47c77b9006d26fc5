import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InputError, OutputError, ShapeError } from "../foundation/errors.js";
import { openSafetensors } from "./safetensors-file.js";
import { type WritableDtype, type WritableTensor, writeSafetensors } from "./safetensors-writer.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "safetensors-writer-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../test/fixtures/checkpoint/${name}`, import.meta.url));
}

describe("writeSafetensors", () => {
  it("writes the bytes of the reference writer, in whatever order the tensors come", () => {
    const tensors = (
      JSON.parse(fixture("reference.json").toString()) as {
        name: string;
        shape: number[];
        dtype: WritableDtype;
        bits: number[];
      }[]
    ).map(({ bits, ...rest }) => ({ ...rest, data: new Float32Array(Uint32Array.from(bits).buffer) }));
    const path = join(folder, "model.safetensors");
    for (const order of [tensors, [...tensors].reverse()]) {
      writeSafetensors(path, order, { format: "pt" });
      expect(readFileSync(path).equals(fixture("reference.safetensors"))).toBe(true);
    }
    expect(readdirSync(folder)).toEqual(["model.safetensors"]);
  });

  it("gives back names, shapes, metadata and float32 bits", () => {
    const path = join(folder, "model.safetensors");
    const shape = fc.array(fc.nat(4), { maxLength: 3 });
    const name = fc.string({ unit: "binary" }).filter((text) => text !== "__metadata__");
    const list = fc.uniqueArray(fc.tuple(name, shape, fc.infiniteStream(fc.float())), {
      selector: ([first]) => first,
      maxLength: 5,
    });
    fc.assert(
      fc.property(list, fc.dictionary(fc.string(), fc.string()), (described, metadata) => {
        const tensors = described.map(([name, shape, values]): WritableTensor & { data: Float32Array } => {
          const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => values.next().value);
          return { name, shape, dtype: "F32", data };
        });
        writeSafetensors(path, tensors, metadata);
        const file = openSafetensors(path);
        expect(Object.fromEntries(file.header.metadata)).toEqual({ ...metadata });
        expect(file.header.tensors.size).toBe(tensors.length);
        for (const { name, shape, data } of tensors) {
          expect(file.header.tensors.get(name)?.shape).toEqual(shape);
          expect(new Uint32Array(file.readFloat32(name).buffer)).toEqual(new Uint32Array(data.buffer));
        }
        file.close();
      }),
      { numRuns: 100 },
    );
  });

  it("asks for one tensor at a time, in the order of the file", () => {
    const asked: string[] = [];
    const lazy = (name: string) => ({
      name,
      shape: [1],
      dtype: "F32" as const,
      data: () => {
        asked.push(name);
        return Float32Array.of(asked.length);
      },
    });
    const path = join(folder, "model.safetensors");
    writeSafetensors(path, [lazy("b"), lazy("10"), lazy("9"), lazy("a")]);
    const file = openSafetensors(path);
    expect(asked).toEqual(["10", "9", "a", "b"]);
    expect(["10", "9", "a", "b"].map((name) => file.readFloat32(name)[0])).toEqual([1, 2, 3, 4]);
    file.close();
  });

  it("writes a view into a larger array, and chunks of it", () => {
    const data = Float32Array.from({ length: 2 ** 20 + 12 }, (_, i) => i).subarray(10);
    const path = join(folder, "model.safetensors");
    writeSafetensors(path, [{ name: "a", shape: [data.length], dtype: "F32", data }]);
    const file = openSafetensors(path);
    const values = file.readFloat32("a");
    file.close();
    expect([values[0], values[values.length - 1]]).toEqual([10, 2 ** 20 + 11]);
  });

  it("leaves the old file and no other where a tensor fails", () => {
    const path = join(folder, "model.safetensors");
    writeFileSync(path, "old");
    const failing = (data: WritableTensor["data"]) => [{ name: "a", shape: [2], dtype: "F32" as const, data }];
    const refuse = () => {
      throw new InputError("weights: cannot be read.");
    };
    expect(() => writeSafetensors(path, failing(refuse))).toThrow(InputError);
    expect(() => writeSafetensors(path, failing(new Float32Array(3)))).toThrow(ShapeError);
    expect(readdirSync(folder)).toEqual(["model.safetensors"]);
    expect(readFileSync(path, "utf8")).toBe("old");
  });

  it("says where it cannot write", () => {
    const tensors = [{ name: "a", shape: [1], dtype: "F32" as const, data: new Float32Array(1) }];
    writeFileSync(join(folder, "file"), "");
    mkdirSync(join(folder, "taken", "by"), { recursive: true });
    for (const path of [join(folder, "file", "model.safetensors"), join(folder, "taken")]) {
      expect(() => writeSafetensors(path, tensors)).toThrow(OutputError);
      expect(() => writeSafetensors(path, tensors)).toThrow(/cannot be written/);
    }
    expect(readdirSync(folder).sort()).toEqual(["file", "taken"]);
  });

  it("refuses a name used twice and the reserved name", () => {
    const tensor = (name: string) => ({ name, shape: [1], dtype: "F32" as const, data: new Float32Array(1) });
    expect(() => writeSafetensors(join(folder, "a"), [tensor("x"), tensor("x")])).toThrow(ShapeError);
    expect(() => writeSafetensors(join(folder, "a"), [tensor("__metadata__")])).toThrow(ShapeError);
  });
});
