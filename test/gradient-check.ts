/** @file Gradients by central differences, to check derived ones against. */

/**
 * d f / d x by (f(x + h) - f(x - h)) / 2h, an element at a time; `x` is changed and put back.
 * In float64 with h = 1e-5 the error is about 1e-10 of f's third derivative and of f / h's rounding.
 */
export async function centralDifferences(
  x: Float64Array,
  f: () => Promise<number>,
  step = 1e-5,
): Promise<Float64Array> {
  const gradient = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const held = x[i];
    x[i] = held + step;
    const above = await f();
    x[i] = held - step;
    const below = await f();
    x[i] = held;
    gradient[i] = (above - below) / (2 * step);
  }
  return gradient;
}
