/** @file Who takes part in the benches of a training step: ours on each backend and precision, PyTorch in each way of running it. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { UsageError } from "../dist/foundation/errors.js";
import { contestant } from "./contestant.mjs";
import { sizeOptions } from "./step-model.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const python = process.env.DEADWEIGHT_PYTHON ?? "python3";

const ours = (backend, precision) => ({
  key: `${backend}-${precision}`,
  name: `deadweight ${backend === "onnx" ? "ONNX" : backend} ${precision}`,
  command: process.execPath,
  args: [here("engine-step.mjs"), "--backend", backend, "--precision", precision],
  isOurs: true,
});
const torch = (mode, name) => ({
  key: `torch-${mode}`,
  name: `PyTorch ${name}`,
  command: python,
  args: [here("torch_step.py"), "--mode", mode],
  isOurs: false,
});

/** Optimizer of all PyTorch's: fused AdamW. */
const known = [
  ours("native", "fp32"),
  ours("native", "bf16"),
  ours("onnx", "fp32"),
  torch("fp32-eager", "fp32, attention written out"),
  torch("fp32-sdpa", "fp32, scaled_dot_product_attention"),
  torch("bf16-autocast", "bf16 autocast"),
  torch("fp32-compile", "fp32, torch.compile"),
  torch("bf16-compile", "bf16 autocast, torch.compile"),
];

export const contestantKeys = known.map(({ key }) => key);

/** Those whose key is given or begins with what is given: `native,torch-fp32`. @throws UsageError */
export function chosenKeys(list) {
  const words = list.split(",");
  for (const word of words)
    if (!contestantKeys.some((key) => key.startsWith(word)))
      throw new UsageError(`--only ${word}: no such contestant. There are ${contestantKeys.join(", ")}.`);
  return contestantKeys.filter((key) => words.some((word) => key.startsWith(word)));
}

/** The keys without PyTorch's where there is no torch. @param note is told so. */
export function runnableKeys(keys, note) {
  const isTorch = (key) => key.startsWith("torch-");
  if (!keys.some(isTorch) || spawnSync(python, ["-c", "import torch"]).status === 0) return keys;
  note(`${python} has no torch: PyTorch's rows are left out. DEADWEIGHT_PYTHON names another.`);
  return keys.filter((key) => !isTorch(key));
}

/** The same contestant with a weight held: `--frozen NAME` or `--factored NAME`. */
const held = (one, name, treated) => ({
  ...one,
  name: `${one.name}, ${name}`,
  treated,
  args: [...one.args, ...Object.entries(treated).flatMap(([option, weight]) => [`--${option}`, weight])],
});

/** Starts them. @param heldWeight of the first of ours there are two more then, with that weight frozen, and of rank 1 and frozen. */
export function startContestants(keys, { size, threads, heldWeight }) {
  const chosen = keys.map((key) => known.find((one) => one.key === key));
  const first = chosen.findIndex(({ isOurs }) => isOurs);
  if (heldWeight && first >= 0) {
    const [one, name] = [chosen[first], heldWeight.replace(/\.weight$/, "")];
    const arms = [
      held(one, `${name} frozen`, { frozen: heldWeight }),
      held(one, `${name} of rank 1`, { factored: heldWeight }),
    ];
    chosen.splice(first + 1, 0, ...arms);
  }
  const shared = sizeOptions.flatMap((name) => (size[name] === undefined ? [] : [`--${name}`, String(size[name])]));
  return chosen.map(({ args, ...one }) =>
    contestant({ ...one, args: [...args, ...shared, "--threads", String(threads)] }),
  );
}
