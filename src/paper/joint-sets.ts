/** @file The sets of matrices that paper 64 freezes together, in any architecture's terms, with its printed figures. */
import { attentionOutputRole, attentionRole } from "../checkpoint/attention-roles.js";

export interface JointSet {
  readonly label: string;
  readonly matrices: readonly string[];
  /** Loss against full fine-tuning, percent, as printed. */
  readonly printed: number;
}

export interface PlacedMatrix {
  readonly name: string;
  readonly layer: number | null;
  readonly role: string;
}

/** Paper 64: attention output projections one at a time, by layer. */
const printedOutputs: readonly (readonly [layer: number, percent: number])[] = [
  [0, 0.6],
  [1, -0.02],
  [3, 0.89],
  [4, -0.2],
  [6, -0.32],
  [7, -0.29],
];
/** Paper 64: whole layers. Here their matrices, from the first layer on; biases and norms stay trained. */
const printedLayers: readonly (readonly [count: number, percent: number])[] = [
  [1, 10.6],
  [2, 23.8],
  [4, 40.4],
  [8, 79.9],
];

/** @param matrices of the layers. Sets that the model has no matrix for, or the same as another, are left out. */
export function jointSets(matrices: readonly PlacedMatrix[]): JointSet[] {
  const those = (wanted: (matrix: PlacedMatrix) => boolean) => matrices.filter(wanted).map(({ name }) => name);
  const isOutput = ({ role }: PlacedMatrix) => attentionOutputRole.test(role);
  const inFirst = (count: number) => (matrix: PlacedMatrix) => matrix.layer !== null && matrix.layer < count;
  const layers = new Set(matrices.map(({ layer }) => layer)).size;
  const sets: JointSet[] = [
    ...printedOutputs.map(([layer, printed]) => ({
      label: `attention output of layer ${layer}`,
      matrices: those((matrix) => matrix.layer === layer && isOutput(matrix)),
      printed,
    })),
    { label: "all attention outputs", matrices: those(isOutput), printed: 5.3 },
    { label: "all attention", matrices: those(({ role }) => attentionRole.test(role)), printed: 15.2 },
    { label: "attention and MLP", matrices: those(() => true), printed: 79.3 },
    ...printedLayers
      .filter(([count]) => count < layers)
      .map(([count, printed]) => ({
        label: count === 1 ? "the first layer" : `the first ${count} layers`,
        matrices: those(inFirst(count)),
        printed,
      })),
  ];
  return sets.filter((set) => set.matrices.length > 0);
}
