/** @file How probable it is that a t statistic, looked at after every observation, ever passes a constant nominal level. Knows no trials. */
import { logGamma, studentQuantile, studentTail } from "./student-t.js";

/** Looks after `first`, `first` + 1, ..., `last` observations. */
export interface Looks {
  /** At least 2: one observation has no t statistic. */
  readonly first: number;
  readonly last: number;
}

// Halving all steps changes the probability by at most 4e-4 of itself for nominal levels from 1e-4 to 0.5, and 6e-3 down to 1e-8, for
// looks from 2 or 3 to 20, 40 and 100.
const lowerCells = 96;
const upperCells = 20;
const quadratureStep = 0.2;
const quadratureEnd = 3;
/** Kinks of a curve that get a piece of their own; those beyond are too smooth to matter. */
const keptKinks = 3;
/** Where s begins, as a tail probability. Below, the curve is taken as constant, which is more than it is. */
const lowestTail = 1 - 3e-6;
const never = -700;

interface QuadratureNode {
  /** Distance from the nearer end of [0, 1]. */
  readonly distance: number;
  readonly fromEnd: boolean;
  readonly weight: number;
}

/** Tanh-sinh on [0, 1]: good where an end is like a square root, or sharp. Takahasi & Mori 1974 */
function tanhSinh(step: number): QuadratureNode[] {
  const count = Math.floor(quadratureEnd / step);
  return Array.from({ length: 2 * count + 1 }, (_, index) => {
    const x = (index - count) * step;
    const inner = (Math.PI / 2) * Math.sinh(Math.abs(x));
    const weight = (step * (Math.PI / 4) * Math.cosh(x)) / Math.cosh(inner) ** 2;
    return { distance: 1 / (1 + Math.exp(2 * inner)), fromEnd: x > 0, weight };
  });
}

/** A probability over s that never falls, in pieces. */
interface Curve {
  /** Ends of the pieces, ascending: where s begins, the kinks, the bound. */
  readonly ends: readonly number[];
  /** Of the lowest piece, the logarithms on an even grid; of each other, the values on an even grid of sqrt(s - its lower end). */
  readonly pieces: readonly Float64Array[];
}

/** Cubic through four neighbours, held between the two that enclose `at`: the values never fall. */
function interpolate(values: Float64Array, at: number): number {
  const cell = Math.min(Math.floor(at), values.length - 2);
  const first = Math.min(Math.max(cell - 1, 0), values.length - 4);
  const u = at - first - 1;
  const cubic =
    (-u * (u - 1) * (u - 2) * values[first]) / 6 +
    ((u + 1) * (u - 1) * (u - 2) * values[first + 1]) / 2 -
    ((u + 1) * u * (u - 2) * values[first + 2]) / 2 +
    ((u + 1) * u * (u - 1) * values[first + 3]) / 6;
  return Math.min(Math.max(cubic, values[cell]), values[cell + 1]);
}

/** @param piece whose ends enclose s up to rounding. */
function evaluate({ ends, pieces }: Curve, piece: number, s: number): number {
  const share = Math.min(Math.max((s - ends[piece]) / (ends[piece + 1] - ends[piece]), 0), 1);
  const values = pieces[piece];
  const at = (piece === 0 ? share : Math.sqrt(share)) * (values.length - 1);
  return piece === 0 ? Math.exp(interpolate(values, at)) : interpolate(values, at);
}

/** 1 / integral of cosh(s)^-degrees over all s, and of cos(a)^(degrees - 1) over all angles. */
const normalizer = (degrees: number) =>
  Math.exp(logGamma((degrees + 1) / 2) - logGamma(degrees / 2)) / Math.sqrt(Math.PI);

/** The lowest s after n observations from which the next can reach `target`; null where it can from everywhere. */
function lowestThatReaches(n: number, target: number): number | null {
  const share = (n + 1) / (n * Math.cosh(target) ** 2);
  return share < 1 ? Math.acosh(1 / Math.sqrt(share)) : null;
}

/** The angles between which the next observation leads from s beyond `target`; null where none does. */
function anglesBeyond(n: number, s: number, target: number): readonly [number, number] | null {
  const share = 1 / Math.cosh(s) ** 2;
  const targetShare = 1 / Math.cosh(target) ** 2;
  const r = Math.sqrt(n) * Math.tanh(s);
  const square = (n + 1) * (1 - targetShare);
  const discriminant = square * ((n + 1) * targetShare - n * share);
  if (square < 1) return [Math.atan((Math.sqrt(Math.max(discriminant, 0)) - r) / (1 - square)), Math.PI / 2];
  if (discriminant <= 0 || r <= 0) return null;
  const root = Math.sqrt(discriminant);
  return [Math.atan((r - root) / (square - 1)), Math.atan((r + root) / (square - 1))];
}

/** Simpson's rule over [0, 1] on an even grid with an even number of cells. */
function simpson(values: Float64Array, integrand: (value: number, share: number) => number): number {
  const cells = values.length - 1;
  return values.reduce(
    (sum, value, i) =>
      sum + ((i === 0 || i === cells ? 1 : i % 2 === 1 ? 4 : 2) * integrand(value, i / cells)) / (3 * cells),
    0,
  );
}

/**
 * Probability that at least one of the one-sample t tests after `first`, ..., `last` i.i.d. normal observations, their mean being the one
 * under test, has a one-sided p value of at most `nominal`.
 *
 * With S the sum and V the sum of squares of n deviations from the tested mean, r = S / sqrt(n V) holds all that t does. It depends, like
 * every earlier r, on the direction of the vector of observations alone, of which V is independent. The next observation in units of
 * sqrt(V) is therefore independent of the past (Student's t with n degrees, over sqrt(n)): with tan a for it,
 * r' = (sqrt(n) r cos a + sin a) / sqrt(n + 1), the angle a having density proportional to cos(a)^(n - 1). So r is a Markov chain in one
 * dimension, and the probability follows by backward recursion over the looks, as for known variance (Armitage, McPherson & Rowe,
 * J. R. Statist. Soc. A 132 (1969) 235; Jennison & Turnbull, Group Sequential Methods, 2000, ch. 19). The state is
 * s = artanh r = arsinh(t / sqrt(n - 1)), its density proportional to cosh(s)^(1 - n).
 *
 * One observation moves r only so far: each curve has a kink where the next bound comes into reach, where the next kink does, and so on.
 * @param nominal in (0, 0.5].
 * @param refinement divides the steps of grids and quadrature.
 */
export function passingProbability(nominal: number, { first, last }: Looks, refinement = 1): number {
  if (first === last) return nominal;
  const at = (tail: number, n: number) => Math.asinh(studentQuantile(tail, n - 1) / Math.sqrt(n - 1));
  let curve: Curve | null = null;
  for (let n = last - 1; n >= first; n--) {
    const next: Curve | null = curve;
    const nextBound = at(nominal, n + 1);
    const [root, scale] = [Math.sqrt(n), normalizer(n)];
    // The density of the angle narrows as n grows.
    const nodes = tanhSinh(quadratureStep / ((1 + n / 60) * refinement));
    // Beyond it the density is below 1e-20 of its peak.
    const widest = Math.acos(10 ** (-20 / (n - 1)));
    const integrate = (r: number, from: number, to: number, piece: number): number => {
      const [begin, end] = [Math.max(from, -widest), Math.min(to, widest)];
      if (!(end > begin) || !next) return 0;
      let sum = 0;
      for (const { distance, fromEnd, weight } of nodes) {
        const angle = fromEnd ? end - (end - begin) * distance : begin + (end - begin) * distance;
        const cosine = Math.cos(angle);
        const reached = (r * cosine + Math.sin(angle)) / Math.sqrt(n + 1);
        sum += weight * cosine ** (n - 1) * evaluate(next, piece, 0.5 * Math.log((1 + reached) / (1 - reached)));
      }
      return sum * (end - begin) * scale;
    };
    const probability = (s: number): number => {
      const r = root * Math.tanh(s);
      const tail = (angle: number) => (angle < Math.PI / 2 ? studentTail(Math.tan(angle) * root, n) : 0);
      // Where nothing passes, the highest point that is reached parts the two branches.
      const peak = r > 0 ? Math.atan(1 / r) : Math.PI / 2;
      let [begin, end] = anglesBeyond(n, s, nextBound) ?? [peak, peak];
      let sum = tail(begin) - tail(end);
      if (!next) return sum;
      for (let piece = next.pieces.length - 1; piece >= 0; piece--) {
        const [rise, fall] =
          piece === 0 ? [-Math.PI / 2, Math.PI / 2] : (anglesBeyond(n, s, next.ends[piece]) ?? [peak, peak]);
        sum += integrate(r, rise, begin, piece) + integrate(r, end, fall, piece);
        [begin, end] = [rise, fall];
      }
      return sum;
    };
    const [low, bound] = [at(lowestTail, n), at(nominal, n)];
    const kinks = [...(next?.ends.slice(1, -1) ?? []), nextBound]
      .map((target) => lowestThatReaches(n, target))
      .filter((kink) => kink !== null && kink > low && kink < bound)
      .slice(-keptKinks) as number[];
    const ends = [low, ...kinks, bound];
    const pieces = ends.slice(1).map((end, piece) => {
      const cells = (piece === 0 ? lowerCells : upperCells) * refinement;
      return Float64Array.from({ length: cells + 1 }, (_, i) => {
        const share = piece === 0 ? i / cells : (i / cells) ** 2;
        const value = probability(ends[piece] + (end - ends[piece]) * share);
        return piece === 0 ? Math.max(Math.log(value), never) : value;
      });
    });
    curve = { ends, pieces };
  }
  const { ends, pieces } = curve!;
  const density = (s: number) => Math.cosh(s) ** (1 - first) * normalizer(first - 1);
  const later = pieces.map((values, piece) => {
    const [begin, length] = [ends[piece], ends[piece + 1] - ends[piece]];
    return piece === 0
      ? length * simpson(values, (log, share) => density(begin + length * share) * Math.exp(log))
      : length * simpson(values, (value, share) => 2 * share * density(begin + length * share * share) * value);
  });
  return nominal + later.reduce((sum, value) => sum + value) + (1 - lowestTail) * Math.exp(pieces[0][0]);
}
