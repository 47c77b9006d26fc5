/** @file Eigenvalues of a symmetric tridiagonal matrix by implicit QL. Knows nothing of full matrices. */
import { ShapeError } from "../foundation/errors.js";

/** Plane rotations in the order in which they were applied from the right, columns (plane, plane + 1). */
export class RotationLog {
  count = 0;
  planes = new Uint32Array(1024);
  cosines = new Float64Array(1024);
  sines = new Float64Array(1024);

  add(plane: number, cosine: number, sine: number): void {
    if (this.count === this.planes.length) {
      this.planes = grown(this.planes, new Uint32Array(2 * this.count));
      this.cosines = grown(this.cosines, new Float64Array(2 * this.count));
      this.sines = grown(this.sines, new Float64Array(2 * this.count));
    }
    this.planes[this.count] = plane;
    this.cosines[this.count] = cosine;
    this.sines[this.count] = sine;
    this.count++;
  }

  /** X <- G_1 G_2 ... X, the last rotation first. @param x [n, k], overwritten. */
  apply(x: Float64Array, k: number): void {
    for (let r = this.count - 1; r >= 0; r--) {
      const cosine = this.cosines[r];
      const sine = this.sines[r];
      const upper = this.planes[r] * k;
      const lower = upper + k;
      for (let j = 0; j < k; j++) {
        const a = x[upper + j];
        const b = x[lower + j];
        x[upper + j] = cosine * a + sine * b;
        x[lower + j] = cosine * b - sine * a;
      }
    }
  }
}

function grown<T extends Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** QL needs 1.7 on average; EISPACK allows 30. */
const sweepsPerValue = 60;

/**
 * @param diagonal [n], overwritten by the eigenvalues in no order.
 * @param offDiagonal [n], entry k couples k and k + 1; overwritten.
 * @param log receives the rotations: T = G L G'.
 * @throws ShapeError where the values are not finite. EISPACK imtql2; Golub & Van Loan, 8.3.3
 */
export function implicitQl(diagonal: Float64Array, offDiagonal: Float64Array, log?: RotationLog): void {
  const n = diagonal.length;
  const negligible = halfUnit * largestRow(diagonal, offDiagonal);
  for (let begin = 0; begin < n; begin++) {
    for (let sweep = 0; ; sweep++) {
      const end = blockEnd(diagonal, offDiagonal, begin, negligible);
      if (end === begin) break;
      if (sweep === sweepsPerValue) {
        throw new ShapeError(`eigenvalues: no convergence at value ${begin} of ${n}. Are all entries finite?`);
      }
      chase(diagonal, offDiagonal, begin, end, log);
    }
  }
}

/** Half a unit in the last place of the norm: what is below changes no eigenvalue by more than rounding has done. */
const halfUnit = 2 ** -54;

function largestRow(diagonal: Float64Array, offDiagonal: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < diagonal.length; i++)
    largest = Math.max(largest, Math.abs(diagonal[i]) + Math.abs(offDiagonal[i]));
  return largest;
}

/** @returns the last index of the unreduced block that starts at `begin`. */
function blockEnd(diagonal: Float64Array, offDiagonal: Float64Array, begin: number, negligible: number): number {
  let end = begin;
  for (; end < diagonal.length - 1; end++) {
    const scale = Math.abs(diagonal[end]) + Math.abs(diagonal[end + 1]);
    if (Math.abs(offDiagonal[end]) <= Math.max(Number.EPSILON * scale + 1e-300, negligible)) break;
  }
  return end;
}

/** One sweep with Wilkinson's shift from the bottom of the block to its top. */
function chase(d: Float64Array, e: Float64Array, begin: number, end: number, log: RotationLog | undefined): void {
  const half = (d[begin + 1] - d[begin]) / (2 * e[begin]);
  const root = Math.sqrt(half * half + 1);
  let g = d[end] - d[begin] + e[begin] / (half + (half < 0 ? -root : root));
  let sine = 1;
  let cosine = 1;
  let shift = 0;
  for (let i = end - 1; i >= begin; i--) {
    const f = sine * e[i];
    const b = cosine * e[i];
    const r = Math.sqrt(f * f + g * g);
    e[i + 1] = r;
    if (r === 0) {
      // The block falls apart by itself.
      d[i + 1] -= shift;
      e[end] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    g = d[i + 1] - shift;
    const t = (d[i] - g) * sine + 2 * cosine * b;
    shift = sine * t;
    d[i + 1] = g + shift;
    g = cosine * t - b;
    log?.add(i, cosine, sine);
  }
  d[begin] -= shift;
  e[begin] = g;
  e[end] = 0;
}
