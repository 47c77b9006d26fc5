import {
  existsSync,
  lstatSync,
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
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { commit, gitDigest, type ImitatedHub, imitateHub, isLarge, sha256 } from "../../test/imitated-hub.js";
import { InputError, InterruptedError } from "../foundation/errors.js";
import { openCheckpoint } from "./checkpoint.js";
import { type LocalModelOptions, localModel } from "./hub-model.js";

const fixtures = fileURLToPath(new URL("../../test/fixtures/checkpoint/", import.meta.url));
let folder: string;
let hub: ImitatedHub;
let output: string;

function filesOf(name: string): Map<string, Buffer> {
  const source = join(fixtures, name);
  return new Map(readdirSync(source).map((file) => [file, readFileSync(join(source, file))]));
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "hub-"));
  hub = await imitateHub(filesOf("tiny-gpt2"));
  hub.files.set("pytorch_model.bin", Buffer.from("PK"));
  hub.files.set("tokenizer.json", Buffer.from("{}"));
  output = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    output += text;
    return true;
  });
  for (const method of ["log", "debug", "info"] as const) {
    vi.spyOn(console, method).mockImplementation((text) => {
      output += text;
    });
  }
});
afterEach(async () => {
  vi.restoreAllMocks();
  await hub.stop();
  rmSync(folder, { recursive: true });
  expect(output).toBe("");
});

const cache = () => join(folder, "cache");
const model = () => join(cache(), "models--org--tiny");
const snapshot = () => join(model(), "snapshots", commit);

function fetched(source: string, environment: Record<string, string> = {}, options: Partial<LocalModelOptions> = {}) {
  return localModel(source, {
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

/** Every file below the cache that is more than a marker or a ref. */
function leftovers(): string[] {
  if (!existsSync(model())) return [];
  return readdirSync(model(), { recursive: true, encoding: "utf8" }).filter(
    (name) => !lstatSync(join(model(), name)).isDirectory(),
  );
}

describe("localModel", () => {
  it("returns a local path as it is, without asking", async () => {
    expect(await fetched(folder)).toEqual({ path: folder, revision: null });
    expect(await fetched("absent")).toEqual({ path: "absent", revision: null });
    expect(hub.requests).toEqual([]);
  });

  it("downloads what makes a model, in the ordinary layout", async () => {
    const progress: string[] = [];
    const onProgress = ({ file, bytes, totalBytes }: { file: string; bytes: number; totalBytes: number }) =>
      progress.push(`${file} ${bytes}/${totalBytes}`);
    expect(await fetched("org/tiny", {}, { onProgress })).toEqual({ path: snapshot(), revision: commit });
    expect(readdirSync(snapshot()).sort()).toEqual(["config.json", "model.safetensors", "tokenizer.json"]);
    const weights = hub.files.get("model.safetensors")!;
    expect(readlinkSync(join(snapshot(), "model.safetensors"))).toBe(`../../blobs/${sha256(weights)}`);
    const config = hub.files.get("config.json")!;
    expect(readlinkSync(join(snapshot(), "config.json"))).toBe(`../../blobs/${gitDigest(config)}`);
    expect(readFileSync(join(snapshot(), "model.safetensors"))).toEqual(weights);
    expect(readFileSync(join(model(), "refs/main"), "utf8")).toBe(commit);
    expect(readdirSync(join(model(), "blobs"))).toHaveLength(3);
    const total = weights.byteLength + config.byteLength + 2;
    expect(progress.at(-1)).toBe(`model.safetensors ${total}/${total}`);
    const checkpoint = openCheckpoint(snapshot());
    expect(checkpoint.tensors.size).toBe(28);
    checkpoint.close();
  });

  it("leaves the tokenizer out on request, and fetches it when it is asked for", async () => {
    await fetched("org/tiny", {}, { only: "weights" });
    expect(readdirSync(snapshot()).sort()).toEqual(["config.json", "model.safetensors"]);
    hub.redirected.length = 0;
    await fetched(`org/tiny@${commit}`);
    expect(readdirSync(snapshot())).toContain("tokenizer.json");
    expect(hub.redirected).toEqual([]);
  });

  it("downloads the shards that the index names", async () => {
    hub.files = filesOf("tiny-gpt2-sharded");
    hub.files.set("model-extra.safetensors", Buffer.from("unwanted"));
    await fetched("org/tiny");
    expect(readdirSync(snapshot()).sort()).toEqual([...filesOf("tiny-gpt2-sharded").keys()].sort());
    const checkpoint = openCheckpoint(snapshot());
    expect(checkpoint.tensors.size).toBe(28);
    checkpoint.close();
  });

  it("asks for a branch anew and for a cached commit never", async () => {
    await fetched("org/tiny");
    hub.requests.length = 0;
    await fetched("org/tiny@main");
    expect(hub.requests).toEqual(["/api/models/org/tiny/revision/main"]);
    hub.requests.length = 0;
    expect(await fetched(`org/tiny@${commit}`)).toEqual({ path: snapshot(), revision: commit });
    expect(hub.requests).toEqual([]);
  });

  it("uses the cache where the hub is offline, out of order or gone", async () => {
    await fetched("org/tiny");
    hub.requests.length = 0;
    expect((await fetched("org/tiny", { HF_HUB_OFFLINE: "1" })).path).toBe(snapshot());
    expect(hub.requests).toEqual([]);
    hub.broken = true;
    expect((await fetched("org/tiny")).path).toBe(snapshot());
    await hub.stop();
    expect((await fetched("org/tiny")).path).toBe(snapshot());
  });

  it("says what was tried where there is neither hub nor cache", async () => {
    await expectRefusal(
      fetched("org/tiny", { HF_HUB_OFFLINE: "1" }),
      /HF_HUB_OFFLINE is set, and the cache .*does not hold it.*hf download org\/tiny --revision main/,
    );
    expect(hub.requests).toEqual([]);
    hub.broken = true;
    await expectRefusal(fetched("org/tiny"), /answers with status 503, and the cache/);
    await hub.stop();
    await expectRefusal(fetched("org/tiny"), /cannot be reached \(.*ECONNREFUSED.*, and the cache/);
    await expectRefusal(fetched(`org/tiny@${commit}`), /lacks model.safetensors at 0123/);
  });

  it("reads a cache that Python's huggingface_hub made", async () => {
    const blobs = join(model(), "blobs");
    for (const part of [blobs, join(model(), "refs/refs/pr"), snapshot()]) mkdirSync(part, { recursive: true });
    for (const name of ["config.json", "model.safetensors", "tokenizer.json"]) {
      const bytes = hub.files.get(name)!;
      const digest = isLarge(name) ? sha256(bytes) : gitDigest(bytes);
      writeFileSync(join(blobs, digest), bytes);
      symlinkSync(`../../blobs/${digest}`, join(snapshot(), name));
    }
    writeFileSync(join(model(), "refs/main"), commit);
    writeFileSync(join(model(), "refs/refs/pr/1"), commit);
    for (const source of ["org/tiny", "org/tiny@refs/pr/1", `org/tiny@${commit}`]) {
      expect(await fetched(source, { HF_HUB_OFFLINE: "1" })).toEqual({ path: snapshot(), revision: commit });
    }
    // A link to a blob that is not there is not a file.
    rmSync(join(blobs, sha256(hub.files.get("model.safetensors")!)));
    await expectRefusal(fetched("org/tiny", { HF_HUB_OFFLINE: "1" }), /lacks model.safetensors/);
    expect((await fetched("org/tiny")).path).toBe(snapshot());
    expect(readFileSync(join(snapshot(), "model.safetensors"))).toEqual(hub.files.get("model.safetensors"));
  });

  it.each([
    [{ HF_HUB_CACHE: "{}/a" }, "a"],
    [{ HF_HOME: "{}/b" }, "b/hub"],
    [{ HF_HOME: "~/b" }, "b/hub"],
    [{ XDG_CACHE_HOME: "{}/c" }, "c/huggingface/hub"],
    [{}, ".cache/huggingface/hub"],
  ])("finds the cache by %o", async (environment, expected) => {
    const filled = Object.fromEntries(
      Object.entries(environment).map(([key, value]) => [key, value.replace("{}", folder)]),
    );
    const { path } = await localModel("org/tiny", {
      environment: { HOME: folder, HF_ENDPOINT: `${hub.address}/`, ...filled },
    });
    expect(path).toBe(join(folder, expected, "models--org--tiny/snapshots", commit));
  });
});

describe("the token", () => {
  beforeEach(() => {
    hub.token = "hf_secret";
  });

  it("comes from HF_TOKEN or its file and goes to the hub alone", async () => {
    await fetched("org/tiny", { HF_TOKEN: "hf_secret\n" });
    expect(hub.redirected.map(({ authorization }) => authorization)).toEqual([undefined]);
    rmSync(cache(), { recursive: true });
    mkdirSync(join(folder, ".cache/huggingface"), { recursive: true });
    writeFileSync(join(folder, ".cache/huggingface/token"), "hf_secret\n");
    await fetched("org/tiny");
    rmSync(cache(), { recursive: true });
    writeFileSync(join(folder, "token"), "hf_secret");
    await fetched("org/tiny", { HF_TOKEN_PATH: join(folder, "token") });
    expect(hub.redirected.map(({ authorization }) => authorization)).toEqual([undefined, undefined, undefined]);
  });

  it("is asked for where it is absent or wrong", async () => {
    await expectRefusal(fetched("org/tiny"), /refuses access \(401, asked without a token\).*set HF_TOKEN/);
    await expectRefusal(fetched("org/tiny", { HF_TOKEN: "hf_other" }), /401, asked with the token from HF_TOKEN/);
    await expectRefusal(fetched("org/tiny", { HF_TOKEN: "hf_secret two" }), /HF_TOKEN: holds no token/);
    hub.gated = true;
    await expectRefusal(
      fetched("org/tiny"),
      /gated .*\(403\)\. Accept its terms on http.*org\/tiny, then set HF_TOKEN/,
    );
    expect(leftovers()).toEqual([]);
  });
});

describe("localModel refuses", () => {
  it("what the hub does not have", async () => {
    await expectRefusal(fetched("org/tiny@v9"), /the model has no revision 'v9' on http.*\(404\)/);
    await expectRefusal(fetched("org/other"), /no such model, or it has no revision 'main'/);
    await expectRefusal(fetched("org/tiny@../../evil"), /is no revision/);
    await expectRefusal(fetched("org/tiny", { HF_ENDPOINT: "ftp://hub" }), /HF_ENDPOINT is 'ftp:\/\/hub'/);
  });

  it("pickles, adapters and repositories without weights", async () => {
    hub.files.delete("model.safetensors");
    await expectRefusal(fetched("org/tiny"), /pickle file only \(pytorch_model.bin\).*safe_serialization=True/);
    hub.files.delete("pytorch_model.bin");
    await expectRefusal(fetched("org/tiny"), /holds neither model.safetensors/);
    hub.files.set("tiny.gguf", Buffer.from("GGUF"));
    await expectRefusal(fetched("org/tiny"), /GGUF, which is not supported/);
    hub.files.set("adapter_model.safetensors", Buffer.from(""));
    await expectRefusal(fetched("org/tiny"), /LoRA adapter/);
    expect(leftovers()).toEqual([]);
  });

  it("names, sizes and digests that would lead out of the cache", async () => {
    hub.files.delete("model.safetensors");
    hub.extraEntries = [{ type: "file", path: "model.safetensors", size: 1, oid: "../../../evil" }];
    await expectRefusal(fetched("org/tiny"), /without a name or a digest/);
    hub.extraEntries = [{ type: "file", path: "model.safetensors", size: -1, oid: "0".repeat(40) }];
    await expectRefusal(fetched("org/tiny"), /'model.safetensors' without a size/);
    hub.extraEntries = [];
    const index = (shard: string) => Buffer.from(JSON.stringify({ weight_map: { a: shard } }));
    hub.files.set("../evil.safetensors", Buffer.from("evil"));
    hub.files.set("model.safetensors.index.json", index("../evil.safetensors"));
    await expectRefusal(fetched("org/tiny"), /name of a file beside it is wanted/);
    hub.files.set("model.safetensors.index.json", index("absent.safetensors"));
    await expectRefusal(fetched("org/tiny"), /names the shard absent.safetensors, which the repository lacks/);
    expect(existsSync(snapshot())).toBe(false);
    expect(readdirSync(folder)).toEqual(["cache"]);
  });

  it("content that is not what the hub lists", async () => {
    const oid = "a".repeat(64);
    const real = hub.files.get("model.safetensors")!;
    const entry = (size: number) => ({ type: "file", path: "model.safetensors", size, lfs: { oid, size } });
    hub.extraEntries = [entry(real.byteLength)];
    await expectRefusal(fetched("org/tiny"), /does not have the digest/);
    hub.extraEntries = [entry(real.byteLength - 1)];
    await expectRefusal(fetched("org/tiny"), /sends more than the \d+ bytes/);
    expect(existsSync(snapshot())).toBe(false);
    expect(leftovers().filter((name) => /incomplete|aaaa/.test(name))).toEqual([]);
  });
});

describe("a connection that is cut", () => {
  it("is taken up where it ended", async () => {
    hub.cuts = 2;
    await fetched("org/tiny");
    expect(hub.redirected.map(({ range }) => range)).toEqual([undefined, "bytes=1000-", "bytes=2000-"]);
    expect(readFileSync(join(snapshot(), "model.safetensors"))).toEqual(hub.files.get("model.safetensors"));
  });

  it("for good leaves nothing that looks complete", async () => {
    hub.cuts = Number.POSITIVE_INFINITY;
    await expectRefusal(fetched("org/tiny"), /and the cache .*does not hold it/);
    expect(existsSync(snapshot())).toBe(false);
    expect(existsSync(join(model(), "refs"))).toBe(false);
    // The small files are whole; nothing of the weights is left.
    expect(leftovers().sort()).toEqual(
      ["config.json", "tokenizer.json"].map((name) => `blobs/${gitDigest(hub.files.get(name)!)}`).sort(),
    );
    hub.cuts = 0;
    expect((await fetched("org/tiny")).path).toBe(snapshot());
  });

  it("by the user ends the download", async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    await expect(fetched("org/tiny", {}, { signal: controller.signal, onProgress })).rejects.toThrow(InterruptedError);
    expect(existsSync(snapshot())).toBe(false);
    expect(leftovers().filter((name) => name.includes("incomplete"))).toEqual([]);
  });
});
