/** @file The inner loops of dense linear algebra as WebAssembly SIMD, over one memory a thread. Knows no algorithm. */
import { f64, i32, op, v128, type WasmFunction, wasmModule } from "../foundation/wasm-module.js";

/** Pointers are byte offsets into the memory, aligned to 16; lengths are bytes, positive multiples of 16. */
export interface SpectralKernels {
  /**
   * out[r, c] += sum over k of a[k, r] b[k, c], r and c in 0..3, float64.
   * @param a [depth, 4]. @param b [depth, 4]. @param bytes of a. @param out row 0 of the tile. @param stride bytes from row to row of `out`.
   */
  addTile(a: number, b: number, bytes: number, out: number, stride: number): void;
  /**
   * The same for r in 0..3 and c in 0..7 with sums in float32, added to a float64 `out`.
   * @param a [depth, 4]. @param left @param right [depth, 4] each: columns 0..3 and 4..7.
   */
  addTileFloat32(a: number, left: number, right: number, bytes: number, out: number, stride: number): void;
  /**
   * The pending update of two rows of a symmetric matrix and their share of its product with x, float64:
   * a_r -= v_r w + w_r v;  product += a_0 x_0 + a_1 x_1;  sums = [a_0 . x, a_1 . x].
   * @param sums two doubles, overwritten.
   */
  updateRows(
    row0: number,
    row1: number,
    v: number,
    w: number,
    x: number,
    product: number,
    bytes: number,
    v0: number,
    w0: number,
    x0: number,
    v1: number,
    w1: number,
    x1: number,
    sums: number,
  ): void;
  /** out[r, p] = sum over j of row_r[j] x[j, p], p in 0..3, float32. @param x [length, 4]. @param bytes of a row. @param out [2, 4]. */
  rowsTimesBlock(row0: number, row1: number, x: number, bytes: number, out: number): void;
  /** z[j, p] += row_0[j] y[0, p] + row_1[j] y[1, p], float32. @param z [length, 4]. @param bytes of a row. @param y [2, 4]. */
  addRowsByBlock(row0: number, row1: number, z: number, bytes: number, y: number): void;
  /** Sum of x y, float64. */
  dot(x: number, y: number, bytes: number): number;
  /** y += factor x, float64. */
  addScaled(y: number, x: number, bytes: number, factor: number): void;
}

const { get, set, tee } = op;
const advance = (pointer: number, bytes = 16) => [
  ...get(pointer),
  ...op.i32Const(bytes),
  ...op.i32Add,
  ...set(pointer),
];
const below = (pointer: number, end: number, bytes = 16) => [
  ...[get(pointer), op.i32Const(bytes), op.i32Add, tee(pointer), get(end), op.i32LessUnsigned].flat(),
];
const endOf = (pointer: number, bytes: number) => [...get(pointer), ...get(bytes), ...op.i32Add, ...set(bytes)];

function addTile(): WasmFunction {
  const [a, b, end, out, stride] = [0, 1, 2, 3, 4];
  const sum = (row: number, half: number) => 5 + 2 * row + half;
  const [left, right, splat] = [13, 14, 15];
  const rows = [0, 1, 2, 3];
  return {
    name: "addTile",
    parameters: [i32, i32, i32, i32, i32],
    result: null,
    locals: Array.from({ length: 11 }, () => v128),
    body: [
      endOf(a, end),
      op.doWhile(
        ...[get(b), op.loadAt(0), set(left), get(b), op.loadAt(16), set(right)],
        ...rows.flatMap((row) => [
          ...[get(a), op.load64SplatAt(8 * row), set(splat)],
          ...[get(splat), get(left), op.f64x2Mul, get(sum(row, 0)), op.f64x2Add, set(sum(row, 0))],
          ...[get(splat), get(right), op.f64x2Mul, get(sum(row, 1)), op.f64x2Add, set(sum(row, 1))],
        ]),
        advance(b, 32),
        below(a, end, 32),
      ),
      ...rows.flatMap((row) => [
        ...[get(out), get(out), op.loadAt(0), get(sum(row, 0)), op.f64x2Add, op.storeAt(0)],
        ...[get(out), get(out), op.loadAt(16), get(sum(row, 1)), op.f64x2Add, op.storeAt(16)],
        ...[get(out), get(stride), op.i32Add, set(out)],
      ]),
    ],
  };
}

function addTileFloat32(): WasmFunction {
  const [a, left, right, end, out, stride] = [0, 1, 2, 3, 4, 5];
  const sum = (row: number, half: number) => 6 + 2 * row + half;
  const [low, high, splat] = [14, 15, 16];
  const rows = [0, 1, 2, 3];
  const addPromoted = (offset: number, value: readonly (readonly number[])[]) => [
    ...[get(out), get(out), op.loadAt(offset), ...value, op.promoteLow, op.f64x2Add, op.storeAt(offset)],
  ];
  return {
    name: "addTileFloat32",
    parameters: [i32, i32, i32, i32, i32, i32],
    result: null,
    locals: Array.from({ length: 11 }, () => v128),
    body: [
      endOf(a, end),
      op.doWhile(
        ...[get(left), op.loadAt(0), set(low), get(right), op.loadAt(0), set(high)],
        ...rows.flatMap((row) => [
          ...[get(a), op.load32SplatAt(4 * row), set(splat)],
          ...[get(splat), get(low), op.mul, get(sum(row, 0)), op.add, set(sum(row, 0))],
          ...[get(splat), get(high), op.mul, get(sum(row, 1)), op.add, set(sum(row, 1))],
        ]),
        advance(left),
        advance(right),
        below(a, end),
      ),
      ...rows.flatMap((row) => [
        ...[0, 1].flatMap((half) => [
          ...addPromoted(32 * half, [get(sum(row, half))]),
          ...addPromoted(32 * half + 16, [get(sum(row, half)), get(sum(row, half)), op.swapHalves]),
        ]),
        ...[get(out), get(stride), op.i32Add, set(out)],
      ]),
    ],
  };
}

function updateRows(): WasmFunction {
  const [row0, row1, v, w, x, product, end] = [0, 1, 2, 3, 4, 5, 6];
  const scalars = [7, 8, 9, 10, 11, 12];
  const sums = 13;
  const [v0, w0, x0, v1, w1, x1] = scalars.map((_, index) => 14 + index);
  const [sum0, sum1, vj, wj, xj, pj, entry] = [20, 21, 22, 23, 24, 25, 26];
  const updated = (row: number, vr: number, wr: number, xr: number, sum: number) => [
    ...[get(row), get(row), op.loadAt(0)],
    ...[get(vr), get(wj), op.f64x2Mul, op.f64x2Sub, get(wr), get(vj), op.f64x2Mul, op.f64x2Sub],
    ...[tee(entry), op.storeAt(0)],
    ...[get(entry), get(xj), op.f64x2Mul, get(sum), op.f64x2Add, set(sum)],
    ...[get(entry), get(xr), op.f64x2Mul, get(pj), op.f64x2Add, set(pj)],
  ];
  const total = (sum: number) => [
    ...[get(sum), op.f64ExtractLane(0), get(sum), op.f64ExtractLane(1), op.f64Add, op.f64Splat],
  ];
  return {
    name: "updateRows",
    parameters: [...Array.from({ length: 7 }, () => i32), ...scalars.map(() => f64), i32],
    result: null,
    locals: Array.from({ length: 13 }, () => v128),
    body: [
      ...scalars.flatMap((scalar, index) => [get(scalar), op.f64Splat, set(14 + index)]),
      endOf(row0, end),
      op.doWhile(
        ...[get(v), op.loadAt(0), set(vj), get(w), op.loadAt(0), set(wj)],
        ...[get(x), op.loadAt(0), set(xj), get(product), op.loadAt(0), set(pj)],
        ...updated(row0, v0, w0, x0, sum0),
        ...updated(row1, v1, w1, x1, sum1),
        ...[get(product), get(pj), op.storeAt(0)],
        ...[row1, v, w, x, product].map((pointer) => advance(pointer)),
        below(row0, end),
      ),
      // Both lanes hold the total: the second store overwrites the first one's upper half.
      ...[
        get(sums),
        ...total(sum0),
        op.storeAt(0),
        get(sums),
        op.i32Const(8),
        op.i32Add,
        ...total(sum1),
        op.storeAt(0),
      ],
    ],
  };
}

function rowsTimesBlock(): WasmFunction {
  const [row0, row1, x, end, out] = [0, 1, 2, 3, 4];
  const sum = (row: number, part: number) => 5 + 2 * row + part;
  const vector = 9;
  return {
    name: "rowsTimesBlock",
    parameters: [i32, i32, i32, i32, i32],
    result: null,
    locals: Array.from({ length: 5 }, () => v128),
    body: [
      endOf(row0, end),
      op.doWhile(
        // Two sums a row, so that one addition need not wait for the other.
        ...[0, 1, 2, 3].flatMap((j) => [
          ...[get(x), op.loadAt(16 * j), set(vector)],
          ...[row0, row1].flatMap((row, r) => [
            ...[get(row), op.load32SplatAt(4 * j), get(vector), op.mul],
            ...[get(sum(r, j % 2)), op.add, set(sum(r, j % 2))],
          ]),
        ]),
        advance(x, 64),
        advance(row1),
        below(row0, end),
      ),
      ...[get(out), get(sum(0, 0)), get(sum(0, 1)), op.add, op.storeAt(0)],
      ...[get(out), get(sum(1, 0)), get(sum(1, 1)), op.add, op.storeAt(16)],
    ],
  };
}

function addRowsByBlock(): WasmFunction {
  const [row0, row1, z, end, y, y0, y1] = [0, 1, 2, 3, 4, 5, 6];
  return {
    name: "addRowsByBlock",
    parameters: [i32, i32, i32, i32, i32],
    result: null,
    locals: [v128, v128],
    body: [
      ...[get(y), op.loadAt(0), set(y0), get(y), op.loadAt(16), set(y1)],
      endOf(row0, end),
      op.doWhile(
        ...[0, 1, 2, 3].flatMap((j) => [
          ...[get(z), get(z), op.loadAt(16 * j)],
          ...[get(row0), op.load32SplatAt(4 * j), get(y0), op.mul, op.add],
          ...[get(row1), op.load32SplatAt(4 * j), get(y1), op.mul, op.add, op.storeAt(16 * j)],
        ]),
        advance(z, 64),
        advance(row1),
        below(row0, end),
      ),
    ],
  };
}

function dot(): WasmFunction {
  const [x, y, end, sum] = [0, 1, 2, 3];
  return {
    name: "dot",
    parameters: [i32, i32, i32],
    result: f64,
    locals: [v128],
    body: [
      endOf(x, end),
      op.doWhile(
        ...[get(x), op.loadAt(0), get(y), op.loadAt(0), op.f64x2Mul, get(sum), op.f64x2Add, set(sum)],
        advance(y),
        below(x, end),
      ),
      ...[get(sum), op.f64ExtractLane(0), get(sum), op.f64ExtractLane(1), op.f64Add],
    ],
  };
}

function addScaled(): WasmFunction {
  const [y, x, end, factor, splat] = [0, 1, 2, 3, 4];
  return {
    name: "addScaled",
    parameters: [i32, i32, i32, f64],
    result: null,
    locals: [v128],
    body: [
      ...[get(factor), op.f64Splat, set(splat)],
      endOf(y, end),
      op.doWhile(
        ...[get(y), get(y), op.loadAt(0), get(x), op.loadAt(0), get(splat), op.f64x2Mul, op.f64x2Add, op.storeAt(0)],
        advance(x),
        below(y, end),
      ),
    ],
  };
}

export const spectralModule = (): WebAssembly.Module =>
  wasmModule([addTile(), addTileFloat32(), updateRows(), rowsTimesBlock(), addRowsByBlock(), dot(), addScaled()]);
