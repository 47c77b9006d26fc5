/** @file Whether and how a tensor's bytes are numbers. Knows nothing of which tensor is a weight. */
import { isReadableDtype } from "../foundation/dtype.js";
import type { StoredElements } from "./stored-elements.js";
import { hasZeroPoints, type ScaleSource, scaleLayout, storedScale } from "./stored-scale.js";
import type { StoredTensor } from "./stored-tensor.js";

/** Why a tensor cannot be read, by names and shapes: scales stay unread. @returns a clause, "X is ..."; null where it can. @throws InputError */
export function unreadableReason(source: ScaleSource, tensor: StoredTensor): string | null {
  const { dtype } = tensor;
  if (!isReadableDtype(dtype)) return notRead(dtype);
  const layout = scaleLayout(source, tensor);
  if (layout === null) return dtype === "I8" ? "stored as I8 without a scale that the checkpoint names" : null;
  if ("problem" in layout) return layout.problem;
  return hasZeroPoints(source, tensor) ? "stored with zero points, which are not read" : null;
}

/** The type and the scales of a tensor, which are read, or why there are none. @throws InputError */
export function tensorElements(
  source: ScaleSource,
  tensor: StoredTensor,
): StoredElements | { readonly unreadable: string } {
  const { dtype } = tensor;
  const unreadable = unreadableReason(source, tensor);
  if (unreadable !== null || !isReadableDtype(dtype)) return { unreadable: unreadable ?? notRead(dtype) };
  const scale = storedScale(source, tensor);
  return scale !== null && "problem" in scale ? { unreadable: scale.problem } : { dtype, scale };
}

const notRead = (dtype: string) => `stored as ${dtype}, which is not read`;
