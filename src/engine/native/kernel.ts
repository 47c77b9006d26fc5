/** @file The kernels of the native library as `native/deadweight.h` numbers and describes them. Knows nothing of graphs. */

interface KernelForm {
  /** In the header's order. */
  readonly operands: readonly string[];
  /** Written operands, each with the read ones whose memory it may take over. */
  readonly writes: Readonly<Record<string, readonly string[]>>;
}

/** In the order of the header's enumeration: a kernel's number is its place. */
export const kernelForms = {
  matrixProduct: {
    operands: ["a", "b", "c", "bias", "residual", "activated", "gate"],
    writes: { c: ["residual"], activated: [] },
  },
  crossEntropy: {
    operands: ["x", "weight", "targets", "weights", "loss", "tokenLosses", "dx", "dweight", "dloss"],
    writes: { loss: [], tokenLosses: [], dx: [], dweight: [] },
  },
  norm: { operands: ["x", "scale", "shift", "y"], writes: { y: [] } },
  normGrad: {
    operands: ["x", "scale", "dy", "dx", "dscale", "dshift", "residual"],
    writes: { dx: ["residual"], dscale: [], dshift: [] },
  },
  activation: { operands: ["x", "y"], writes: { y: ["x"] } },
  activationGrad: { operands: ["x", "dy", "dx"], writes: { dx: ["dy", "x"] } },
  gated: { operands: ["gate", "x", "y"], writes: { y: ["gate", "x"] } },
  gatedGrad: {
    operands: ["gate", "x", "dy", "dgate", "dx"],
    writes: { dgate: ["gate", "x", "dy"], dx: ["gate", "x", "dy"] },
  },
  rotary: { operands: ["x", "positions", "y", "cosines", "sines", "frequencies"], writes: { y: ["x"] } },
  attention: {
    operands: ["q", "k", "v", "segments", "out", "logSumExp"],
    writes: { out: [], logSumExp: [] },
  },
  attentionGrad: {
    operands: ["q", "k", "v", "segments", "out", "logSumExp", "dout", "dq", "dk", "dv"],
    writes: { dq: [], dk: [], dv: [] },
  },
  gatherRows: { operands: ["table", "rows", "y"], writes: { y: [] } },
  scatterAddRows: { operands: ["rows", "y", "base", "out"], writes: { out: ["base"] } },
  columnSum: { operands: ["x", "out"], writes: { out: [] } },
  copy: { operands: ["x", "y"], writes: { y: [] } },
  add: { operands: ["x", "y", "out"], writes: { out: ["x", "y"] } },
  multiply: { operands: ["x", "y", "out"], writes: { out: ["x", "y"] } },
  scale: { operands: ["x", "out"], writes: { out: ["x"] } },
  fill: { operands: ["out"], writes: { out: [] } },
} as const satisfies Readonly<Record<string, KernelForm>>;

export type KernelName = keyof typeof kernelForms;

export const kernelNames = Object.keys(kernelForms) as readonly KernelName[];

/** As wide as a record of any kernel: operands that a kernel does not have are never asked for. */
export const formOf = (kernel: KernelName): KernelForm => kernelForms[kernel];

export type Activation = "geluTanh" | "gelu" | "silu";

export interface KernelFlags {
  readonly aTransposed?: boolean;
  readonly bTransposed?: boolean;
  readonly bfloat16?: boolean;
  readonly centred?: boolean;
  readonly activation?: Activation;
}

const activationCodes: Readonly<Record<Activation, number>> = { geluTanh: 1, gelu: 2, silu: 3 };
const activationShift = 8;

export function flagBits({ aTransposed, bTransposed, bfloat16, centred, activation }: KernelFlags): number {
  return (
    (aTransposed ? 1 : 0) |
    (bTransposed ? 2 : 0) |
    (bfloat16 ? 4 : 0) |
    (centred ? 8 : 0) |
    ((activation ? activationCodes[activation] : 0) << activationShift)
  );
}
