import { describe, expect, it } from "vitest";
import { eachPrimitiveCase } from "../../test/primitive-cases.js";
import type { PrimitiveCase } from "../../test/primitive-graph.js";
import { ShapeError } from "../foundation/errors.js";
import type { ElementType, Value } from "./graph.js";
import type { AttentionAttributes, Primitive } from "./primitive.js";
import { outputTypes } from "./shape-rules.js";

let nextId = 0;
const value = (type: ElementType, shape: readonly number[]): Value => ({ id: nextId++, shape, type });
const float = (...shape: number[]) => value("float", shape);
const int = (...shape: number[]) => value("int", shape);

const inputsOf = ({ inputs }: PrimitiveCase): Value[] =>
  inputs.map((input) => ("int" in input ? int(input.int.length) : float(...input.float)));

const attention: AttentionAttributes = { rows: 2, length: 3, heads: 4, keyValueHeads: 2, scale: 1 };

describe("shape rules", () => {
  it.each([
    ["a linear map along [in, out]", "linear", { layout: "inputOutput" }, [float(7, 5), float(5, 3)], [[7, 3]]],
    ["a linear map along [out, in]", "linear", { layout: "outputInput" }, [float(7, 5), float(3, 5)], [[7, 3]]],
    ["dx of a linear map", "linearInputGrad", { layout: "inputOutput" }, [float(7, 3), float(5, 3)], [[7, 5]]],
    ["dW along [out, in]", "linearWeightGrad", { layout: "outputInput" }, [float(7, 5), float(7, 3)], [[3, 5]]],
    ["rows of a table", "gatherRows", {}, [float(9, 4), int(2)], [[2, 4]]],
    ["rows into a table", "scatterAddRows", { count: 9 }, [int(2), float(2, 4)], [[9, 4]]],
    ["grouped attention", "causalAttention", attention, [float(6, 8), float(6, 4), float(6, 4)], [[6, 8]]],
    [
      "columns apart",
      "splitColumns",
      { sizes: [1, 4] },
      [float(2, 5)],
      [
        [2, 1],
        [2, 4],
      ],
    ],
    ["columns together", "concatColumns", {}, [float(2, 1), float(2, 4)], [[2, 5]]],
    ["a constant", "fill", { shape: [2, 2], value: 1 }, [], [[2, 2]]],
    [
      "a loss",
      "linearCrossEntropy",
      { layout: "outputInput" },
      [float(5, 3), float(11, 3), int(5), float(5)],
      [[], [5]],
    ],
  ] as const)("%s", (_, primitive, attributes, inputs, shapes) => {
    const types = outputTypes(primitive as Primitive, attributes as never, inputs);
    expect(types.map(({ shape }) => shape)).toEqual(shapes);
    expect(types.every(({ type }) => type === "float")).toBe(true);
  });

  it.each(eachPrimitiveCase())("$primitive, $primitiveCase.label: takes no input more or less", (given) => {
    const { primitive, primitiveCase } = given;
    const inputs = inputsOf(primitiveCase);
    expect(() => outputTypes(primitive, primitiveCase.attributes, [])).toThrow(ShapeError);
    if (primitive !== "concatColumns")
      expect(() => outputTypes(primitive, primitiveCase.attributes, [...inputs, float(2), float(2)])).toThrow(
        ShapeError,
      );
  });

  it.each(eachPrimitiveCase())("$primitive, $primitiveCase.label: refuses the other element type", (given) => {
    const { primitive, primitiveCase } = given;
    const inputs = inputsOf(primitiveCase);
    inputs.forEach((input, index) => {
      const wrong = value(input.type === "int" ? "float" : "int", input.shape);
      expect(() => outputTypes(primitive, primitiveCase.attributes, inputs.with(index, wrong))).toThrow(ShapeError);
    });
  });

  it.each([
    ["a weight of another width", "linear", { layout: "inputOutput" }, [float(7, 5), float(3, 5)]],
    ["a bias of another width", "linear", { layout: "inputOutput" }, [float(7, 5), float(5, 3), float(5)]],
    ["a gradient of another width", "linearInputGrad", { layout: "inputOutput" }, [float(7, 5), float(5, 3)]],
    ["different rows", "linearWeightGrad", { layout: "inputOutput" }, [float(7, 5), float(6, 3)]],
    ["different rows", "scatterAddRows", { count: 9 }, [int(3), float(2, 4)]],
    ["a scale of another width", "layerNorm", { epsilon: 1e-5 }, [float(2, 4), float(3), float(4)]],
    ["a shift of another width", "layerNorm", { epsilon: 1e-5 }, [float(2, 4), float(4), float(3)]],
    ["a gradient of another shape", "layerNormGrad", { epsilon: 1e-5 }, [float(2, 4), float(4), float(3, 4)]],
    ["a scale of another width", "rmsNorm", { epsilon: 1e-5 }, [float(2, 4), float(3)]],
    ["a gradient of another shape", "geluGrad", { approximation: "none" }, [float(2, 4), float(4, 2)]],
    ["a width that is no multiple of the heads", "causalAttention", attention, [float(6, 7), float(6, 4), float(6, 4)]],
    ["rows that are not rows * length", "causalAttention", attention, [float(5, 8), float(5, 4), float(5, 4)]],
    ["keys for all heads", "causalAttention", attention, [float(6, 8), float(6, 8), float(6, 8)]],
    ["segments of another length", "causalAttention", attention, [float(6, 8), float(6, 4), float(6, 4), int(5)]],
    [
      "heads that do not divide",
      "causalAttention",
      { ...attention, keyValueHeads: 3 },
      [float(6, 8), float(6, 6), float(6, 6)],
    ],
    [
      "more pairs than the head holds",
      "rotary",
      { heads: 1, headWidth: 2, frequencies: [1, 2], inverse: false },
      [float(3, 2), int(3)],
    ],
    ["sizes that are not the width", "splitColumns", { sizes: [1, 3] }, [float(2, 5)]],
    ["an empty part", "splitColumns", { sizes: [0, 5] }, [float(2, 5)]],
    ["another number of elements", "reshape", { rows: 3, columns: 3 }, [float(2, 5)]],
    ["different rows", "concatColumns", {}, [float(2, 5), float(3, 5)]],
    ["different shapes", "add", {}, [float(2, 5), float(5)]],
    ["an empty shape", "fill", { shape: [0], value: 1 }, []],
    [
      "a head of another width",
      "linearCrossEntropy",
      { layout: "inputOutput" },
      [float(5, 3), float(11, 3), int(5), float(5)],
    ],
    ["fewer targets", "linearCrossEntropy", { layout: "outputInput" }, [float(5, 3), float(11, 3), int(4), float(5)]],
    ["fewer weights", "linearCrossEntropy", { layout: "outputInput" }, [float(5, 3), float(11, 3), int(5), float(4)]],
  ] as const)("refuses %s (%s)", (_, primitive, attributes, inputs) => {
    expect(() => outputTypes(primitive as Primitive, attributes as never, inputs)).toThrow(
      expect.objectContaining({ name: "ShapeError", message: expect.stringMatching(`^${primitive}: `) }),
    );
  });
});
