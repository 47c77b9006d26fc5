/** @file A plan as a Python module that freezes a transformers model, for TRL and every other trainer of such models. */
import { commented, fileHeading } from "./file-heading.js";
import type { Handover, HandoverRequest } from "./handover.js";
import { elementsOf, type ModelParameter } from "./model-parameters.js";

/** JSON's strings are Python's too. */
const quoted = (text: string) => JSON.stringify(text);
const shapeTuple = (shape: readonly number[]) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

function shapes(parameters: readonly ModelParameter[]): string {
  return `{\n${parameters.map(({ name, shape }) => `    ${quoted(name)}: ${shapeTuple(shape)},\n`).join("")}}`;
}

const program = `

def apply(model):
    """Freezes the plan's matrices and leaves everything else to be trained. Call it before the trainer is made.

    Raises ValueError, with nothing changed, where the model's parameters are not those of the checkpoint.
    """
    parameters = {LATER_NAMES.get(name, name): parameter for name, parameter in model.named_parameters()}
    expected = {**FROZEN, **TRAINABLE}
    absent = sorted(expected.keys() - parameters.keys())
    if absent:
        raise ValueError(f"{len(absent)} parameters of the plan are not in the model, the first is {absent[0]}")
    extra = sorted(parameters.keys() - expected.keys())
    if extra:
        raise ValueError(f"{len(extra)} parameters of the model are not in the checkpoint, the first is {extra[0]}")
    for name, shape in expected.items():
        if tuple(parameters[name].shape) != shape:
            raise ValueError(f"{name} is of shape {tuple(parameters[name].shape)}, the plan was made for {shape}")
    for name, parameter in parameters.items():
        parameter.requires_grad_(name not in FROZEN)
    frozen = sum(p.numel() for p in model.parameters() if not p.requires_grad)
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    if (frozen, trainable) != (FROZEN_ELEMENTS, TRAINABLE_ELEMENTS):
        raise ValueError(
            f"{frozen} elements frozen and {trainable} trainable, "
            f"{FROZEN_ELEMENTS} and {TRAINABLE_ELEMENTS} were expected"
        )
    print(f"frozen: {len(FROZEN)} matrices, {frozen:,} elements; trainable: {trainable:,}")
    return model


if __name__ == "__main__":
    import sys

    from transformers import AutoModelForCausalLM

    apply(AutoModelForCausalLM.from_pretrained(sys.argv[1] if len(sys.argv) > 1 else MODEL))
`;

export function trlHandover(request: HandoverRequest): Handover {
  const { parameters, trained } = request;
  const [frozen, free] = [parameters.filter((p) => p.frozen), parameters.filter((p) => !p.frozen)];
  const [frozenElements, trainableElements] = [frozen, free].map((part) => elementsOf(part, () => true));
  const later = parameters.flatMap(({ name, laterName }) =>
    laterName === null ? [] : [`${quoted(laterName)}: ${quoted(name)}`],
  );
  const heading = fileHeading(
    "Freezes a transformers model for TRL's SFTTrainer or any trainer without adapters.",
    request,
  );
  const content = [
    commented([...heading, "Use: `import freeze_plan; freeze_plan.apply(model)`, then hand the model to the trainer."]),
    `\nMODEL = ${quoted(trained)}\n`,
    `\n# Shapes by parameter name.\nFROZEN = ${shapes(frozen)}\n`,
    `\nTRAINABLE = ${shapes(free)}\n`,
    `\n# Names in later versions of transformers, with those above.\nLATER_NAMES = {${later.join(", ")}}\n`,
    `\nFROZEN_ELEMENTS = ${frozenElements}\nTRAINABLE_ELEMENTS = ${trainableElements}\n`,
    program,
  ].join("");
  return {
    ...{ fileName: "freeze_plan.py", content, notes: [], trainableParameters: trainableElements },
    settings: { model: trained, frozen: frozen.map(({ name }) => name) },
  };
}
