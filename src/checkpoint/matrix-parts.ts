/** @file The projections that some architectures pack into one weight. Knows names and head counts; nothing of values. */
import type { CheckpointMatrix, Range } from "./checkpoint-matrix.js";
import { positiveSetting, textConfig } from "./text-config.js";

type Config = Readonly<Record<string, unknown>> | null;

/** Output units of each part, half-open. */
type Parts = readonly (readonly [part: string, units: readonly Range[]])[];

/** The parts of a packed weight, each a matrix of its own; none of others, or where the config does not say how it is packed. */
export function matrixParts(whole: CheckpointMatrix, config: Config): CheckpointMatrix[] {
  return partsOf(whole, textConfig(config)).map(([part, units]) => ({
    ...whole,
    name: `${whole.name}.${part}`,
    role: `${whole.role}.${part}`,
    part,
    rows: units.reduce((sum, [begin, end]) => sum + end - begin, 0),
    stored: { ...whole.stored, ...(whole.transposed ? { colRanges: units } : { rowRanges: units }) },
  }));
}

/** Architectures whose query_key_value holds q, k and v of one head after the other. Falcon, GLM and others order it in ways of their own. */
const headByHead: ReadonlySet<unknown> = new Set(["gpt_neox", "gpt_neox_japanese", "bloom", "persimmon"]);

function partsOf({ role, rows, cols }: CheckpointMatrix, config: Config): Parts {
  // The head counts are those of the language model.
  if (/^(vision|visual|audio)/.test(role)) return [];
  const heads = positiveSetting(config, "num_attention_heads", "n_head", "num_heads");
  const type = config?.model_type;
  switch (role.split(".").at(-1)) {
    case "c_attn":
      // GPT-2 packs whole projections; grouped queries (StarCoder) give another width.
      return rows === 3 * cols ? consecutive({ q: cols, k: cols, v: cols }) : [];
    case "qkv_proj": {
      const groups = positiveSetting(config, "num_key_value_heads") ?? heads;
      // CodeGen packs q, v and k, in four groups.
      if (heads === null || groups === null || type === "codegen" || rows % (heads + 2 * groups) !== 0) return [];
      const size = rows / (heads + 2 * groups);
      return consecutive({ q: heads * size, k: groups * size, v: groups * size });
    }
    case "gate_up_proj":
      // GPT-OSS interleaves the two, unit by unit.
      return rows % 2 === 0 && !isGptOss(type) ? consecutive({ gate: rows / 2, up: rows / 2 }) : [];
    case "query_key_value": {
      if (heads === null || rows % (3 * heads) !== 0 || !headByHead.has(type)) return [];
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

const isGptOss = (type: unknown) => typeof type === "string" && type.startsWith("gpt_oss");

function consecutive(sizes: Readonly<Record<string, number>>): Parts {
  let begin = 0;
  return Object.entries(sizes).map(([part, size]) => {
    const range: Range = [begin, begin + size];
    begin += size;
    return [part, [range]];
  });
}
