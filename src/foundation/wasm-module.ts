/** @file Assembles a small WebAssembly module with SIMD. Knows the encoding, and nothing of what the functions compute. */

/** Value types. */
export const i32 = 0x7f;
export const f32 = 0x7d;
export const f64 = 0x7c;
export const v128 = 0x7b;

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest ? low | 0x80 : low);
  } while (rest);
  return bytes;
}

/** LEB128 of a 32-bit integer: the last byte's bit 6 is the sign. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  while (rest < -64 || rest > 63) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  bytes.push(rest & 0x7f);
  return bytes;
}

const vector = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];
const section = (id: number, body: readonly number[]): number[] => [id, ...unsigned(body.length), ...body];
const text = (value: string): number[] => [...unsigned(value.length), ...new TextEncoder().encode(value)];
const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];

/** Instructions, each as its bytes; memory accesses are aligned to their size. WebAssembly Core Specification 2.0, 5.4. */
export const op = {
  get: (local: number) => [0x20, ...unsigned(local)],
  set: (local: number) => [0x21, ...unsigned(local)],
  tee: (local: number) => [0x22, ...unsigned(local)],
  i32Const: (value: number) => [0x41, ...signed(value)],
  i32Add: [0x6a],
  i32LessUnsigned: [0x49],
  f64Add: [0xa0],
  i32Sub: [0x6b],
  load: [...simd(0), 4, 0],
  store: [...simd(11), 4, 0],
  /** `offset` bytes behind the address. */
  loadAt: (offset: number) => [...simd(0), 3, ...unsigned(offset)],
  storeAt: (offset: number) => [...simd(11), 3, ...unsigned(offset)],
  /** One double in both lanes; one float in all four. */
  load64SplatAt: (offset: number) => [...simd(10), 3, ...unsigned(offset)],
  load32SplatAt: (offset: number) => [...simd(9), 2, ...unsigned(offset)],
  f32Splat: simd(0x13),
  f64Splat: simd(0x14),
  f64ExtractLane: (lane: number) => [...simd(0x21), lane],
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  div: simd(0xe7),
  sqrt: simd(0xe3),
  f64x2Add: simd(0xf0),
  f64x2Sub: simd(0xf1),
  f64x2Mul: simd(0xf2),
  /** The two low float lanes as doubles. */
  promoteLow: simd(0x5f),
  /** The two high lanes in the low places. */
  swapHalves: [...simd(0x0d), 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7],
  /** Repeats `body` as long as it leaves a number other than 0; runs it at least once. */
  doWhile: (...body: readonly (readonly number[])[]) => [0x03, 0x40, ...body.flat(), 0x0d, 0, 0x0b],
} as const;

export interface WasmFunction {
  readonly name: string;
  readonly parameters: readonly number[];
  readonly result: number | null;
  /** Types of the locals that follow the parameters; they begin as zero. */
  readonly locals: readonly number[];
  readonly body: readonly (readonly number[])[];
}

/** A module that imports its memory as `env.memory` and exports the functions by name. */
export function wasmModule(functions: readonly WasmFunction[]): WebAssembly.Module {
  const types = functions.map(({ parameters, result }) => [
    0x60,
    ...vector(parameters.map((type) => [type])),
    ...vector(result === null ? [] : [[result]]),
  ]);
  const code = functions.map(({ locals, body }) => {
    const bytes = [...vector(locals.map((type) => [1, type])), ...body.flat(), 0x0b];
    return [...unsigned(bytes.length), ...bytes];
  });
  const bytes = [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, vector([[...text("env"), ...text("memory"), 0x02, 0x00, 1]])),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(7, vector(functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]))),
    ...section(10, vector(code)),
  ];
  return new WebAssembly.Module(Uint8Array.from(bytes));
}
