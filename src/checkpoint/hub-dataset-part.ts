/** @file Which of a repository's files make a split of a data set, judged by their paths alone. Knows nothing of their content. */
import { InputError } from "../foundation/errors.js";
import { type DatasetPart, dataFormat, staysInside } from "./hub-dataset-id.js";
import { shownName } from "./shown-name.js";

/** `found`: paths, sorted; `several`: subsets that have the split; `absent`: what there is instead, as `subset/split`. */
export type PartChoice =
  | { readonly kind: "found"; readonly paths: readonly string[] }
  | { readonly kind: "several"; readonly subsets: readonly string[] }
  | { readonly kind: "absent"; readonly parts: readonly string[] };

interface Described {
  readonly path: string;
  readonly subset: string;
  /** null where the path does not say it. */
  readonly split: string | null;
}

/** Where the same split is there in several formats, the first of these is read. */
const formats: readonly string[] = ["parquet", "jsonl", "jsonl.gz", "json", "json.gz", "csv", "csv.gz"];
/** Descriptions that lie beside the data (datasets: data_files.FILES_TO_IGNORE, and what save_to_disk writes). */
const descriptions: readonly string[] = [
  "config.json",
  "dataset_dict.json",
  "dataset_info.json",
  "dataset_infos.json",
  "state.json",
];
const defaultSubset = "default";
/** The names that datasets looks for (data_files.SPLIT_KEYWORDS). */
const known = "train(?:ing)?|validation|valid|val|dev|test(?:ing)?|eval(?:uation)?";
const knownFolder = new RegExp(`^(?:${known})$`, "i");
const knownAtEnd = new RegExp(`^(?:(.*)[-_.])?(${known})$`, "i");
const knownWord = new RegExp(`(?:^|[-_.])(?:${known})(?:$|[-_.])`, "i");
/** `-00000-of-00003`, perhaps with the start of a digest, as datasets writes shards; else a number after `-` or `_`, or alone. */
const shardSuffix = /[-_]\d+-of-\d+(?:-[0-9a-f]{16})?$|(?:^|[-_])\d+$/;
const shardCount = /[-_](\d+)-of-(\d+)(?=[-.])/;
/** How the hub lays out its own conversions. */
const convertedPath = /^([^/]+)\/([^/]+)\/\d{4}\.parquet$/;

/** @param paths of all files of the repository. @throws InputError for a data file whose path leads out of it. */
export function choosePart(paths: Iterable<string>, part: DatasetPart, where: string): PartChoice {
  const data = [...paths].filter(isData).sort();
  const outside = data.find((path) => !staysInside(path));
  if (outside !== undefined) {
    throw new InputError(
      `${where}: the hub lists '${shownName(outside)}', a path that leads out of the repository. Is HF_ENDPOINT a hub?`,
    );
  }
  if (part.kind === "file") {
    return data.includes(part.path) ? { kind: "found", paths: [part.path] } : { kind: "absent", parts: data };
  }
  const described = withSplits(data.map(describe));
  const parts = [...new Set(described.map(({ subset, split }) => `${subset}/${split}`))].sort();
  const wanted = part.split.toLowerCase();
  const ofSplit = described.filter(({ split }) => split?.toLowerCase() === wanted);
  const all = [...new Set(ofSplit.map(({ subset }) => subset))];
  const subsets = subsetsNamed(all, part.subset);
  if (subsets.length === 0) return { kind: "absent", parts };
  if (subsets.length > 1) return { kind: "several", subsets };
  const files = ofSplit.filter(({ subset }) => subset === subsets[0]).map(({ path }) => path);
  const format = formats.find((each) => files.some((path) => dataFormat(path) === each));
  return { kind: "found", paths: files.filter((path) => dataFormat(path) === format) };
}

/** @returns a name of a shard that is not among the paths though the others' names count it; null where none is known to be absent. */
export function absentShard(paths: readonly string[]): string | null {
  const present = new Set(paths.map((path) => path.replace(/-[0-9a-f]{16}(?=\.)/, "")));
  for (const path of present) {
    const [text, index, count] = shardCount.exec(path) ?? [];
    if (text === undefined) continue;
    for (let shard = 0; shard < Number(count); shard++) {
      const name = path.replace(text, () => text.replace(index, () => String(shard).padStart(index.length, "0")));
      if (!present.has(name)) return name;
    }
  }
  return null;
}

function isData(path: string): boolean {
  const names = path.split("/");
  const hidden = names.some((name) => /^(\.(?!\.?$)|__)/.test(name));
  return dataFormat(path) !== null && !hidden && !descriptions.includes(names[names.length - 1]);
}

/** What a path says: `main/train-00000-of-00002.parquet`, `default/train/0000.parquet`, `data/en_test.jsonl`, `train/a.csv`. */
function describe(path: string): Described {
  const [isConverted, convertedSubset, convertedSplit] = convertedPath.exec(path) ?? [];
  if (isConverted) return { path, subset: convertedSubset, split: convertedSplit };
  const names = path.split("/");
  const file = names.pop()!;
  const folders = names.filter((name) => name !== "data");
  const label = file.slice(0, -dataFormat(file)!.length - 1).replace(shardSuffix, "");
  const last = folders[folders.length - 1] ?? "";
  const asPart = (subset: readonly string[], split: string | null) => ({
    path,
    subset: subset.length === 0 ? defaultSubset : subset.join("/"),
    split,
  });
  const [ending, prefix, split] = knownAtEnd.exec(label) ?? [];
  if (ending !== undefined) return asPart(prefix ? [...folders, prefix] : folders, split);
  if (knownFolder.test(last)) return asPart(folders.slice(0, -1), last);
  return asPart(folders, knownWord.test(label) ? label : null);
}

/** Where no path says a split, all files are for training, as datasets has it; else those that say none are no data. */
function withSplits(files: readonly Described[]): readonly Described[] {
  const named = files.filter(({ split }) => split !== null);
  return named.length > 0 ? named : files.map((file) => ({ ...file, split: "train" }));
}

/** All that bear the name, whole or as one of their folders; without a name the default one, or all. */
function subsetsNamed(subsets: readonly string[], name: string | null): readonly string[] {
  const whole = name ?? defaultSubset;
  if (subsets.includes(whole)) return [whole];
  return name === null ? subsets : subsets.filter((subset) => subset.split("/").includes(name));
}
