/** @file The graphs of a language model: training, evaluation, logits. Knows no architecture and no backend. */
import { differentiate } from "../graph/differentiate.js";
import type { Graph, Value } from "../graph/graph.js";
import { GraphBuilder } from "../graph/graph-builder.js";
import { verify } from "../graph/verify.js";
import type { LanguageModel, SequenceInputs, SequenceShape } from "./language-model.js";

export interface BatchShape extends SequenceShape {
  /** Positions whose next token is scored; null where all are (the head then runs on every row). */
  readonly slots: number | null;
  /** Whether rows hold several examples that must not see each other. */
  readonly packed: boolean;
}

function begin(model: LanguageModel, shape: SequenceShape, packed: boolean) {
  const builder = new GraphBuilder();
  const parameters = new Map<string, Value>();
  for (const { name, shape: size } of model.parameters) parameters.set(name, builder.input(name, size));
  const index = (name: string, count: number) => builder.input(name, [count], "int");
  const count = shape.rows * shape.length;
  const inputs: SequenceInputs = {
    tokens: index("tokens", count),
    positions: index("positions", count),
    segments: packed ? index("segments", count) : null,
  };
  return { builder, index, pass: model.forward(builder, parameters, inputs, shape) };
}

/**
 * Inputs: the parameters, `tokens`, `positions`, `segments` (if packed), `scoredRows` (if slots), `targets`, `weights`.
 * Outputs: `loss` [] = sum of weights * token losses, `tokenLosses` [slots] in nats.
 */
export function lossGraph(model: LanguageModel, shape: BatchShape): Graph {
  const { builder, index, pass } = begin(model, shape, shape.packed);
  const slots = shape.slots ?? shape.rows * shape.length;
  const scored = shape.slots === null ? pass.hidden : builder.gatherRows(pass.hidden, index("scoredRows", slots));
  const targets = index("targets", slots);
  const weights = builder.input("weights", [slots]);
  const [loss, tokenLosses] = builder.linearCrossEntropy(
    pass.beforeHead(scored),
    pass.head,
    targets,
    weights,
    pass.headLayout,
  );
  builder.output("loss", loss);
  builder.output("tokenLosses", tokenLosses);
  return verify(builder.build());
}

/** `lossGraph` with the gradient of `loss` for each trainable parameter. */
export function trainingGraph(model: LanguageModel, shape: BatchShape, trainable: readonly string[]): Graph {
  return differentiate(lossGraph(model, shape), "loss", trainable);
}

/** Inputs as `lossGraph` without the scored positions; output `logits` [rows * length, vocabulary]. */
export function logitsGraph(model: LanguageModel, shape: SequenceShape): Graph {
  const { builder, pass } = begin(model, shape, false);
  builder.output("logits", builder.linear(pass.beforeHead(pass.hidden), pass.head, null, pass.headLayout));
  return verify(builder.build());
}
