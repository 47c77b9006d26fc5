import { describe, expect, it } from "vitest";
import type { Value } from "../../graph/graph.js";
import { GraphBuilder } from "../../graph/graph-builder.js";
import { lower } from "./lowering.js";
import { type Placement, place } from "./placement.js";

/** Places the graph that `make` builds, kernel by kernel, and tells what became of its values. */
function placed<T>(make: (builder: GraphBuilder) => T) {
  const builder = new GraphBuilder();
  const values = make(builder);
  const placement = place(lower(builder.build(), { precision: "fp32" }));
  const of = ({ id }: Value) => placement.places.get(id)!;
  return {
    values,
    placement,
    kernels: placement.calls.map(({ kernel }) => kernel),
    of,
    storageOf: (value: Value) => placement.storages[of(value).storage],
    isShared: (a: Value, b: Value) => of(a).storage === of(b).storage,
  };
}

const copies = ({ calls }: Placement) => calls.filter(({ kernel }) => kernel === "copy").length;

describe("columns", () => {
  it("of a split are read where the whole lies", () => {
    const { values, placement, of } = placed((b) => {
      const whole = b.scale(b.input("x", [3, 8]), 2);
      const [left, right] = b.splitColumns(whole, [3, 5]);
      b.output("y", b.scale(left, 3));
      b.output("z", b.scale(right, 3));
      return { whole, left, right };
    });
    const { storage } = of(values.whole);
    expect(of(values.left)).toEqual({ storage, offset: 0, stride: 8 });
    expect(of(values.right)).toEqual({ storage, offset: 3, stride: 8 });
    expect(copies(placement)).toBe(0);
  });

  it("of a split of a split add up", () => {
    const { values, of } = placed((b) => {
      const [, right] = b.splitColumns(b.input("x", [3, 8]), [3, 5]);
      const [, last] = b.splitColumns(right, [4, 1]);
      b.output("y", b.scale(last, 3));
      return { last };
    });
    expect(of(values.last)).toMatchObject({ offset: 7, stride: 8 });
  });

  it("that are an output are copied, the others not", () => {
    const { values, kernels, storageOf, of } = placed((b) => {
      const [left, right] = b.splitColumns(b.scale(b.input("x", [3, 8]), 2), [3, 5]);
      b.output("left", left);
      b.output("y", b.scale(right, 3));
      return { left };
    });
    expect(kernels).toEqual(["scale", "copy", "scale"]);
    expect(storageOf(values.left).bound).toEqual({ kind: "output", name: "left" });
    expect(of(values.left)).toMatchObject({ offset: 0, stride: 3 });
  });

  it("of a concatenation are made where the whole lies, an output too", () => {
    const { values, placement, of, storageOf } = placed((b) => {
      const x = b.input("x", [3, 2]);
      const parts = [b.scale(x, 2), b.silu(x), b.gelu(x, "tanh")];
      const whole = b.apply("concatColumns", {}, parts)[0];
      b.output("whole", whole);
      return { parts };
    });
    expect(copies(placement)).toBe(0);
    const { storage } = of(values.parts[0]);
    expect(values.parts.map(of)).toEqual([0, 2, 4].map((offset) => ({ storage, offset, stride: 6 })));
    expect(storageOf(values.parts[2]).bound).toEqual({ kind: "output", name: "whole" });
  });

  it("of a concatenation of a concatenation add up", () => {
    const { values, placement, of } = placed((b) => {
      const x = b.input("x", [3, 2]);
      const part = b.silu(x);
      const inner = b.apply("concatColumns", {}, [b.scale(x, 2), part])[0];
      b.output("whole", b.apply("concatColumns", {}, [b.gelu(x, "tanh"), inner])[0]);
      return { part };
    });
    expect(copies(placement)).toBe(0);
    expect(of(values.part)).toMatchObject({ offset: 4, stride: 6 });
  });

  it.each<[string, number, (b: GraphBuilder, x: Value) => readonly Value[]]>([
    ["an input", 1, (b, x) => [x, b.silu(x)]],
    ["a part that comes twice, once", 1, (b, x) => [b.silu(x)].flatMap((part) => [part, part])],
    ["columns of another value", 1, (b, x) => [b.splitColumns(b.silu(x), [1, 1])[0], b.gelu(x, "tanh")]],
    [
      "a value that is read in another shape",
      1,
      (b, x) => {
        const part = b.silu(x);
        b.output("reshaped", b.scale(b.reshape(part, 2, 3), 2));
        return [part, b.gelu(x, "tanh")];
      },
    ],
    [
      "an output",
      1,
      (b, x) => {
        const part = b.silu(x);
        b.output("part", part);
        return [part, b.gelu(x, "tanh")];
      },
    ],
    [
      "a part of an earlier concatenation",
      1,
      (b, x) => {
        const part = b.silu(x);
        b.output("earlier", b.apply("concatColumns", {}, [part, b.scale(x, 2)])[0]);
        return [part, b.gelu(x, "tanh")];
      },
    ],
  ])("of a concatenation are copied where they are %s", (_, count, parts) => {
    const { placement } = placed((b) => {
      b.output("whole", b.apply("concatColumns", {}, parts(b, b.input("x", [3, 2])))[0]);
    });
    expect(copies(placement)).toBe(count);
  });
});

describe("another shape", () => {
  it("of a whole value is read where it lies", () => {
    const { values, placement, of } = placed((b) => {
      const x = b.scale(b.input("x", [3, 8]), 2);
      const y = b.reshape(x, 6, 4);
      b.output("y", b.apply("columnSum", {}, [y])[0]);
      return { x, y };
    });
    expect(copies(placement)).toBe(0);
    expect(of(values.y)).toEqual({ ...of(values.x), stride: 4 });
  });

  it("of columns is copied", () => {
    const { values, kernels, of } = placed((b) => {
      const [left] = b.splitColumns(b.scale(b.input("x", [3, 8]), 2), [4, 4]);
      const y = b.reshape(left, 6, 2);
      b.output("y", b.apply("columnSum", {}, [y])[0]);
      return { y };
    });
    expect(kernels).toEqual(["scale", "copy", "columnSum"]);
    expect(of(values.y)).toMatchObject({ offset: 0, stride: 2 });
  });

  it("has columns of its own", () => {
    const { values, placement, of } = placed((b) => {
      const y = b.reshape(b.scale(b.input("x", [3, 8]), 2), 6, 4);
      const [, right] = b.splitColumns(y, [1, 3]);
      b.output("y", b.apply("columnSum", {}, [right])[0]);
      return { right };
    });
    expect(copies(placement)).toBe(0);
    expect(of(values.right)).toMatchObject({ offset: 1, stride: 4 });
  });

  it("that is a copy stays in one piece", () => {
    const { values, kernels, of } = placed((b) => {
      const x = b.input("x", [3, 8]);
      const [left] = b.splitColumns(x, [4, 4]);
      const y = b.reshape(left, 6, 2);
      b.output("whole", b.apply("concatColumns", {}, [b.scale(y, 2), y])[0]);
      return { y };
    });
    expect(kernels).toEqual(["copy", "scale", "copy"]);
    expect(of(values.y)).toMatchObject({ offset: 0, stride: 2 });
  });

  it("that is an output is copied", () => {
    const { kernels } = placed((b) => b.output("y", b.reshape(b.scale(b.input("x", [3, 8]), 2), 6, 4)));
    expect(kernels).toEqual(["scale", "copy"]);
  });
});

describe("the place of an operand", () => {
  it("is taken over down a chain, up to the output's array", () => {
    const { values, placement, storageOf } = placed((b) => {
      const first = b.scale(b.input("x", [3, 4]), 2);
      const last = b.silu(b.gelu(first, "none"));
      b.output("y", last);
      return { first, last };
    });
    expect(placement.storages).toHaveLength(2);
    expect(storageOf(values.first).bound).toEqual({ kind: "output", name: "y" });
    expect(storageOf(values.first)).toMatchObject({ begin: 0, end: 3 });
  });

  it("of a sum is the one that is free", () => {
    const { values, isShared } = placed((b) => {
      const x = b.input("x", [3, 4]);
      const [first, second] = [b.scale(x, 2), b.silu(x)];
      const sum = b.add(first, second);
      b.output("y", b.apply("columnSum", {}, [b.multiply(sum, first)])[0]);
      return { first, second, sum };
    });
    expect(isShared(values.sum, values.second)).toBe(true);
    expect(isShared(values.sum, values.first)).toBe(false);
  });

  it.each<[string, (b: GraphBuilder, x: Value) => { from: Value; to: Value }]>([
    ["the caller's input", (b, x) => ({ from: x, to: b.scale(x, 2) })],
    [
      "an output",
      (b, x) => {
        const from = b.scale(x, 2);
        b.output("from", from);
        return { from, to: b.silu(from) };
      },
    ],
    [
      "read again later",
      (b, x) => {
        const from = b.scale(x, 2);
        const to = b.silu(from);
        b.output("later", b.apply("columnSum", {}, [from])[0]);
        return { from, to };
      },
    ],
    [
      "of which columns are read later",
      (b, x) => {
        const from = b.scale(x, 2);
        const [left] = b.splitColumns(from, [1, 3]);
        const to = b.silu(from);
        b.output("later", b.apply("columnSum", {}, [left])[0]);
        return { from, to };
      },
    ],
    [
      "read twice by the kernel",
      (b, x) => {
        const from = b.scale(x, 2);
        return { from, to: b.multiply(from, from) };
      },
    ],
    [
      "read in another shape by the same kernel",
      (b, x) => {
        const from = b.scale(x, 2);
        return { from, to: b.add(from, b.reshape(b.reshape(from, 6, 2), 3, 4)) };
      },
    ],
    [
      "columns of another value",
      (b, x) => {
        const [from] = b.splitColumns(b.scale(x, 2), [2, 2]);
        return { from, to: b.silu(from) };
      },
    ],
    [
      "read at other rows",
      (b, x) => {
        const from = b.scale(x, 2);
        return { from, to: b.gatherRows(from, b.input("rows", [3], "int")) };
      },
    ],
  ])("is not taken over where it is %s", (_, make) => {
    const { values, isShared } = placed((b) => {
      const ends = make(b, b.input("x", [3, 4]));
      b.output("to", b.apply("columnSum", {}, [ends.to])[0]);
      return ends;
    });
    expect(isShared(values.from, values.to)).toBe(false);
  });

  it.each([
    ["residual", {}, true],
    ["residual of a product with a gate", { gate: true }, false],
  ] as const)("of a product may be its %s: %s", (_, { gate = false }: { gate?: boolean }, shares) => {
    const builder = new GraphBuilder();
    const [x, w, g] = [
      [3, 4],
      [4, 4],
      [3, 4],
    ].map((shape, index) => builder.input(`input ${index}`, shape));
    const residual = builder.scale(x, 2);
    const y = builder.linear(x, w, null, "inputOutput");
    builder.output("y", builder.apply("columnSum", {}, [y])[0]);
    const schedule = lower(builder.build(), { precision: "fp32" });
    const steps = schedule.steps.map((step) =>
      step.kernel === "matrixProduct"
        ? { ...step, operands: { ...step.operands, residual, ...(gate ? { gate: g } : {}) } }
        : step,
    );
    const { places } = place({ ...schedule, steps });
    expect(places.get(y.id)!.storage === places.get(residual.id)!.storage).toBe(shares);
  });
});

describe("the caller's arrays", () => {
  it("that are input and output at once are copied", () => {
    const { kernels, placement } = placed((b) => {
      b.output("same", b.input("x", [3, 4]));
    });
    expect(kernels).toEqual(["copy"]);
    expect(placement.storages.map(({ bound }) => bound)).toEqual([
      { kind: "input", name: "x" },
      { kind: "output", name: "same" },
    ]);
  });

  it("that are one output under two names are filled from the first", () => {
    const { kernels, placement } = placed((b) => {
      const y = b.scale(b.input("x", [3, 4]), 2);
      b.output("first", y);
      b.output("second", y);
    });
    expect(kernels).toEqual(["scale", "copy"]);
    const names = placement.storages.map(({ bound }) => bound?.name);
    const [{ operands }] = placement.calls.slice(1);
    expect([operands.x, operands.y].map((value) => names[placement.places.get((value as Value).id)!.storage])).toEqual([
      "first",
      "second",
    ]);
  });

  it("that nothing reads are there, and lie nowhere in the arena", () => {
    const { placement } = placed((b) => {
      b.input("idle", [3]);
      b.output("y", b.scale(b.input("x", [1]), 2));
    });
    expect(placement.storages.map(({ bound }) => bound?.name)).toEqual(["idle", "x", "y"]);
  });
});

it("lives from the first call that touches a storage to the last", () => {
  const { values, storageOf } = placed((b) => {
    const x = b.input("x", [3, 4]);
    const parts = [b.scale(x, 2), b.silu(x)];
    const whole = b.apply("concatColumns", {}, parts)[0];
    const [left] = b.splitColumns(whole, [2, 6]);
    b.output("first", b.apply("columnSum", {}, [whole])[0]);
    b.output("last", b.apply("columnSum", {}, [left])[0]);
    return { parts };
  });
  expect(storageOf(values.parts[1])).toMatchObject({ elements: 24, bound: null, begin: 0, end: 3 });
});
