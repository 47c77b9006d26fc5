/** @file Holds a backend against the float64 reference before it is trusted: a compiler, a processor or we may be wrong. */
import { randomStream } from "../../foundation/random.js";
import { elementCount, type Graph } from "../../graph/graph.js";
import type { Backend, Buffer } from "../backend.js";
import { referenceBackend } from "../reference/reference-backend.js";
import { type SelfTestGraph, selfTestGraph } from "./self-test-graph.js";
import type { Precision } from "./variant.js";

/**
 * Largest relative difference of a tensor, in the 2-norm. Rounding leaves up to 1e-6, and rounding the factors of all products to bfloat16
 * up to 2e-2; what is wrong leaves more. Measured 2026-11.
 */
const tolerances: Readonly<Record<Precision, number>> = { fp32: 1e-4, bf16: 5e-2 };

function drawn({ graph, below }: SelfTestGraph): Map<string, Buffer> {
  const stream = randomStream(0, "self-test");
  return new Map(
    [...graph.inputs].map(([name, { shape, type }]): [string, Buffer] => {
      const length = elementCount(shape);
      if (type === "int") return [name, Int32Array.from({ length }, () => stream.integer(below.get(name)!))];
      return [name, Float32Array.from({ length }, () => stream.normal() / 5)];
    }),
  );
}

/** NaN throughout: what is not written shows. */
function outputs(graph: Graph, Floats: typeof Float32Array | typeof Float64Array): Map<string, Buffer> {
  return new Map(
    [...graph.outputs].map(([name, { shape }]) => [name, new Floats(elementCount(shape)).fill(Number.NaN)]),
  );
}

function relativeDifference(actual: Buffer, expected: Buffer): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  return Math.sqrt(difference / norm);
}

/** The first output that is not the reference's within the tolerance, or not the same in a second run. */
async function firstDifference(candidate: Backend, tolerance: number): Promise<string | null> {
  const test = selfTestGraph();
  const { graph } = test;
  const inputs = drawn(test);
  const [expected, actual] = [outputs(graph, Float64Array), outputs(graph, Float32Array)];
  await (await referenceBackend.compile(graph)).bind(inputs, expected).run();
  const program = await candidate.compile(graph);
  try {
    const binding = program.bind(inputs, actual);
    await binding.run();
    const first = new Map([...actual].map(([name, values]) => [name, values.slice()]));
    await binding.run();
    for (const [name, values] of expected) {
      const difference = relativeDifference(first.get(name)!, values);
      if (!(difference <= tolerance))
        return `'${name}' differs from the reference by ${difference.toPrecision(2)}, where ${tolerance} is allowed`;
      if (actual.get(name)!.some((value, index) => value !== first.get(name)![index]))
        return `'${name}' differs from one run to the next`;
    }
    return null;
  } finally {
    await program.dispose();
  }
}

/** @returns a sentence where the backend does not compute what it should, or null. */
export async function selfTest(candidate: Backend, precision: Precision = "fp32"): Promise<string | null> {
  const failure = await firstDifference(candidate, tolerances[precision]).catch((error: Error) => error.message);
  return failure === null ? null : `The self-test of ${candidate.description} failed: ${failure.replace(/\.$/, "")}.`;
}
