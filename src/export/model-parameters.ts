/** @file A checkpoint's parameters under the names that transformers' model gives them, each frozen or not. Knows no trainer. */
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import { isBuffer, isTiedCopy } from "../checkpoint/parameter-count.js";
import { listMatrices } from "../checkpoint/weight-names.js";
import { InputError } from "../foundation/errors.js";
import type { CheckedPlan } from "./checked-plan.js";
import { grouped } from "./grouped.js";

export interface ModelParameter {
  /** As `named_parameters()` of the model class with a language-modelling head lists it. */
  readonly name: string;
  /** Where later versions of transformers load it under another name; else null. */
  readonly laterName: string | null;
  /** As stored; transformers' model has the same. */
  readonly shape: readonly number[];
  readonly elements: number;
  readonly frozen: boolean;
  /** The matrix that it is; null for norms and biases. */
  readonly matrix: CheckpointMatrix | null;
}

const wrapped = /^(transformer|model|gpt_neox)\./;
const head = /^(lm_head|embed_out|score)\./;

/** What the model class prefixes, by the config's model_type: checkpoints of the bare model (`openai-community/gpt2`) lack it. */
const wrapperOf: Readonly<Record<string, string>> = {
  gpt2: "transformer",
  gpt_neox: "gpt_neox",
  llama: "model",
  mistral: "model",
  qwen2: "model",
  qwen3: "model",
};

/** GPT-NeoX's head, stored as `embed_out`, is loaded under that name up to transformers 5.6 at least, and as `lm_head` in 5.23. */
const laterNames: ReadonlyMap<string, string> = new Map([["embed_out.weight", "lm_head.weight"]]);

/** @throws InputError where stored names lack the wrapper and the config does not tell it. */
function namedAsLoaded(checkpoint: Checkpoint): (tensor: string) => string {
  const names = [...checkpoint.tensors.keys()];
  if (names.some((name) => wrapped.test(name))) return (tensor) => tensor;
  const type = checkpoint.config?.model_type;
  const wrapper = typeof type === "string" ? wrapperOf[type] : undefined;
  if (wrapper === undefined) {
    const found = checkpoint.config === null ? "there is no config.json" : `model_type ${JSON.stringify(type)}`;
    throw new InputError(
      `${checkpoint.source}: its tensors are named like '${names[0]}', and ${found}: under which names a trainer finds them is unknown. Save the model with transformers' save_pretrained and give that folder.`,
    );
  }
  return (tensor) => (head.test(tensor) ? tensor : `${wrapper}.${tensor}`);
}

/** A trainer freezes tensors, under names that two layouts of experts do not share. @throws InputError */
function demandWholeTensors(checkpoint: Checkpoint, matrices: readonly CheckpointMatrix[], planned: Set<string>): void {
  const numbered = matrices.find(
    ({ expert, tensor }) => expert !== null && checkpoint.tensors.get(tensor)!.shape.length === 2,
  );
  if (numbered !== undefined)
    throw new InputError(
      `${checkpoint.source}: stores its experts one tensor each ('${numbered.tensor}'), which transformers stacks into one under another name. Save the model with the stacks, or export the checkpoint.`,
    );
  const byTensor = grouped(matrices, ({ tensor }) => tensor);
  for (const [tensor, all] of byTensor) {
    const frozen = all.filter(({ name }) => planned.has(name));
    if (frozen.length > 0 && frozen.length < all.length)
      throw new InputError(
        `${checkpoint.source}: the plan freezes ${frozen.length} of the ${all.length} experts in '${tensor}', and a trainer freezes whole tensors. Freeze all of them or none.`,
      );
  }
}

/**
 * In the order of the layers, then of the names. Causal masks and an output head that repeats the embedding are no parameters.
 * @throws InputError where names or experts cannot be told a trainer.
 */
export function modelParameters(checkpoint: Checkpoint, { matrices }: CheckedPlan): ModelParameter[] {
  const all = listMatrices(checkpoint);
  const planned = new Set(matrices.map(({ matrix }) => matrix.name));
  demandWholeTensors(checkpoint, all, planned);
  const nameOf = namedAsLoaded(checkpoint);
  const matrixOf = new Map(all.map((matrix) => [matrix.tensor, matrix]));
  const parameters = [...checkpoint.tensors.values()]
    .filter((tensor) => !(isBuffer(tensor) || isTiedCopy(checkpoint, tensor)))
    .map(({ name, shape }) => {
      const matrix = matrixOf.get(name) ?? null;
      return {
        ...{ name: nameOf(name), laterName: laterNames.get(name) ?? null, shape, matrix },
        elements: shape.reduce((product, size) => product * size, 1),
        frozen: matrix !== null && planned.has(matrix.name),
      };
    });
  const key = (name: string) => name.replace(/\d+/g, (digits) => digits.padStart(12, "0"));
  return parameters.sort((a, b) => (key(a.name) < key(b.name) ? -1 : 1));
}

export function elementsOf(parameters: readonly ModelParameter[], wanted: (parameter: ModelParameter) => boolean) {
  return parameters.reduce((sum, parameter) => sum + (wanted(parameter) ? parameter.elements : 0), 0);
}
