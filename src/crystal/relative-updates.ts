/** @file How far fine-tuning moved each matrix. Knows no arms. */

/** @returns |after - before| / |before| in the Frobenius norm of every parameter named `*.weight`, without that ending; null norms are left out. */
export function relativeUpdates(
  before: ReadonlyMap<string, Float32Array>,
  after: ReadonlyMap<string, Float32Array>,
): Record<string, number> {
  const updates: Record<string, number> = {};
  for (const [name, trained] of before) {
    const moved = after.get(name);
    if (moved === undefined || !name.endsWith(".weight")) continue;
    let [change, norm] = [0, 0];
    for (let i = 0; i < trained.length; i++) {
      change += (moved[i] - trained[i]) ** 2;
      norm += trained[i] ** 2;
    }
    if (norm > 0) updates[name.slice(0, -".weight".length)] = Math.sqrt(change / norm);
  }
  return updates;
}
