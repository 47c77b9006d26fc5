/** @file What the blocks of several architectures have in common: parameters under a prefix, and the linear maps among them. */
import type { Value } from "../graph/graph.js";
import type { GraphBuilder } from "../graph/graph-builder.js";
import { applyLinear, weightFrom } from "./weight.js";

export interface Block<Config> {
  readonly builder: GraphBuilder;
  readonly config: Config;
  readonly parameter: ReadonlyMap<string, Value>;
  /** "layers.3" */
  readonly prefix: string;
}

/** x W' + b of a torch.nn.Linear, which stores [out, in]; without b where the model has none. */
export function blockLinear<Config>({ builder, parameter, prefix }: Block<Config>, x: Value, name: string): Value {
  const weight = weightFrom(parameter, `${prefix}.${name}.weight`);
  return applyLinear(builder, x, weight, parameter.get(`${prefix}.${name}.bias`) ?? null, "outputInput");
}
