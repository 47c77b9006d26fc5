/**
 * @file Finds kernels that can go together: what follows a matrix product goes into its way out, an activation and a product of two
 * into one sweep, the loss and its gradient into one. Knows nothing of memory.
 */
import type { Value } from "../../graph/graph.js";
import type { KernelName } from "./kernel.js";
import { type KernelCall, type Operand, readsOf, type Schedule } from "./schedule.js";
import { ScheduleEditor } from "./schedule-editor.js";

const value = (call: KernelCall, name: string): Value => call.operands[name] as Value;

function extended(
  call: KernelCall,
  operands: Readonly<Record<string, Operand>>,
  activation?: KernelCall["flags"]["activation"],
): KernelCall {
  const flags = activation ? { ...call.flags, activation } : call.flags;
  return { ...call, flags, operands: { ...call.operands, ...operands } };
}

/** Whether none of the named operands is taken yet. */
const lacks = (call: KernelCall, ...names: readonly string[]): boolean => !names.some((name) => name in call.operands);

/** loss and d loss of the same logits, where d loss is a number: the logits are made once. */
function fuseCrossEntropy(editor: ScheduleEditor): void {
  for (const [backward, index] of editor.calls("crossEntropy")) {
    if (!("dloss" in backward.operands)) continue;
    const dloss = editor.maker(value(backward, "dloss"), "fill");
    if (!dloss) continue;
    const same = (call: KernelCall) =>
      ["x", "weight", "targets", "weights"].every((name) => call.operands[name] === backward.operands[name]);
    const isForward = (call: KernelCall) => "loss" in call.operands && lacks(call, "dx", "dweight");
    const found = [...editor.calls("crossEntropy")].find(([call]) => isForward(call) && same(call));
    if (!found) continue;
    const { dloss: _, ...operands } = backward.operands;
    editor.replace(index, null);
    editor.replace(found[1], { ...extended(found[0], operands), scalars: dloss.scalars });
  }
}

/** y = activation(g) u, wherever the activation serves nothing else. */
function fuseGated(editor: ScheduleEditor): void {
  for (const [activation, index] of editor.calls("activation")) {
    const activated = value(activation, "y");
    const products = [...editor.calls("multiply")].filter(([call]) => readsOf(call).includes(activated));
    // A square reads it twice.
    if (products.length !== editor.useCount(activated) || products.length === 0) continue;
    for (const [call, place] of products) {
      const other = call.operands.x === activated ? call.operands.y : call.operands.x;
      const operands = { gate: activation.operands.x, x: other, y: call.operands.out };
      editor.replace(place, { ...call, kernel: "gated", flags: activation.flags, operands });
    }
    editor.replace(index, null);
  }
}

/** dg = dy u activation'(g) and, where it is wanted, du = dy activation(g), in one sweep. */
function fuseGatedGrad(editor: ScheduleEditor): void {
  for (const [slope, index] of editor.calls("activationGrad")) {
    const product = editor.maker(value(slope, "dy"), "multiply");
    if (!product || editor.useCount(value(slope, "dy")) !== 1) continue;
    const factors = [value(product, "x"), value(product, "y")];
    const ready = Math.max(...factors.map((factor) => editor.madeAt(factor)));
    const partner = [...editor.calls("gated")].find(
      ([call, place]) =>
        call.operands.gate === slope.operands.x &&
        call.flags.activation === slope.flags.activation &&
        factors.includes(value(call, "x")) &&
        place > ready,
    );
    const dy = partner ? value(partner[0], "x") : factors[0];
    const x = factors[0] === dy ? factors[1] : factors[0];
    const operands = { gate: slope.operands.x, x, dy, dgate: slope.operands.dx };
    const call: KernelCall = { ...slope, kernel: "gatedGrad", operands };
    editor.replace(editor.madeAt(value(slope, "dy")), null);
    if (partner) {
      editor.replace(partner[1], null);
      editor.replace(index, null);
      editor.replace(Math.min(index, partner[1]), extended(call, { dx: partner[0].operands.y }));
    } else editor.replace(index, call);
  }
}

/** dx = (dy W') activation'(g) on the product's way out. */
function fuseSlope(editor: ScheduleEditor): void {
  for (const [slope, index] of editor.calls("activationGrad")) {
    const dy = value(slope, "dy");
    const product = editor.maker(dy, "matrixProduct");
    if (!product || editor.useCount(dy) !== 1 || !lacks(product, "bias", "residual", "activated", "gate")) continue;
    const place = editor.madeAt(dy);
    if (editor.madeAt(value(slope, "x")) > place) continue;
    editor.replace(index, null);
    editor.replace(place, extended(product, { gate: slope.operands.x, c: slope.operands.dx }, slope.flags.activation));
  }
}

/** The operand that takes an addend, and the output that it is added to. */
const addends: readonly { readonly kernel: KernelName; readonly output: string; readonly addend: string }[] = [
  { kernel: "matrixProduct", output: "c", addend: "residual" },
  { kernel: "normGrad", output: "dx", addend: "residual" },
  { kernel: "scatterAddRows", output: "out", addend: "base" },
];

/** y + r, where y is made by a kernel that can add r on the way. The later of two such makers takes the other's result. */
function fuseAddend(editor: ScheduleEditor): void {
  for (const [sum, index] of editor.calls("add")) {
    const [x, y] = [value(sum, "x"), value(sum, "y")];
    const [later, earlier] = editor.madeAt(x) > editor.madeAt(y) ? [x, y] : [y, x];
    for (const [term, other] of [
      [later, earlier],
      [earlier, later],
    ]) {
      const form = addends.find(({ kernel, output }) => editor.maker(term, kernel)?.operands[output] === term);
      if (!form || editor.useCount(term) !== 1) continue;
      const call = editor.maker(term, form.kernel)!;
      if (!lacks(call, form.addend, "activated")) continue;
      const place = editor.madeAt(term);
      const isOnlyOutput = form.kernel !== "normGrad";
      // Where the addend is made later, the kernel itself moves there.
      const target = editor.madeAt(other) < place ? place : isOnlyOutput ? index : -1;
      if (target < 0) continue;
      editor.replace(index, null);
      editor.replace(place, null);
      editor.replace(target, extended(call, { [form.addend]: other, [form.output]: sum.operands.out }));
      break;
    }
  }
}

/** activation(x W + b) on the product's way out; x W + b itself is written only where something else reads it. */
function fuseActivation(editor: ScheduleEditor): void {
  for (const [activation, index] of editor.calls("activation")) {
    const x = value(activation, "x");
    const product = editor.maker(x, "matrixProduct");
    if (!product || !lacks(product, "activated", "gate")) continue;
    const place = editor.madeAt(x);
    editor.replace(index, null);
    const call = extended(product, { activated: activation.operands.y }, activation.flags.activation);
    const { c: _, ...without } = call.operands;
    editor.replace(place, editor.useCount(x) > 0 ? call : { ...call, operands: without });
  }
}

/** factor (A B) on the product's way out. */
function fuseScale(editor: ScheduleEditor): void {
  for (const [scaled, index] of editor.calls("scale")) {
    const x = value(scaled, "x");
    const product = editor.maker(x, "matrixProduct");
    if (!product || editor.useCount(x) !== 1 || !lacks(product, "bias", "residual", "activated", "gate")) continue;
    const place = editor.madeAt(x);
    editor.replace(index, null);
    const call = extended(product, { c: scaled.operands.out });
    editor.replace(place, { ...call, scalars: [product.scalars[0] * scaled.scalars[0]] });
  }
}

const passes = [fuseCrossEntropy, fuseGated, fuseGatedGrad, fuseSlope, fuseScale, fuseAddend, fuseActivation] as const;

export function fuse(schedule: Schedule): Schedule {
  return passes.reduce((current, pass) => {
    const editor = new ScheduleEditor(current);
    pass(editor);
    editor.removeDead();
    return editor.finish();
  }, schedule);
}
