import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dtypeBits } from "../foundation/dtype.js";
import { InputError } from "../foundation/errors.js";
import { parseHeader, parseHeaderLength, type SafetensorsHeader } from "./safetensors-header.js";

/** Inputs for each kind; the long suite takes 10^5 in all. */
const kinds = 4;
const numRuns = process.env.DEADWEIGHT_LONG_TESTS === "1" ? 100_000 / kinds : 2000 / kinds;
const files = ["mixed", "reference"].map((name) =>
  readFileSync(new URL(`../../test/fixtures/checkpoint/${name}.safetensors`, import.meta.url)),
);

function parse(bytes: Uint8Array): SafetensorsHeader {
  const headerBytes = parseHeaderLength(bytes.subarray(0, 8), bytes.byteLength, "model.safetensors");
  // What is allocated for the header is this much, so a claim must not go beyond the file.
  if (8 + headerBytes > bytes.byteLength) throw new RangeError("the claim goes beyond the file");
  return parseHeader(bytes.subarray(8, 8 + headerBytes), bytes.byteLength, "model.safetensors");
}

function withLength(json: string, dataBytes: number, claim?: bigint): Uint8Array {
  const header = Buffer.from(json);
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(claim ?? BigInt(header.byteLength));
  return Buffer.concat([prefix, header, Buffer.alloc(dataBytes)]);
}

/** Either the header holds what it promises, or one sentence says why not. @returns whether it was parsed. */
function check(bytes: Uint8Array): boolean {
  let header: SafetensorsHeader;
  try {
    header = parse(bytes);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message).toMatch(/^model\.safetensors: [^\p{C}\p{Zl}\p{Zp}]{10,600}$/u);
    return false;
  }
  let end = 0;
  for (const [key, { name, dtype, shape, byteBegin, byteEnd }] of header.tensors) {
    expect(key).toBe(name);
    expect(byteBegin).toBe(end);
    end = byteEnd;
    for (const size of shape) expect(Number.isSafeInteger(size) && size >= 0 && !Object.is(size, -0)).toBe(true);
    // Integers without rounding: the product of sizes may lie far above 2^53.
    const bits = shape.reduce((product, size) => product * BigInt(size), BigInt(dtypeBits(dtype)));
    expect(bits).toBe(8n * BigInt(byteEnd - byteBegin));
  }
  expect(header.dataByteBegin + end).toBe(bytes.byteLength);
  for (const text of header.metadata.values()) expect(typeof text).toBe("string");
  return true;
}

/** Numbers as JSON spells them, which JavaScript's own writer would not. */
const hostileNumber = fc.oneof(
  { weight: 4, arbitrary: fc.nat(32).map(String) },
  { weight: 2, arbitrary: fc.constantFrom("0", "4", "8", "16") },
  fc.constantFrom("-0", "-1", "0.5", "4.0", "4e0", "1e308", "1e999", "-1e999", "9007199254740991", "9007199254740992"),
  fc.constantFrom("1152921504606846976", "18446744073709551615", "18446744073709551616", "null", '"4"', "[4]", "{}"),
);
const hostileName = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("a", "b", "c", "d", "e") },
  fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "__metadata__", "", "0", "length"),
  fc.constantFrom(
    "\\u0061",
    "\\u005f_proto__",
    "\\ud800",
    "\\u0000",
    "\\u001b[2J",
    "\\n",
    "\\u2028",
    "\\u202e",
    "\u202e",
    "\u0085",
  ),
  fc.string({ unit: "binary", maxLength: 6 }).map((name) => JSON.stringify(name).slice(1, -1)),
);
const list = (maxLength: number) => fc.array(hostileNumber, { maxLength }).map((items) => `[${items.join(",")}]`);
const deep = fc.constantFrom(1, 3, 100, 20_000).map((depth) => `${"[".repeat(depth)}${"]".repeat(depth)}`);
const dtype = fc.constantFrom(
  "F32",
  "F16",
  "BF16",
  "F64",
  "I8",
  "F4",
  "F6_E2M3",
  "F8_E4M3",
  "BOOL",
  "constructor",
  "f32",
  "",
);
const field = fc.oneof(
  { weight: 3, arbitrary: dtype.map((name) => `"dtype":"${name}"`) },
  { weight: 3, arbitrary: list(4).map((sizes) => `"shape":${sizes}`) },
  { weight: 3, arbitrary: list(3).map((offsets) => `"data_offsets":${offsets}`) },
  fc.oneof(deep, fc.json({ maxDepth: 2 })).map((value) => `"shape":${value}`),
  fc.tuple(hostileName, fc.oneof(hostileNumber, deep)).map(([name, value]) => `"${name}":${value}`),
);

/** A tensor that fits its bytes but for what is done to it, so that whole headers stay plausible. */
interface Piece {
  readonly name: string;
  readonly elements: number;
  readonly dtype: "F32" | "F16" | "F64" | "F4";
  readonly shift: string;
  readonly shape: string | null;
}
const piece: fc.Arbitrary<Piece> = fc.record({
  name: hostileName,
  elements: fc.nat(6).map((half) => 2 * half),
  dtype: fc.constantFrom("F32", "F16", "F64", "F4"),
  shift: fc.oneof(
    { weight: 12, arbitrary: fc.constant("") },
    fc.constantFrom("1", "-1", "4", "-4", "9007199254740000"),
  ),
  shape: fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, list(4)),
});

/** Tensors one after another, with the spoilt ones among them. */
function tiled(pieces: readonly Piece[]): { entries: string[]; dataBytes: number } {
  let end = 0;
  const entries = pieces.map(({ name, elements, dtype: type, shift, shape }) => {
    const begin = end;
    end += (elements * dtypeBits(type)) / 8;
    const offsets = [begin + Number(shift), end + Number(shift)];
    return `"${name}":{"dtype":"${type}","shape":${shape ?? `[1,${elements}]`},"data_offsets":[${offsets}]}`;
  });
  return { entries, dataBytes: end };
}

describe("a header from untrusted bytes is parsed to tensors that tile the data, or refused in one sentence", () => {
  it("whatever bytes of a good file are changed, dropped, doubled or put in", () => {
    const edit = fc.tuple(
      fc.nat(),
      fc.constantFrom("set", "cut", "double", "insert"),
      fc.nat(255),
      fc.integer({ min: 1, max: 16 }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.array(edit, { minLength: 1, maxLength: 6 }), (good, edits) => {
        let bytes = Buffer.from(good);
        for (const [place, kind, byte, count] of edits) {
          // Most of the file is data; its changes change nothing.
          const at = place % Math.min(bytes.byteLength, 8 + Number(good.readBigUInt64LE()));
          const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
          if (kind === "set") bytes[at] = byte;
          else if (kind === "cut") bytes = Buffer.concat([before, after.subarray(count)]);
          else if (kind === "double") bytes = Buffer.concat([before, after.subarray(0, count), after]);
          else bytes = Buffer.concat([before, Buffer.alloc(count, byte), after]);
        }
        check(bytes);
      }),
      { numRuns },
    );
  });

  it("whatever the first eight bytes claim", () => {
    const claim = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.nat(60).map((power) => 2n ** BigInt(power)),
      fc.constantFrom(
        2n ** 60n,
        2n ** 63n,
        2n ** 64n - 1n,
        2n ** 53n,
        100_000_000n,
        100_000_001n,
        0x0280n,
        0x04034b50n,
      ),
      fc.integer({ min: -9, max: 9 }).map((difference) => BigInt(Math.max(0, 56 + difference))),
    );
    const json = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  ';
    fc.assert(
      fc.property(claim, fc.nat(70), (length, cut) => {
        const bytes = withLength(json, 8, length);
        check(bytes.subarray(0, Math.max(0, bytes.byteLength - (cut > 40 ? cut : 0))));
      }),
      { numRuns },
    );
  });

  it("whatever fields the JSON holds", () => {
    const tensor = fc.array(field, { maxLength: 5 }).map((fields) => `{${fields.join(",")}}`);
    const entry = fc.tuple(hostileName, fc.oneof({ weight: 5, arbitrary: tensor }, fc.json({ maxDepth: 2 }), deep));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 4 }), fc.nat(32), (entries, dataBytes) => {
        check(withLength(`{${entries.map(([name, value]) => `"${name}":${value}`).join(",")}}`, dataBytes));
      }),
      { numRuns },
    );
  });

  it("whatever is done to tensors that fit", () => {
    let parsed = 0;
    const extra = fc.constantFrom(0, 0, 0, 0, 0, 0, 1, -1);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 5 }), fc.nat(5), fc.nat(9), extra, (pieces, turn, spoils, bytes) => {
        const { entries, dataBytes } = tiled(pieces);
        // The order of the names in the header is free.
        const turned = [...entries.slice(turn), ...entries.slice(0, turn).reverse()];
        if (spoils === 0) turned.push('"__metadata__":{"__proto__":"x","\\u0000":"\\ud800"}');
        if (check(withLength(`{${turned.join(",")}}`, Math.max(0, dataBytes + bytes)))) parsed++;
      }),
      { numRuns },
    );
    // The headers are not all refused at the first check.
    expect(parsed).toBeGreaterThan(numRuns / 10);
  });
});

describe("a header", () => {
  it.each(["__proto__", "constructor", "", "\\ud800"])("may name a tensor %o", (name) => {
    expect(check(withLength(`{"${name}":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8))).toBe(true);
  });

  it("of more values than a model has is refused before they are made", () => {
    expect(() => parse(withLength(`{"a":[${"[],".repeat(1_100_000)}0]}`, 0))).toThrow(
      "some 2200003 values, but at most",
    );
  });

  it("keeps a name out of the terminal's control", () => {
    const json = '{"\\u001b[2J\\n\\u202e":7}';
    expect(() => parse(withLength(json, 0))).toThrow("tensor '\\u{1b}[2J\\u{a}\\u{202e}' is 7");
  });

  it("of 640 bytes is not taken for a pickle", () => {
    const json = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'.padEnd(640);
    expect(check(withLength(json, 8))).toBe(true);
  });
});
