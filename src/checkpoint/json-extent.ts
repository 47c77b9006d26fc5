/** @file How deep and how large a JSON text is, before memory is taken for its values. Knows nothing of what it means. */

export interface JsonExtent {
  /** Nesting of objects and lists. */
  readonly depth: number;
  /** Keys, values and containers together, roughly: the punctuation outside of strings. */
  readonly values: number;
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];

/** @param json UTF-8, which need not be valid JSON. */
export function jsonExtent(json: Uint8Array): JsonExtent {
  let open = 0;
  let depth = 0;
  let values = 0;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (byte === quote) {
      for (i++; i < json.length && json[i] !== quote; i++) if (json[i] === backslash) i++;
    } else if (byte === comma || byte === colon) {
      values++;
    } else if ((byte | 0x20) === 0x7b) {
      // { or [, which differ in one bit, as } and ] do.
      values++;
      depth = Math.max(depth, ++open);
    } else if ((byte | 0x20) === 0x7d) {
      open--;
    }
  }
  return { depth, values };
}
