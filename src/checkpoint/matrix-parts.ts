/** @file The projections that some architectures pack into one weight. Knows names and head counts; nothing of values. */
import type { CheckpointMatrix, Range } from "./checkpoint-matrix.js";

type Config = Readonly<Record<string, unknown>> | null;

/** Output units of each part, half-open. */
type Parts = readonly (readonly [part: string, units: readonly Range[]])[];

/** The parts of a packed weight, each a matrix of its own; none of others, or where the config does not say how it is packed. */
export function matrixParts(whole: CheckpointMatrix, config: Config): CheckpointMatrix[] {
  const layout = partsOf(whole, config);
  return layout.map(([part, units]) => ({
    ...whole,
    name: `${whole.name}.${part}`,
    role: `${whole.role}.${part}`,
    part,
    rows: units.reduce((sum, [begin, end]) => sum + end - begin, 0),
    stored: { ...whole.stored, ...(whole.transposed ? { colRanges: units } : { rowRanges: units }) },
  }));
}

function partsOf({ role, rows, cols }: CheckpointMatrix, config: Config): Parts {
  const word = role.split(".").at(-1);
  const heads = positive(config, "num_attention_heads", "n_head", "num_heads");
  switch (word) {
    case "c_attn":
      // GPT-2 packs whole projections; grouped queries (StarCoder) are wider than a third.
      return rows === 3 * cols ? consecutive({ q: cols, k: cols, v: cols }) : [];
    case "qkv_proj": {
      const groups = positive(config, "num_key_value_heads") ?? heads;
      if (heads === null || groups === null || rows % (heads + 2 * groups) !== 0) return [];
      const size = rows / (heads + 2 * groups);
      return consecutive({ q: heads * size, k: groups * size, v: groups * size });
    }
    case "gate_up_proj":
      return rows % 2 === 0 && config?.model_type !== "gpt_oss" ? consecutive({ gate: rows / 2, up: rows / 2 }) : [];
    case "query_key_value": {
      // GPT-NeoX and Bloom: for each head its q, k and v. Falcon's own order is not known here.
      if (heads === null || rows % (3 * heads) !== 0 || config?.model_type === "falcon") return [];
      const size = rows / (3 * heads);
      return ["q", "k", "v"].map((part, index) => [
        part,
        Array.from({ length: heads }, (_, head): Range => [(3 * head + index) * size, (3 * head + index + 1) * size]),
      ]);
    }
    default:
      return [];
  }
}

function consecutive(sizes: Readonly<Record<string, number>>): Parts {
  let begin = 0;
  return Object.entries(sizes).map(([part, size]) => {
    const range: Range = [begin, begin + size];
    begin += size;
    return [part, [range]];
  });
}

function positive(config: Config, ...keys: readonly string[]): number | null {
  for (const key of keys) {
    const value = config?.[key];
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  }
  return null;
}
