import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  commit,
  convertedCommit,
  gitDigest,
  type ImitatedHub,
  imitateHub,
  isLarge,
  sha256,
} from "../../test/imitated-hub.js";
import { InputError, InterruptedError } from "../foundation/errors.js";
import { localDataset } from "./hub-dataset.js";
import type { HubOptions } from "./hub-repository.js";

let folder: string;
let hub: ImitatedHub;

const mainTrain = "main/train-00000-of-00001.parquet";
const socraticTest = "socratic/test-00000-of-00001.parquet";
const content = (name: string) => Buffer.from(`content of ${name}. `.repeat(200));
const filled = (...names: string[]) => new Map(names.map((name) => [name, content(name)]));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "hub-"));
  hub = await imitateHub(
    filled(
      "README.md",
      mainTrain,
      "main/test-00000-of-00001.parquet",
      "socratic/train-00000-of-00001.parquet",
      socraticTest,
    ),
  );
});
afterEach(async () => {
  await hub.stop();
  rmSync(folder, { recursive: true });
});

const cache = () => join(folder, "cache");
const dataset = () => join(cache(), "datasets--org--tiny");
const inSnapshot = (name: string, at = commit) => join(dataset(), "snapshots", at, name);
const offline = { HF_HUB_OFFLINE: "1" };

function fetched(source: string, environment: Record<string, string> = {}, options: Partial<HubOptions> = {}) {
  return localDataset(source, {
    environment: { HOME: folder, HF_HUB_CACHE: cache(), HF_ENDPOINT: hub.address, ...environment },
    ...options,
  });
}

async function expectRefusal(promise: Promise<unknown>, message: RegExp): Promise<void> {
  const error: unknown = await promise.then(
    () => null,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  expect((error as InputError).message).toMatch(message);
  expect((error as InputError).message).not.toMatch(/\n|hf_secret/);
}

/** As huggingface_hub does (file_download._create_symlink): relative links into the blobs. */
function layOut(files: ReadonlyMap<string, Buffer>, at: string): void {
  for (const [name, bytes] of files) {
    const blob = join(dataset(), "blobs", isLarge(name) ? sha256(bytes) : gitDigest(bytes));
    const link = inSnapshot(name, at);
    for (const path of [blob, link]) mkdirSync(dirname(path), { recursive: true });
    writeFileSync(blob, bytes);
    symlinkSync(relative(dirname(link), blob), link);
  }
}

function layOutRef(revision: string, at: string): void {
  const path = join(dataset(), "refs", revision);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, at);
}

describe("localDataset", () => {
  it("returns a local path as it is, without asking", async () => {
    for (const path of [folder, "absent.jsonl", "data/absent.jsonl"]) {
      expect(await fetched(path)).toEqual({ paths: [path], revision: null });
    }
    expect(hub.requests).toEqual([]);
  });

  it("downloads one split of one subset, in the ordinary layout", async () => {
    const progress: string[] = [];
    const onProgress = ({ file, bytes, totalBytes }: { file: string; bytes: number; totalBytes: number }) =>
      progress.push(`${file} ${bytes}/${totalBytes}`);
    expect(await fetched("org/tiny:main", {}, { onProgress })).toEqual({
      paths: [inSnapshot(mainTrain)],
      revision: commit,
    });
    const bytes = hub.files.get(mainTrain)!;
    expect(readlinkSync(inSnapshot(mainTrain))).toBe(`../../../blobs/${sha256(bytes)}`);
    expect(readFileSync(inSnapshot(mainTrain))).toEqual(bytes);
    expect(readFileSync(join(dataset(), "refs/main"), "utf8")).toBe(commit);
    expect(readdirSync(join(dataset(), "blobs"))).toHaveLength(1);
    expect(progress.at(-1)).toBe(`${mainTrain} ${bytes.byteLength}/${bytes.byteLength}`);
    expect(hub.requests).toContain(`/datasets/org/tiny/resolve/${commit}/${mainTrain}`);
  });

  it("downloads once: then a branch is only asked for, a commit not even that", async () => {
    const first = await fetched("org/tiny:socratic/test");
    hub.requests.length = 0;
    expect(await fetched("org/tiny:socratic/test")).toEqual(first);
    expect(hub.requests).toEqual(["/api/datasets/org/tiny/revision/main"]);
    hub.requests.length = 0;
    expect(await fetched(`org/tiny@${commit}:socratic/test`)).toEqual(first);
    expect(hub.requests).toEqual([]);
    expect(await fetched("org/tiny:socratic/test", offline)).toEqual(first);
    hub.broken = true;
    expect(await fetched("org/tiny:socratic/test")).toEqual(first);
  });

  it("keeps the listing as huggingface_hub does", async () => {
    await fetched("org/tiny:main");
    const [name, bytes] = ["README.md", content("README.md")];
    const { format_version, files } = JSON.parse(readFileSync(join(dataset(), "trees", `${commit}.json`), "utf8"));
    expect(format_version).toBe(1);
    expect(Object.keys(files)).toEqual([...hub.files.keys()].sort());
    expect(files[name]).toEqual({ size: bytes.byteLength, blob_id: gitDigest(bytes) });
    const large = hub.files.get(mainTrain)!;
    const size = large.byteLength;
    expect(files[mainTrain]).toEqual({ size, blob_id: gitDigest(large), lfs_sha256: sha256(large), lfs_size: size });
    // One that cannot be read is asked for again.
    writeFileSync(join(dataset(), "trees", `${commit}.json`), '{"format_version": 1, "files": {"a": {}}}');
    expect((await fetched("org/tiny:main/test")).revision).toBe(commit);
  });

  it("reads a listing of several pages, and names that an address must escape", async () => {
    hub.pageEntries = 2;
    hub.files = filled("a.md", "b.md", "c.md", "my data/train #1?.jsonl");
    const { paths } = await fetched("org/tiny");
    expect(paths).toEqual([inSnapshot("my data/train #1?.jsonl")]);
    expect(readFileSync(paths[0])).toEqual(content("my data/train #1?.jsonl"));
  });

  it("downloads the file that is named", async () => {
    expect((await fetched(`org/tiny:${socraticTest}`)).paths).toEqual([inSnapshot(socraticTest)]);
    await expectRefusal(
      fetched("org/tiny:main/absent.jsonl"),
      /holds no file main\/absent.jsonl; its data files are main\//,
    );
  });

  it("takes what the hub converted where the repository holds no data", async () => {
    hub.files = filled("README.md", "tiny.py");
    await expectRefusal(
      fetched("org/tiny"),
      /holds no .parquet, .jsonl, .json or .csv file, and the hub has no conversion/,
    );
    hub.converted = filled("main/train/0000.parquet", "main/train/0001.parquet", "main/test/0000.parquet");
    const expected = ["main/train/0000.parquet", "main/train/0001.parquet"].map((name) =>
      inSnapshot(name, convertedCommit),
    );
    expect(await fetched("org/tiny")).toEqual({ paths: expected, revision: convertedCommit });
    expect(readFileSync(join(dataset(), "refs/refs/convert/parquet"), "utf8")).toBe(convertedCommit);
    expect((await fetched("org/tiny", offline)).paths).toEqual(expected);
    await expectRefusal(fetched("org/tiny:/dev"), /no split 'dev'; .*it holds main\/test, main\/train\./);
    // It is converted from the main branch only.
    await expectRefusal(fetched(`org/tiny@${commit}`), /holds no .parquet/);
  });
});

describe("a cache that Python's huggingface_hub made", () => {
  it("serves without the hub", async () => {
    layOut(filled("README.md", mainTrain, socraticTest), commit);
    layOutRef("main", commit);
    expect(await fetched("org/tiny", offline)).toEqual({ paths: [inSnapshot(mainTrain)], revision: commit });
    expect((await fetched("org/tiny:socratic/test", offline)).paths).toEqual([inSnapshot(socraticTest)]);
    expect((await fetched(`org/tiny@${commit}:${mainTrain}`, offline)).paths).toEqual([inSnapshot(mainTrain)]);
    rmSync(join(dataset(), "blobs", sha256(content(mainTrain))));
    await expectRefusal(fetched("org/tiny", offline), /does not hold it.*hf download org\/tiny --repo-type dataset/);
    expect(hub.requests).toEqual([]);
  });

  it("serves what the hub converted", async () => {
    layOut(filled("default/train/0000.parquet"), convertedCommit);
    layOutRef("refs/convert/parquet", convertedCommit);
    expect((await fetched("org/tiny", offline)).revision).toBe(convertedCommit);
  });

  it("is not taken for whole where a shard is absent", async () => {
    layOut(filled("data/train-00001-of-00003.parquet", "data/train-00000-of-00003.parquet"), commit);
    layOutRef("main", commit);
    await expectRefusal(fetched("org/tiny", offline), /lacks data\/train-00002-of-00003.parquet at 0123/);
  });

  it("is asked by its listing where it has one", async () => {
    hub.files = filled("train/a.jsonl", "train/b.jsonl");
    await fetched("org/tiny");
    rmSync(inSnapshot("train/b.jsonl"));
    await expectRefusal(fetched("org/tiny", offline), /lacks train\/b.jsonl at 0123/);
  });
});

describe("localDataset refuses", () => {
  it("to choose among subsets, or a split that is not there", async () => {
    await expectRefusal(
      fetched("org/tiny"),
      /several subsets have the split 'train' \(main, socratic\)\. Choose one, as in org\/tiny:main\/train\.$/,
    );
    await expectRefusal(
      fetched("org/tiny:main/dev"),
      /holds no subset 'main' with the split 'dev'; .*main\/test, main\/train/,
    );
    await expectRefusal(fetched("org/tiny:/dev"), /holds no split 'dev'; .*or name a file, as in org\/tiny:path/);
    expect(existsSync(join(dataset(), "snapshots"))).toBe(false);
  });

  it("what the hub does not have or does not give", async () => {
    await expectRefusal(fetched("org/tiny", offline), /HF_HUB_OFFLINE is set, and the cache .*does not hold it/);
    await expectRefusal(fetched("org/tiny@v9"), /the data set has no revision 'v9'/);
    await expectRefusal(fetched("org/other"), /no such data set, or it has no revision 'main'/);
    hub.token = "hf_secret";
    await expectRefusal(fetched("org/tiny:main"), /401, asked without a token.*gated data set set HF_TOKEN/);
    hub.gated = true;
    await expectRefusal(
      fetched("org/tiny:main"),
      /the data set is gated .*terms on http.*\/datasets\/org\/tiny, then set HF_TOKEN/,
    );
    expect((await fetched("org/tiny:main", { HF_TOKEN: "hf_secret" })).revision).toBe(commit);
    expect(hub.redirected.map(({ authorization }) => authorization)).toEqual([undefined]);
    hub.broken = true;
    await expectRefusal(fetched("org/tiny:main/test"), /status 503, and the cache .*lacks main\/test-/);
  });

  it.each(["../../../../evil/train.jsonl", "/evil/train.jsonl", "a\\..\\..\\train.jsonl"])(
    "a listing with %s",
    async (path) => {
      hub.extraEntries = [{ type: "file", path, size: 4, oid: gitDigest(Buffer.from("evil")) }];
      await expectRefusal(fetched("org/tiny:main"), /leads out of the repository/);
      // The listing is kept, and no more trusted from there.
      await expectRefusal(fetched(`org/tiny@${commit}:main`), /leads out of the repository/);
      expect(existsSync(join(dataset(), "snapshots"))).toBe(false);
      expect(readdirSync(folder)).toEqual(["cache"]);
    },
  );
});

describe("a download that is cut", () => {
  beforeEach(() => {
    hub.files = filled("data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet");
  });

  it("is taken up where it ended", async () => {
    hub.cuts = 2;
    const { paths } = await fetched("org/tiny");
    expect(hub.redirected.map(({ range }) => range)).toEqual([undefined, "bytes=1000-", "bytes=2000-", undefined]);
    expect(paths.map((path) => readFileSync(path))).toEqual([...hub.files.values()]);
  });

  it("by the user leaves nothing that looks complete, and keeps what is whole", async () => {
    const controller = new AbortController();
    const onProgress = ({ file }: { file: string }) => {
      if (file.includes("00001")) controller.abort();
    };
    await expect(fetched("org/tiny", {}, { signal: controller.signal, onProgress })).rejects.toThrow(InterruptedError);
    expect(existsSync(join(dataset(), "snapshots"))).toBe(false);
    expect(existsSync(join(dataset(), "refs"))).toBe(false);
    await expectRefusal(fetched("org/tiny", offline), /does not hold it/);
    hub.redirected.length = 0;
    expect((await fetched("org/tiny")).paths).toHaveLength(2);
    expect(hub.redirected).toHaveLength(1);
    expect(readdirSync(join(dataset(), "blobs"))).toHaveLength(2);
  });
});
