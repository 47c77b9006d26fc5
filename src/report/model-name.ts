/** @file A model as a title names it. Knows no files. */

/** A hub id as it is, which has at most two parts; of a path the last part. */
export function modelName(source: string): string {
  if (/^[^./~][^/]*(\/[^/]+)?$/.test(source)) return source;
  return source.split("/").findLast((part) => part !== "") ?? source;
}
