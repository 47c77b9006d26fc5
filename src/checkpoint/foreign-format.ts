/** @file Other formats that weights come in, told by a file's first bytes. Knows nothing of names or of reading files. */

/** The reference implementation's limit for the header of a safetensors file. */
export const headerBytesLimit = 100_000_000;

export const conversionHint =
  "convert it with transformers: AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(FOLDER, safe_serialization=True)";

export const ggufSentence =
  "is not a .safetensors file but GGUF, which is not supported. Give the original model's safetensors, from which it was made.";

/** @param kind what kind of pickle file, or how it was told. */
export function pickleSentence(kind: string): string {
  return `is a pickle file${kind}, which can run code when opened and is not supported; ${conversionHint}.`;
}

/** The little-endian unsigned length that opens a safetensors file. @param prefix at least 8 bytes. */
export function headerLength(prefix: Uint8Array): number {
  const view = new DataView(prefix.buffer, prefix.byteOffset, 8);
  return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
}

/** @param prefix a file's first bytes, at most 8. @returns what the file is instead of safetensors; null where nothing is known. */
export function foreignFormat(prefix: Uint8Array): string | null {
  // A header of 640 bytes opens with the magic of a pickle, so a length that can be one is taken as such.
  if (prefix.byteLength >= 8 && headerLength(prefix) <= headerBytesLimit) return null;
  const opening = String.fromCharCode(...prefix);
  if (opening === "version ") return "is a Git LFS pointer, not the weights. Fetch them with 'git lfs pull'.";
  if (opening.startsWith("GGUF")) return ggufSentence;
  if (opening.startsWith("PK\x03\x04")) return pickleSentence(" by its content (a zip archive, as torch.save writes)");
  // The pickle protocols with an opening of their own.
  if (prefix[0] === 0x80 && prefix[1] >= 2 && prefix[1] <= 5) return pickleSentence(" by its content");
  return null;
}
