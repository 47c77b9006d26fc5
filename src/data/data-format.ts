/** @file Which format a data file is in, by the ending of its name. Knows nothing of contents. */

export type TextFormat = "jsonl" | "json" | "csv" | "tsv";

export type DataFormat =
  | { readonly kind: TextFormat; readonly gzip: boolean }
  | { readonly kind: "parquet"; readonly gzip: false };

export const acceptedEndings = ".jsonl, .ndjson, .json, .csv, .tsv (each also with .gz) and .parquet";

const textFormats: Readonly<Record<string, TextFormat>> = {
  jsonl: "jsonl",
  ndjson: "jsonl",
  json: "json",
  csv: "csv",
  tsv: "tsv",
};

/** @returns null for an ending that no reader knows. Upper and lower case are the same. */
export function dataFormat(fileName: string): DataFormat | null {
  const match = /\.([^.]+?)(\.gz)?$/.exec(fileName.toLowerCase());
  if (match === null) return null;
  const [, ending, packed] = match;
  if (Object.hasOwn(textFormats, ending)) return { kind: textFormats[ending], gzip: packed !== undefined };
  return ending === "parquet" && packed === undefined ? { kind: "parquet", gzip: false } : null;
}
