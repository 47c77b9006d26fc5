/** @file Globs over the names of matrices. Knows nothing of checkpoints. */
import { InputError } from "../foundation/errors.js";
import type { CheckpointMatrix } from "./checkpoint-matrix.js";
import { nearNames } from "./near-names.js";

/**
 * The matrices whose canonical or full tensor name a glob matches: `*` stays within a dot, `**` crosses dots.
 * @returns in the order given. @throws InputError where none matches, naming the nearest.
 */
export function matchMatrices(matrices: readonly CheckpointMatrix[], pattern: string): CheckpointMatrix[] {
  const glob = globExpression(pattern);
  const matched = matrices.filter(({ name, tensor }) => glob.test(name) || glob.test(tensor));
  if (matched.length > 0) return matched;
  const near = nearNames(
    pattern,
    matrices.map(({ name }) => name),
  );
  throw new InputError(
    `'${pattern}': no matrix of the checkpoint has such a name. Nearest names: ${near.join(", ") || "none"} ('*' stays within a dot, '**' crosses dots).`,
  );
}

function globExpression(pattern: string): RegExp {
  const source = pattern.replace(/\*{2,}|\*|[^*\w]/gu, (token) => {
    if (token === "*") return "[^.]*";
    return token.startsWith("**") ? ".*" : `\\u{${token.codePointAt(0)!.toString(16)}}`;
  });
  return new RegExp(`^${source}$`, "u");
}
