/** @file Random streams derived from a seed and a name. The only source of chance; knows nothing of what is drawn for. */
import { createHash } from "node:crypto";
import { ShapeError } from "./errors.js";
import { normalQuantile } from "./normal-quantile.js";
import { philox4x32 } from "./philox.js";

const wordValues = 2 ** 32;

/** A sequence of draws; the same key and counter give the same bits on every platform. */
export class RandomStream {
  readonly #key: Uint32Array;
  readonly #counter: Uint32Array;
  readonly #block = new Uint32Array(4);
  #used = 4;

  /**
   * @param key [2] words of Philox4x32-10.
   * @param counter [4] words, least significant first: the first block. Only the lower two are advanced.
   */
  constructor(key: Uint32Array, counter: Uint32Array) {
    this.#key = key.slice(0, 2);
    this.#counter = counter.slice(0, 4);
  }

  /** @returns an integer in [0, 2^32). */
  nextUint32(): number {
    if (this.#used === 4) {
      philox4x32(this.#counter, this.#key, this.#block);
      this.#counter[0]++;
      if (this.#counter[0] === 0) this.#counter[1]++;
      this.#used = 0;
    }
    return this.#block[this.#used++];
  }

  /** @returns k / 2^53 with k uniform in [1, 2^53): the open interval (0, 1). Takes two words. */
  uniform(): number {
    for (;;) {
      const high = this.nextUint32() >>> 5;
      const low = this.nextUint32() >>> 6;
      // Not 0: its normal quantile is infinite.
      if (high + low > 0) return (high * 2 ** 26 + low) / 2 ** 53;
    }
  }

  /**
   * @param below an integer in [1, 2^32].
   * @returns an integer in [0, below), every value equally likely. @throws ShapeError
   */
  integer(below: number): number {
    if (!Number.isInteger(below) || below < 1 || below > wordValues) {
      throw new ShapeError(`integer(${below}): the bound must be an integer between 1 and 2^32.`);
    }
    // Words beyond the last whole multiple of the bound would favour small values.
    const limit = wordValues - (wordValues % below);
    for (;;) {
      const word = this.nextUint32();
      if (word < limit) return word % below;
    }
  }

  /** @returns a draw from the standard normal distribution: the quantile of `uniform()`. */
  normal(): number {
    return normalQuantile(this.uniform());
  }

  /** @returns [n]: the integers 0..n-1 in random order (Fisher-Yates). @throws ShapeError */
  permutation(n: number): Uint32Array {
    if (!Number.isInteger(n) || n < 0 || n > wordValues) {
      throw new ShapeError(`permutation(${n}): the length must be an integer between 0 and 2^32.`);
    }
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const held = order[i];
      order[i] = order[j];
      order[j] = held;
    }
    return order;
  }

  /** Overwrites `target` with draws of mean 0, in order, each rounded to float32 once. */
  fillNormal(target: Float32Array, standardDeviation: number): void {
    for (let i = 0; i < target.length; i++) target[i] = this.normal() * standardDeviation;
  }
}

/**
 * The stream of one purpose, e.g. `randomStream(3, "data order")`. Streams of different names or seeds are independent:
 * key and upper counter words are the first 128 bits of the SHA-256 of both.
 * @param seed a safe integer. @throws ShapeError
 */
export function randomStream(seed: number, name: string): RandomStream {
  if (!Number.isSafeInteger(seed)) throw new ShapeError(`seed ${seed}: must be an integer within +-(2^53 - 1).`);
  const digest = createHash("sha256").update(`deadweight/random@1:${seed}:${name}`, "utf8").digest();
  const words = Uint32Array.from([0, 4, 8, 12], (byteBegin) => digest.readUInt32LE(byteBegin));
  return new RandomStream(words.subarray(0, 2), Uint32Array.of(0, 0, words[2], words[3]));
}
