import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../foundation/errors.js";
import { parseHeader, parseHeaderLength, type SafetensorsHeader } from "./safetensors-header.js";

const mixed = readFileSync(new URL("../../test/fixtures/checkpoint/mixed.safetensors", import.meta.url));

/** Parses a whole file's bytes as the reader does. */
function parse(bytes: Uint8Array): SafetensorsHeader {
  const headerBytes = parseHeaderLength(bytes.subarray(0, 8), bytes.byteLength, "model.safetensors");
  return parseHeader(bytes.subarray(8, 8 + headerBytes), bytes.byteLength, "model.safetensors");
}

function file(json: string, dataBytes: number): Uint8Array {
  const header = Buffer.from(json);
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(header.byteLength));
  return Buffer.concat([prefix, header, Buffer.alloc(dataBytes)]);
}

const entry = (begin: number, end: number, shape: unknown = [(end - begin) / 4], dtype = "F32") =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

function expectRefusal(bytes: Uint8Array, message: RegExp): void {
  expect(() => parse(bytes)).toThrow(InputError);
  expect(() => parse(bytes)).toThrow(message);
}

describe("a header of the reference writer", () => {
  it("gives names, types, shapes and metadata", () => {
    const header = parse(mixed);
    const found = [...header.tensors.values()].map(({ name, dtype, shape }) => `${name} ${dtype} ${shape.join("x")}`);
    expect(found.sort()).toEqual([
      "bf16 BF16 2x3x4",
      "empty F32 0x7",
      "f16 F16 6x4",
      "f32 F32 4x6",
      "f64 F64 24",
      "i64 I64 5",
      "scalar F32 ",
    ]);
    expect([...header.metadata].sort()).toEqual([
      ["format", "pt"],
      ["note", "Gauß"],
    ]);
  });
});

describe("a header is refused", () => {
  it.each<[string, Uint8Array, RegExp]>([
    ["of a file shorter than its length", Buffer.from("abc"), /holds 3 bytes, but .* opens with 8 bytes/],
    ["that is longer than the file", mixed.subarray(0, 100), /claims a header of \d+ bytes, but only 92 follow/],
    ["that claims 2^60 bytes", Buffer.from([0, 0, 0, 0, 0, 0, 0, 16, 0]), /at most 100000000 are allowed/],
    [
      "of a Git LFS pointer",
      Buffer.from("version https://git-lfs.github.com/spec/v1\n"),
      /Git LFS pointer.*git lfs pull/,
    ],
    ["of a renamed zip", Buffer.from("PK\x03\x04\x00\x00\x08\x08\x00"), /zip archive/],
    ["that is not JSON", file("{]", 0), /not JSON/],
    [
      "that is not UTF-8",
      Buffer.concat([file("", 0).subarray(0, 0), Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0xff])]),
      /not JSON/,
    ],
    ["that is a list", file("[]", 0), /not a JSON object/],
    ["with a name twice", file(`{"a":${entry(0, 4)},"a":${entry(0, 4)}}`, 4), /holds 'a' twice/],
    ["with an escaped name twice", file(`{"a":${entry(0, 4)},"\\u0061":${entry(4, 8)}}`, 8), /holds 'a' twice/],
    ["with metadata that is no map", file('{"__metadata__":[1]}', 0), /__metadata__ is \[1\]/],
    ["with metadata of numbers", file('{"__metadata__":{"a":1}}', 0), /__metadata__ 'a' is 1, but a string/],
    ["with a tensor that is no object", file('{"a":7}', 0), /tensor 'a' is 7/],
    ["with an unknown dtype", file(`{"a":${entry(0, 4, [1], "F33")}}`, 4), /tensor 'a' has dtype "F33"/],
    ["with an inherited dtype", file(`{"a":${entry(0, 4, [1], "constructor")}}`, 4), /has dtype "constructor"/],
    ["with a negative size", file(`{"a":${entry(0, 4, [-1])}}`, 4), /tensor 'a' has shape \[-1\]/],
    ["with a fractional size", file(`{"a":${entry(0, 4, [1.5])}}`, 4), /tensor 'a' has shape \[1.5\]/],
    ["with a size beyond 2^53", file(`{"a":${entry(0, 4, [2 ** 53])}}`, 4), /has shape \[9007199254740992\]/],
    ["without a shape", file('{"a":{"dtype":"F32","data_offsets":[0,0]}}', 0), /has shape absent/],
    [
      "with three offsets",
      file('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4,8]}}', 4),
      /data_offsets \[0,4,8\]/,
    ],
    ["with its end before its begin", file(`{"a":${entry(4, 0, [1])}}`, 4), /data_offsets \[4,0\]/],
    [
      "with a tensor beyond the data",
      file(`{"wte":${entry(0, 900)}}`, 512),
      /'wte' ends at byte 900 but the data section holds 512. Truncated/,
    ],
    [
      "with bytes that do not fit the shape",
      file(`{"a":${entry(0, 8, [3])}}`, 8),
      /occupies 8 bytes but F32 \[3\] takes 12/,
    ],
    ["with sizes whose product overflows", file(`{"a":${entry(0, 0, Array(30).fill(2 ** 52))}}`, 0), /takes/],
    ["with half a byte", file(`{"a":${entry(0, 1, [3], "F4")}}`, 1), /F4 \[3\] takes 1.5/],
    [
      "with overlapping tensors",
      file(`{"a":${entry(0, 8)},"b":${entry(4, 12)}}`, 12),
      /'b' begins at byte 4 and overlaps/,
    ],
    ["with a gap", file(`{"a":${entry(0, 4)},"b":${entry(8, 12)}}`, 12), /'b' begins at byte 8 and leaves a gap/],
    ["with a gap at the start", file(`{"a":${entry(4, 8)}}`, 8), /'a' begins at byte 4 and leaves a gap/],
    ["with data left over", file(`{"a":${entry(0, 4)}}`, 5), /end at byte 4 but the data section holds 5/],
    [
      "with an endless nesting",
      file(`{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`, 0),
      /deeply nested|not JSON/,
    ],
  ])("%s", (_, bytes, message) => expectRefusal(bytes, message));

  it("for every byte sequence that is no safetensors file, and only with an InputError", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), onlyInputError), { numRuns: 2000 });
    // A right length followed by any JSON reaches the checks behind it.
    fc.assert(
      fc.property(fc.json(), fc.nat(64), (json, dataBytes) => onlyInputError(file(json, dataBytes))),
      { numRuns: 2000 },
    );
  });

  it("or parsed to tensors that tile the data, whatever bytes of a good file are changed", () => {
    const headerBytes = 8 + Number(mixed.readBigUInt64LE());
    const change = fc.tuple(fc.nat(headerBytes - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(20), (changes, cut) => {
        const bytes = Buffer.from(mixed);
        for (const [position, byte] of changes) bytes[position] = byte;
        onlyInputError(bytes.subarray(0, bytes.byteLength - (cut > 10 ? cut : 0)));
      }),
      { numRuns: 5000 },
    );
  });

  it("or parsed alike, whatever fields are invented", () => {
    const size = fc.oneof(fc.nat(9), fc.constantFrom(-1, 1.5, 2 ** 53, null, "4"));
    const tensor = fc.record(
      {
        dtype: fc.constantFrom("F32", "F16", "BF16", "I64", "F4", "X"),
        shape: fc.array(size, { maxLength: 3 }),
        data_offsets: fc.array(size, { minLength: 1, maxLength: 3 }),
      },
      { requiredKeys: [] },
    );
    const fields = fc.dictionary(fc.constantFrom("a", "b", "__proto__", "__metadata__", "0"), tensor);
    fc.assert(
      fc.property(fields, fc.nat(32), (value, dataBytes) => onlyInputError(file(JSON.stringify(value), dataBytes))),
      { numRuns: 5000 },
    );
  });
});

function onlyInputError(bytes: Uint8Array): void {
  let header: SafetensorsHeader;
  try {
    header = parse(bytes);
  } catch (error) {
    if (error instanceof InputError) return;
    throw error;
  }
  let end = header.dataByteBegin;
  for (const { byteBegin, byteEnd } of header.tensors.values()) {
    expect(header.dataByteBegin + byteBegin).toBe(end);
    end = header.dataByteBegin + byteEnd;
  }
  expect(end).toBe(bytes.byteLength);
}
