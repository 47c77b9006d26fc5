/** @file The quantile of the normal distribution, bit-identical on every platform. Knows nothing of generators. */

const bits = new DataView(new ArrayBuffer(8));
// ln 2 in two parts: multiples of the first are exact for every exponent of a double.
const ln2High = 6.931471803691238e-1;
const ln2Low = 1.9082149292705877e-10;

/**
 * Natural logarithm of a positive normal double, error below 1 ulp, by + - * / alone: Math.log may differ in the last bit
 * between platforms. The method of fdlibm's `__ieee754_log` (Sun Microsystems, 1993).
 */
export function exactLog(x: number): number {
  bits.setFloat64(0, x);
  const high = bits.getInt32(0);
  const fraction = high & 0xfffff;
  // x = 2^exponent * mantissa with the mantissa in [sqrt(1/2), sqrt(2)).
  const carry = (fraction + 0x95f64) & 0x100000;
  bits.setInt32(0, fraction | (carry ^ 0x3ff00000));
  const exponent = (high >> 20) - 1023 + (carry >> 20);
  const f = bits.getFloat64(0) - 1;
  // log(1 + f) = f - f^2/2 + s (f^2/2 + R), s = f / (2 + f), R a polynomial in s^2.
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (3.999999999940942e-1 + w * (2.2222198432149784e-1 + w * 1.5313837699209373e-1));
  const odd =
    z * (6.666666666666735e-1 + w * (2.857142874366239e-1 + w * (1.818357216161805e-1 + w * 1.4798198605116586e-1)));
  const half = 0.5 * f * f;
  return exponent * ln2High - (half - (s * (half + even + odd) + exponent * ln2Low) - f);
}

/**
 * x with P(X <= x) = p for standard normal X, by + - * / and square roots alone.
 * @param p in the open interval (0, 1).
 * @returns relative error about 1e-16. Wichura, algorithm AS 241 (PPND16), Applied Statistics 37 (1988).
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(centreNumerator, r)) / polynomial(centreDenominator, r);
  }
  const r = Math.sqrt(-exactLog(q < 0 ? p : 1 - p));
  const tail =
    r <= 5
      ? polynomial(nearNumerator, r - 1.6) / polynomial(nearDenominator, r - 1.6)
      : polynomial(farNumerator, r - 5) / polynomial(farDenominator, r - 5);
  return q < 0 ? -tail : tail;
}

/** @param c [8] coefficients, highest power first. */
function polynomial(c: Float64Array, r: number): number {
  return ((((((c[0] * r + c[1]) * r + c[2]) * r + c[3]) * r + c[4]) * r + c[5]) * r + c[6]) * r + c[7];
}

// Coefficients of AS 241, each written as the double that it rounds to.
const centreNumerator = Float64Array.of(
  2.5090809287301227e3,
  3.343057558358813e4,
  6.72657709270087e4,
  4.592195393154987e4,
  1.373169376550946e4,
  1.9715909503065513e3,
  1.3314166789178438e2,
  3.3871328727963665,
);
const centreDenominator = Float64Array.of(
  5.226495278852854e3,
  2.8729085735721943e4,
  3.930789580009271e4,
  2.1213794301586597e4,
  5.394196021424751e3,
  6.871870074920579e2,
  4.231333070160091e1,
  1,
);
const nearNumerator = Float64Array.of(
  7.745450142783414e-4,
  2.2723844989269184e-2,
  2.417807251774506e-1,
  1.2704582524523684,
  3.6478483247632045,
  5.769497221460691,
  4.630337846156546,
  1.4234371107496835,
);
const nearDenominator = Float64Array.of(
  1.0507500716444169e-9,
  5.475938084995345e-4,
  1.5198666563616457e-2,
  1.4810397642748008e-1,
  6.897673349851e-1,
  1.6763848301838038,
  2.053191626637759,
  1,
);
const farNumerator = Float64Array.of(
  2.0103343992922881e-7,
  2.7115555687434876e-5,
  1.2426609473880784e-3,
  2.6532189526576124e-2,
  2.9656057182850487e-1,
  1.7848265399172913,
  5.463784911164114,
  6.657904643501103,
);
const farDenominator = Float64Array.of(
  2.0442631033899397e-15,
  1.421511758316446e-7,
  1.8463183175100548e-5,
  7.868691311456133e-4,
  1.4875361290850615e-2,
  1.369298809227358e-1,
  5.99832206555888e-1,
  1,
);
