/** @file What a data file is instead of data, told by its first bytes. Knows nothing of names or of reading files. */

/** How many of a file's first bytes `foreignData` wants. */
export const openingBytes = 512;

const magics: readonly (readonly [string, string])[] = [
  ["PAR1", "is a Parquet file under another name. Let its name end in .parquet."],
  ["\x1f\x8b", "is compressed with gzip. Let its name end in .gz, such as train.jsonl.gz."],
  ["PK\x03\x04", "is a zip archive (or a spreadsheet). Unpack it, or save the sheet as CSV."],
  ["\x28\xb5\x2f\xfd", "is compressed with Zstandard. Unpack it first with 'zstd -d'."],
  ["ARROW1", "is an Arrow file. Save it as Parquet or JSON Lines first."],
  ["\xff\xfe", "is text in UTF-16, but UTF-8 is wanted. Save it as UTF-8."],
  ["\xfe\xff", "is text in UTF-16, but UTF-8 is wanted. Save it as UTF-8."],
];

/** @param opening the first bytes of a file of any kind. @returns the end of a sentence about the file; null for nothing known. */
export function pointerOrPage(opening: Uint8Array): string | null {
  const text = Buffer.from(opening.subarray(0, openingBytes)).toString("latin1");
  if (text.startsWith("version https://git-lfs.github.com/spec/v1")) {
    return "is a Git LFS pointer, not the data. Fetch the data with 'git lfs pull'.";
  }
  if (/^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body)\b/i.test(text)) {
    return "is an HTML page, not data. Download the file itself (on a hub page: its 'raw' or 'download' link).";
  }
  return null;
}

/** @param opening the first bytes of what should be text. @returns the end of a sentence about the file; null for nothing known. */
export function foreignData(opening: Uint8Array): string | null {
  const text = Buffer.from(opening.subarray(0, openingBytes)).toString("latin1");
  return pointerOrPage(opening) ?? magics.find(([magic]) => text.startsWith(magic))?.[1] ?? null;
}
