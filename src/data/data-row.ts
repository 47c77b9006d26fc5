/** @file One row of a data file, as it was read. Knows nothing of file formats, or of what the fields mean. */

export interface DataRow {
  /** The file's base name and the row's place, counted from 1: "train.jsonl:12" (a line), "data.parquet, row 12". */
  readonly where: string;
  /** Values as JSON knows them: strings, numbers, booleans, null, arrays and objects of these. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
