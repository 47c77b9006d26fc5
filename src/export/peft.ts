/** @file A plan as the arguments of PEFT's LoraConfig: what it freezes gets no adapter. */
import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import { commented, fileHeading } from "./file-heading.js";
import { grouped } from "./grouped.js";
import { cannotExpress, type Handover, type HandoverRequest } from "./handover.js";
import { numberPattern } from "./number-pattern.js";
import { type ParameterPlace, parameterPlace } from "./parameter-place.js";

/** A common choice, not studied here; alpha is twice the rank, as often. */
const rank = 16;

/** A linear module of a layer, which an adapter can stand beside. */
interface LinearModule extends ParameterPlace {
  /** As `named_modules()` lists it. */
  readonly name: string;
  readonly frozen: boolean;
  readonly matrix: CheckpointMatrix;
}

function linearModules(request: HandoverRequest): LinearModule[] {
  return request.parameters.flatMap(({ name, frozen, matrix, shape }) => {
    const place = parameterPlace(name);
    if (matrix === null || place === null || /(^|[._])(embed|embedding|bias)\w*\.weight$/.test(name)) return [];
    if (shape.length !== 2 || !name.endsWith(".weight"))
      throw cannotExpress("PEFT", request, `'${name}' is a stack of experts, which target_modules cannot name.`);
    const bare = (text: string) => text.slice(0, -".weight".length);
    return [{ ...place, rest: bare(place.rest), name: bare(name), frozen, matrix }];
  });
}

export interface AdapterTargets {
  /** Endings of module names, or one expression for whole names. */
  readonly target_modules: readonly string[] | string;
  readonly layers_to_transform?: readonly number[];
  readonly layers_pattern?: string;
}

const lastComponent = (name: string) => name.slice(name.lastIndexOf(".") + 1);

/** Names with layers where the free modules are the same in each layer that has any, as a list; null where they are not. */
function listedTargets(modules: readonly LinearModule[]): AdapterTargets | null {
  const free = modules.filter(({ frozen }) => !frozen);
  const containers = new Set(modules.map(({ container }) => container));
  const layers = [...new Set(free.map(({ layer }) => layer))].sort((a, b) => a - b);
  const roles = [...new Set(free.map(({ rest }) => rest))].sort();
  if (containers.size !== 1 || free.length !== layers.length * roles.length) return null;
  const ends = (name: string) => roles.some((role) => name.endsWith(`.${role}`));
  const [inLayers, everywhere] = [
    modules.every(({ name, layer, frozen }) => !frozen === (ends(name) && layers.includes(layer))),
    modules.every(({ name, frozen }) => !frozen === ends(name)),
  ];
  if (everywhere) return { target_modules: roles };
  const layersPattern = lastComponent([...containers][0]);
  return inLayers ? { target_modules: roles, layers_to_transform: layers, layers_pattern: layersPattern } : null;
}

const escaped = (text: string) => text.replace(/[^\w]/g, "\\$&");

/** One expression that matches exactly the free modules' whole names. */
function targetPattern(modules: readonly LinearModule[]): string {
  const free = modules.filter(({ frozen }) => !frozen);
  const layered = [...grouped(free, ({ container, rest }) => `${container} ${rest}`).values()].map((group) => ({
    ...{ container: group[0].container, rest: group[0].rest },
    layers: numberPattern(group.map(({ layer }) => layer)),
  }));
  const sharing = [...grouped(layered, ({ container, layers }) => `${escaped(container)}\\.${layers}\\.`)];
  const parts = sharing.map(([begin, group]) => {
    const roles = group.map(({ rest }) => escaped(rest));
    return `${begin}${roles.length === 1 ? roles[0] : `(?:${roles.join("|")})`}`;
  });
  return parts.length === 1 ? parts[0] : `(?:${parts.join("|")})`;
}

/** The largest rank at which an adapter is smaller than its matrix, k (n + m) < n m; at least 1. */
function usefulRank({ rows, cols }: CheckpointMatrix): number {
  return Math.max(1, Math.min(rank, Math.ceil((rows * cols) / (rows + cols)) - 1));
}

/** JSON, but for Python's words for true and null. */
const python = (value: unknown) => (value === true ? "True" : value === false ? "False" : JSON.stringify(value));

const program = `

def lora_config():
    return LoraConfig(**ARGUMENTS)


def check(peft_model):
    """Raises ValueError unless exactly the modules that the plan leaves free have an adapter."""
    suffix = ".lora_A.default"
    adapted = {name[: -len(suffix)] for name, _ in peft_model.get_base_model().named_modules() if name.endswith(suffix)}
    wrong = sorted(adapted ^ ADAPTED)
    if wrong:
        raise ValueError(f"{len(wrong)} modules are adapted and should not be, or the reverse; the first is {wrong[0]}")
    return peft_model


if __name__ == "__main__":
    import sys

    from peft import get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(sys.argv[1] if len(sys.argv) > 1 else MODEL)
    check(get_peft_model(model, lora_config())).print_trainable_parameters()
`;

/** @throws InputError where no linear module of a layer is free, or a layer keeps its experts in one tensor. */
export function peftHandover(request: HandoverRequest): Handover {
  const modules = linearModules(request);
  const free = modules.filter(({ frozen }) => !frozen);
  if (free.length === 0)
    throw cannotExpress(
      "PEFT",
      request,
      "of the matrices in the layers it leaves none free, so no module would get an adapter. Export a freeze list.",
    );
  const small = free.filter(({ matrix }) => usefulRank(matrix) < rank);
  const settings = {
    ...{ task_type: "CAUSAL_LM", r: rank, lora_alpha: 2 * rank, bias: "none" },
    fan_in_fan_out: free.every(({ matrix }) => matrix.transposed),
    ...(listedTargets(modules) ?? { target_modules: targetPattern(modules) }),
    ...(small.length > 0 && {
      rank_pattern: Object.fromEntries(small.map(({ name, matrix }) => [escaped(name), usefulRank(matrix)])),
    }),
  };
  const note =
    "An adapter leaves the base as it is: embeddings, norms, biases and the free matrices themselves are not trained, so the evidence, which is of full fine-tuning, carries over only in part.";
  const heading = fileHeading("PEFT: a LoRA configuration that gives no adapter to what the plan freezes.", request);
  const content = [
    commented([
      ...heading,
      note,
      `Rank and alpha are yours to change; where rank_pattern is set, rank ${rank} would exceed the matrix.`,
    ]),
    "from peft import LoraConfig\n",
    `\nMODEL = ${python(request.trained)}\n`,
    `\nARGUMENTS = {\n${Object.entries(settings)
      .map(([key, value]) => `    ${python(key)}: ${python(value)},\n`)
      .join("")}}\n`,
    `\nADAPTED = {\n${free.map(({ name }) => `    ${python(name)},\n`).join("")}}\n`,
    program,
  ].join("");
  const trainableParameters = free.reduce(
    (sum, { matrix }) => sum + usefulRank(matrix) * (matrix.rows + matrix.cols),
    0,
  );
  return { fileName: "peft_config.py", content, trainableParameters, notes: [note], settings };
}
