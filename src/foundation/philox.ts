/** @file Philox4x32-10, a counter-based generator of 32-bit words. Knows nothing of seeds, names or distributions. */

const rounds = 10;
// Multipliers and Weyl increments of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;
const increment0 = 0x9e3779b9;
const increment1 = 0xbb67ae85;

/** Upper 32 bits of the 64-bit product of two words, by 16-bit halves: a double holds only 53 bits of it. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const lowHigh = Math.imul(aLow, bHigh);
  // At most 2^32 - 1: no carry is lost.
  const middle = (Math.imul(aLow, bLow) >>> 16) + (lowHigh & 0xffff) + (Math.imul(aHigh, bLow) >>> 0);
  return (Math.imul(aHigh, bHigh) + (lowHigh >>> 16) + (middle >>> 16)) | 0;
}

/**
 * One block: four words that depend on counter and key alone.
 * @param counter [4] words, least significant first; not changed.
 * @param key [2] words.
 * @param output [4] words, overwritten.
 */
export function philox4x32(counter: Uint32Array, key: Uint32Array, output: Uint32Array): void {
  let c0 = counter[0] | 0;
  let c1 = counter[1] | 0;
  let c2 = counter[2] | 0;
  let c3 = counter[3] | 0;
  let k0 = key[0] | 0;
  let k1 = key[1] | 0;
  for (let round = 0; round < rounds; round++) {
    const high0 = multiplyHigh(c0, multiplier0);
    const high1 = multiplyHigh(c2, multiplier1);
    const low0 = Math.imul(c0, multiplier0);
    const low1 = Math.imul(c2, multiplier1);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + increment0) | 0;
    k1 = (k1 + increment1) | 0;
  }
  output[0] = c0;
  output[1] = c1;
  output[2] = c2;
  output[3] = c3;
}
