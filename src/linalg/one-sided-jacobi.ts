/** @file One-sided Jacobi: makes the rows of a matrix orthogonal by plane rotations. Knows nothing of what they stand for. */

/** Rows that are nearly orthogonal at the start need two or three sweeps. */
const mostSweeps = 30;

/**
 * Rotates pairs of rows until all are orthogonal to rounding, and the rows of `companion` along with them.
 * @param rows [k, length], row-major, overwritten. @param companion [k, companionLength], overwritten.
 * Golub & Van Loan, 8.6.3; threshold of LAPACK dgesvj.
 */
export function orthogonalizeRows(
  rows: Float64Array,
  length: number,
  companion: Float64Array,
  companionLength: number,
  k: number,
): void {
  const threshold = Number.EPSILON * Math.sqrt(length);
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let rotations = 0;
    for (let p = 0; p < k - 1; p++) {
      let normP = dot(rows, p, p, length);
      for (let q = p + 1; q < k; q++) {
        const overlap = dot(rows, p, q, length);
        if (overlap === 0) continue;
        const normQ = dot(rows, q, q, length);
        if (Math.abs(overlap) <= threshold * Math.sqrt(normP * normQ)) continue;
        const zeta = (normQ - normP) / (2 * overlap);
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent);
        rotate(rows, p * length, q * length, length, cosine, cosine * tangent);
        rotate(companion, p * companionLength, q * companionLength, companionLength, cosine, cosine * tangent);
        normP = dot(rows, p, p, length);
        rotations++;
      }
    }
    if (rotations === 0) return;
  }
}

function dot(rows: Float64Array, p: number, q: number, length: number): number {
  const a = p * length;
  const b = q * length;
  let even = 0;
  let odd = 0;
  let j = 0;
  for (; j + 1 < length; j += 2) {
    even += rows[a + j] * rows[b + j];
    odd += rows[a + j + 1] * rows[b + j + 1];
  }
  return j < length ? even + odd + rows[a + j] * rows[b + j] : even + odd;
}

function rotate(values: Float64Array, a: number, b: number, length: number, cosine: number, sine: number): void {
  for (let j = 0; j < length; j++) {
    const x = values[a + j];
    const y = values[b + j];
    values[a + j] = cosine * x - sine * y;
    values[b + j] = sine * x + cosine * y;
  }
}
