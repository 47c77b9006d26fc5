/** @file GPT-2's initial weights (Radford et al. 2019, section 2.3). Knows nothing of training. */
import type { Gpt2Config } from "../checkpoint/gpt2-config.js";
import { randomStream } from "../foundation/random.js";
import { gpt2 } from "./gpt2.js";

/** Normal with the config's deviation, residual projections divided by sqrt(2 layers), biases 0, norm scales 1. */
export function gpt2InitialWeights(config: Gpt2Config, seed: number): Map<string, Float32Array> {
  const residual = config.initializerRange / Math.sqrt(2 * config.layers);
  return new Map(
    gpt2(config).parameters.map(({ name, shape }) => {
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
      if (shape.length === 2)
        randomStream(seed, `initial ${name}`).fillNormal(
          values,
          /c_proj\.weight$/.test(name) ? residual : config.initializerRange,
        );
      else if (/ln_\w+\.weight$/.test(name)) values.fill(1);
      return [name, values];
    }),
  );
}
