/** @file A plan as LLaMA-Factory's freeze tuning: the first or last layers, in them whole modules, and modules outside of layers. */
import { commented, fileHeading } from "./file-heading.js";
import { grouped } from "./grouped.js";
import { cannotExpress, type Handover, type HandoverRequest } from "./handover.js";
import { elementsOf, type ModelParameter } from "./model-parameters.js";
import { type ParameterPlace, parameterPlace } from "./parameter-place.js";

export interface FreezeOptions {
  readonly finetuning_type: "freeze";
  /** The last n layers; where negative, the first n. */
  readonly freeze_trainable_layers: number;
  readonly freeze_trainable_modules: string;
  readonly freeze_extra_modules?: string;
}

const all = "all";
const firstWord = (text: string) => text.split(".", 1)[0];

interface Placed {
  readonly place: ParameterPlace;
  readonly parameter: ModelParameter;
}

/** `self_attn` of each layer, by layer: whether its matrices are free. Norms have none and are in no group. @throws InputError */
function freeModules(placed: readonly Placed[], request: HandoverRequest): Map<number, Set<string>> {
  const free = new Map<number, Set<string>>();
  const withMatrix = placed.filter(({ parameter }) => parameter.matrix !== null);
  for (const [layer, members] of grouped(withMatrix, ({ place }) => place.layer)) {
    const modules = grouped(members, ({ place }) => firstWord(place.rest));
    for (const [module, matrices] of modules) {
      const frozen = matrices.filter(({ parameter }) => parameter.frozen);
      if (frozen.length > 0 && frozen.length < matrices.length) {
        throw cannotExpress(
          "LLaMA-Factory",
          request,
          `it freezes ${frozen.length} of the ${matrices.length} matrices of '${module}' in layer ${layer}, and freeze tuning takes whole modules. Export for axolotl or trl.`,
        );
      }
    }
    const names = [...modules].filter(([, matrices]) => !matrices[0].parameter.frozen).map(([module]) => module);
    if (names.length > 0) free.set(layer, new Set(names));
  }
  return free;
}

/** `1, 2, 5`. */
const listed = (numbers: Iterable<number>) => [...numbers].join(", ");

/** @throws InputError where the layers are neither the first nor the last ones. */
function trainableLayers(free: ReadonlyMap<number, unknown>, layers: number, request: HandoverRequest): number {
  const count = free.size;
  if ([...free.keys()].every((layer) => layer >= layers - count)) return count;
  if ([...free.keys()].every((layer) => layer < count)) return -count;
  throw cannotExpress(
    "LLaMA-Factory",
    request,
    `the layers with free matrices (${listed(free.keys())} of 0 to ${layers - 1}) are neither the first nor the last ones. Export for axolotl or trl.`,
  );
}

/** Whether freeze tuning trains a parameter: it does where the name contains `.layer.module`, or an extra module's name, anywhere. */
function trains(options: FreezeOptions, layers: number): (name: string) => boolean {
  const { freeze_trainable_layers: count, freeze_trainable_modules: modules, freeze_extra_modules: extra } = options;
  const begin = count > 0 ? layers - count : 0;
  const words = modules.split(",").map((module) => (module === all ? "" : module));
  const inLayers = Array.from({ length: Math.abs(count) }, (_, index) =>
    words.map((word) => `.${begin + index}.${word}`),
  ).flat();
  const parts = [...inLayers, ...(extra?.split(",") ?? [])];
  return (name) => parts.some((part) => name.includes(part));
}

/** @throws InputError where the plan cannot be put so. */
export function freezeOptions(request: HandoverRequest): FreezeOptions & { readonly layers: number } {
  const { parameters } = request;
  const placed = parameters.flatMap((parameter) => {
    const place = parameterPlace(parameter.name);
    return place === null ? [] : [{ place, parameter }];
  });
  if (placed.length === 0)
    throw cannotExpress("LLaMA-Factory", request, "no layers are found in the parameters' names.");
  const layers = Math.max(...placed.map(({ place }) => place.layer)) + 1;
  const free = freeModules(placed, request);
  const count = trainableLayers(free, layers, request);
  const [first] = free;
  for (const [layer, modules] of free) {
    if ([...modules].sort().join() === [...first[1]].sort().join()) continue;
    throw cannotExpress(
      "LLaMA-Factory",
      request,
      `layer ${first[0]} leaves ${[...first[1]].join(", ")} free and layer ${layer} ${[...modules].join(", ")}, and freeze tuning takes the same modules in all its layers. Export for axolotl or trl.`,
    );
  }
  const names = [...new Set(placed.map(({ place }) => firstWord(place.rest)))].sort();
  const withMatrix = new Set(
    placed.filter(({ parameter }) => parameter.matrix !== null).map(({ place }) => firstWord(place.rest)),
  );
  const taken = names.filter((name) => first?.[1].has(name) || !withMatrix.has(name));
  const extra = parameters.filter(({ name, frozen }) => !frozen && parameterPlace(name) === null);
  const extraNames = [...new Set(extra.map(({ name }) => name.split(".").at(-2) ?? name))];
  return {
    ...{ layers, finetuning_type: "freeze", freeze_trainable_layers: count },
    freeze_trainable_modules: taken.length === names.length || taken.length === 0 ? all : taken.join(","),
    ...(extraNames.length > 0 && { freeze_extra_modules: extraNames.join(",") }),
  };
}

/** @throws InputError where a matrix would be trained that the plan freezes, or the reverse. */
function demandExact(request: HandoverRequest, trained: (name: string) => boolean): void {
  const wrong = request.parameters.find(({ name, matrix, frozen }) => matrix !== null && trained(name) === frozen);
  if (wrong !== undefined)
    throw cannotExpress(
      "LLaMA-Factory",
      request,
      `'${wrong.name}' would ${wrong.frozen ? "be trained" : "stay frozen"}, since freeze tuning goes by parts of names. Export for axolotl or trl.`,
    );
}

const isVector = ({ matrix }: ModelParameter) => matrix === null;

/** Of matrices exact. Norms and biases go with their layers and modules there: the notes count those that stay frozen though the plan leaves them free. */
export function llamafactoryHandover(request: HandoverRequest): Handover {
  const { layers, ...options } = freezeOptions(request);
  const trained = trains(options, layers);
  demandExact(request, trained);
  const { parameters } = request;
  const still = parameters.filter((parameter) => isVector(parameter) && !trained(parameter.name));
  const notes =
    still.length === 0
      ? []
      : [
          `Freeze tuning also freezes ${still.length} norms and biases (${elementsOf(still, () => true)} parameters) that the plan leaves free: the evidence does not cover that.`,
        ];
  const settings = { model_name_or_path: request.trained, ...options };
  const content = [
    commented([...fileHeading("LLaMA-Factory: keys to merge into a configuration of training.", request), ...notes]),
    ...Object.entries(settings).map(
      ([key, value]) => `${key}: ${typeof value === "number" ? value : JSON.stringify(value)}\n`,
    ),
  ].join("");
  return {
    ...{ fileName: "llamafactory.yaml", content, notes, settings },
    trainableParameters: elementsOf(parameters, ({ name }) => trained(name)),
  };
}
