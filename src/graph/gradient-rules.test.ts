import { describe, expect, it } from "vitest";
import { centralDifferences } from "../../test/gradient-check.js";
import { eachPrimitiveCase, primitiveCases } from "../../test/primitive-cases.js";
import { drawInputs, primitiveGraph } from "../../test/primitive-graph.js";
import { relativeDifference } from "../../test/relative-difference.js";
import { outputBuffers } from "../../test/run-graph.js";
import { referenceBackend } from "../engine/reference/reference-backend.js";
import { randomStream } from "../foundation/random.js";
import { gradientRules } from "./gradient-rules.js";
import type { Primitive } from "./primitive.js";

describe("gradient rules", () => {
  it.each(Object.keys(gradientRules) as Primitive[])(
    "%s is listed with cases, or as without derivative",
    (primitive) => {
      expect("withoutDerivative" in primitiveCases[primitive]).toBe(gradientRules[primitive] === "no derivative");
    },
  );

  it.each(eachPrimitiveCase())("$primitive, $primitiveCase.label: as by central differences", async (given) => {
    const { primitive, primitiveCase } = given;
    const graph = primitiveGraph(primitive, primitiveCase);
    const inputs = drawInputs(graph, primitiveCase, randomStream(1, `${primitive} ${primitiveCase.label}`));
    const results = outputBuffers(graph, "float64");
    const binding = (await referenceBackend.compile(graph)).bind(inputs, results);
    await binding.run();
    const derived = new Map([...results].map(([name, values]) => [name, values.slice()]));
    const objective = async () => {
      await binding.run();
      let sum = 0;
      for (const [name, upstream] of inputs) {
        if (!name.startsWith("upstream")) continue;
        results.get(name.replace("upstream", "output"))!.forEach((y, i) => {
          sum += y * upstream[i];
        });
      }
      return sum;
    };
    const differentiable = primitiveCase.inputs.flatMap((input, index) =>
      "float" in input && !primitiveCase.data?.includes(index) ? [index] : [],
    );
    for (const index of differentiable) {
      const expected = await centralDifferences(inputs.get(`input ${index}`) as Float64Array, objective);
      const gradient = derived.get(`gradient ${index}`);
      expect(gradient, `gradient ${index}`).toBeDefined();
      expect(relativeDifference(gradient!, expected), `gradient ${index}`).toBeLessThan(1e-7);
    }
    expect([...graph.outputs.keys()].filter((name) => name.startsWith("gradient"))).toHaveLength(differentiable.length);
  });
});
