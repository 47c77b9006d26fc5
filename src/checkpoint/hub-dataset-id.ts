/** @file A data set's hub id with the part of it that is wanted. Knows nothing of the network or of the cache. */
import { existsSync } from "node:fs";
import { InputError } from "../foundation/errors.js";
import { type HubId, hubName, parseHubId } from "./hub-id.js";
import { shownName } from "./shown-name.js";

/** A subset (null: the only one) and a split, or one file by its path in the repository. */
export type DatasetPart =
  | { readonly kind: "split"; readonly subset: string | null; readonly split: string }
  | { readonly kind: "file"; readonly path: string };

export interface HubDatasetId {
  readonly id: HubId;
  readonly part: DatasetPart;
}

/** A local file that is absent is no id. */
const filePattern = /\.(jsonl?|ndjson|parquet|arrow|csv|tsv|txt|gz|zst|zip)$/i;
const partFilePattern = /\.(parquet|((jsonl?|csv)(\.gz)?))$/i;
const defaultSplit = "train";

/** The format of a data file that is known by its name, in lower case: `parquet`, `jsonl`, `csv.gz`, ...; null for other files. */
export const dataFormat = (path: string): string | null => partFilePattern.exec(path)?.[1].toLowerCase() ?? null;

/** No revision has a colon in its name (git-check-ref-format), so the first one ends the id. */
function cut(source: string): readonly [string, string | null] {
  const colon = source.indexOf(":");
  return colon < 0 ? [source, null] : [source.slice(0, colon), source.slice(colon + 1)];
}

/** Whether `source` reads as `org/name[@revision][:part]` and is not an existing local path, which always wins. */
export function isHubDatasetId(source: string): boolean {
  const name = hubName(cut(source)[0]);
  return name !== null && !filePattern.test(name) && !existsSync(source);
}

/**
 * `org/name[@revision]`, then nothing, `:subset`, `:subset/split`, `:/split` or `:path/of/a/file.jsonl`. The split is `train` unless named.
 * @param source one that `isHubDatasetId` accepts. @throws InputError
 */
export function parseHubDatasetId(source: string): HubDatasetId {
  const [name, rest] = cut(source);
  const id = parseHubId(name);
  if (rest === null) return { id, part: { kind: "split", subset: null, split: defaultSplit } };
  if (dataFormat(rest) !== null) {
    if (!staysInside(rest)) throw new InputError(`${source}: the file's path leads out of the repository. Correct it.`);
    return { id, part: { kind: "file", path: rest } };
  }
  const slash = rest.lastIndexOf("/");
  const subset = slash < 0 ? rest : rest.slice(0, slash);
  const split = slash < 0 ? defaultSplit : rest.slice(slash + 1);
  if (rest === "" || split === "") {
    throw new InputError(
      `${source}: '${shownName(rest)}' names no part of a data set. Give :subset, :subset/split, :/split or :path/of/a/file.jsonl after the name.`,
    );
  }
  return { id, part: { kind: "split", subset: subset === "" ? null : subset, split } };
}

/** Whether a path, as the hub lists it or a user writes it, stays below the folder that it is joined to, on any system. */
export const staysInside = (path: string): boolean =>
  !/[\\\0]|^[A-Za-z]:/.test(path) && path.split("/").every((name) => name !== "" && name !== "." && name !== "..");
