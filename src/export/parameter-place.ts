/** @file Where a parameter's name puts it: in which layer of which container, or in none. Knows no architecture. */

export interface ParameterPlace {
  /** `transformer.h`, `model.layers`. */
  readonly container: string;
  readonly layer: number;
  /** `attn.c_proj.weight`. */
  readonly rest: string;
}

/** The first number between dots is the layer. @returns null for a name without one. */
export function parameterPlace(name: string): ParameterPlace | null {
  const found = /^(.+?)\.(\d+)\.(.+)$/.exec(name);
  return found && { container: found[1], layer: Number(found[2]), rest: found[3] };
}
