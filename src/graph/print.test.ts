import { expect, it } from "vitest";
import { differentiate } from "./differentiate.js";
import { GraphBuilder } from "./graph-builder.js";
import { print } from "./print.js";

it("prints a line for each input, node and output", () => {
  const builder = new GraphBuilder();
  const table = builder.input("table", [9, 4]);
  const tokens = builder.input("tokens", [3], "int");
  const targets = builder.input("targets", [3], "int");
  const weights = builder.input("weights", [3]);
  const [left, right] = builder.splitColumns(builder.gatherRows(table, tokens), [2, 2]);
  const head = builder.input("head", [5, 2]);
  const [loss] = builder.linearCrossEntropy(builder.multiply(left, right), head, targets, weights, "outputInput");
  builder.output("loss", loss);
  expect(print(differentiate(builder.build(), "loss", ["head"]))).toBe(
    [
      "%0:[9x4] = input 'table'",
      "%1:i[3] = input 'tokens'",
      "%2:i[3] = input 'targets'",
      "%3:[3] = input 'weights'",
      "%7:[5x2] = input 'head'",
      "%4:[3x4] = gatherRows(%0, %1)",
      "%5:[3x2], %6:[3x2] = splitColumns{sizes=2/2}(%4)",
      "%8:[3x2] = multiply(%5, %6)",
      "%9:[], %10:[3] = linearCrossEntropy{layout=outputInput}(%8, %7, %2, %3)",
      "%11:[] = fill{shape= value=1}()",
      "%12:[3x2], %13:[5x2] = linearCrossEntropyGrad{layout=outputInput}(%8, %7, %2, %3, %11)",
      "output 'loss' = %9",
      "output 'gradient of head' = %13",
    ].join("\n"),
  );
});
