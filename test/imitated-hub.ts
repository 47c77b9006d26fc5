/** @file An imitation of the hub on this machine: one repository `org/tiny`, a model or a data set, and the address that large files are redirected to. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const commit = "0123456789abcdef0123456789abcdef01234567";
export const convertedCommit = "fedcba9876543210fedcba9876543210fedcba98";
export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
export const gitDigest = (bytes: Uint8Array) =>
  createHash("sha1").update(`blob ${bytes.byteLength}\0`).update(bytes).digest("hex");

/** What the imitated hub holds and how it behaves. */
export interface ImitatedHub {
  files: Map<string, Buffer>;
  /** What the branch `refs/convert/parquet` holds; null: there is none. */
  converted: Map<string, Buffer> | null;
  /** After how many entries a page of the listing ends. */
  pageEntries: number;
  /** Entries that the listing shows besides the files. */
  extraEntries: unknown[];
  /** Who may read; null: everyone. */
  token: string | null;
  gated: boolean;
  /** How often a body of a large file is cut in the middle before it is sent whole. */
  cuts: number;
  broken: boolean;
  readonly address: string;
  /** What was asked for since the list was last emptied. */
  readonly requests: string[];
  /** The headers that the address behind the redirect was sent. */
  readonly redirected: { authorization: string | undefined; range: string | undefined }[];
  stop(): Promise<void>;
}

function send(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Record<string, string> = {},
): ServerResponse {
  response.writeHead(status, { "content-length": Buffer.byteLength(body), ...headers });
  return response.end(body);
}

export const isLarge = (name: string) => /\.(safetensors|parquet)$/.test(name);
const sendJson = (response: ServerResponse, value: unknown, headers: Record<string, string> = {}) =>
  send(response, 200, JSON.stringify(value), { "content-type": "application/json", ...headers });

function filesAt(hub: ImitatedHub, at: string): Map<string, Buffer> | null {
  if (at === commit) return hub.files;
  return at === convertedCommit ? hub.converted : null;
}

function sendListing(hub: ImitatedHub, files: Map<string, Buffer>, url: URL, response: ServerResponse): ServerResponse {
  const entries = [...files].map(([path, bytes]) => {
    const pointer = { oid: sha256(bytes), size: bytes.byteLength, pointerSize: 130 };
    const oid = gitDigest(bytes);
    return { type: "file", path, size: bytes.byteLength, oid, ...(isLarge(path) ? { lfs: pointer } : {}) };
  });
  const all = [{ type: "directory", path: "onnx", oid: commit, size: 0 }, ...entries, ...hub.extraEntries];
  const begin = Number(url.searchParams.get("cursor") ?? 0);
  const end = begin + hub.pageEntries;
  url.searchParams.set("cursor", String(end));
  const next: Record<string, string> = end < all.length ? { link: `<${url}>; rel="next"` } : {};
  return sendJson(response, all.slice(begin, end), next);
}

function answer(hub: ImitatedHub, behind: string, request: IncomingMessage, response: ServerResponse): ServerResponse {
  const { pathname } = new URL(request.url!, hub.address);
  hub.requests.push(pathname);
  if (hub.broken) return send(response, 503, "");
  const permitted = hub.token === null || request.headers.authorization === `Bearer ${hub.token}`;
  if (!permitted && !hub.gated) return send(response, 401, "{}", { "x-error-code": "RepoNotFound" });
  const [, revision] = /^\/api\/(?:models|datasets)\/org\/tiny\/revision\/(.*)$/.exec(pathname) ?? [];
  if (revision !== undefined) {
    const sha = { main: commit, "refs/convert/parquet": hub.converted && convertedCommit }[
      decodeURIComponent(revision)
    ];
    if (sha) return sendJson(response, { sha, id: "org/tiny" });
    return send(response, 404, "{}", { "x-error-code": "RevisionNotFound" });
  }
  const [, listed] = /^\/api\/(?:models|datasets)\/org\/tiny\/tree\/(\w+)$/.exec(pathname) ?? [];
  const tree = listed && filesAt(hub, listed);
  if (tree) return sendListing(hub, tree, new URL(request.url!, hub.address), response);
  const [, at = "", path = ""] = /^(?:\/datasets)?\/org\/tiny\/resolve\/(\w+)\/(.*)$/.exec(pathname) ?? [];
  const name = path.split("/").map(decodeURIComponent).join("/");
  const bytes = filesAt(hub, at)?.get(name);
  if (bytes === undefined) return send(response, 404, "", { "x-error-code": "RepoNotFound" });
  if (!permitted) return send(response, 403, "", { "x-error-code": "GatedRepo" });
  const headers = { "x-repo-commit": at, etag: `"${isLarge(name) ? sha256(bytes) : gitDigest(bytes)}"` };
  if (!isLarge(name)) return send(response, 200, bytes, headers);
  return send(response, 302, "", { ...headers, location: `${behind}/${at}/${path}` });
}

function answerBehind(hub: ImitatedHub, request: IncomingMessage, response: ServerResponse): void {
  const { authorization, range } = request.headers;
  hub.redirected.push({ authorization, range });
  const [at, ...path] = request.url!.slice(1).split("/").map(decodeURIComponent);
  const bytes = filesAt(hub, at)!.get(path.join("/"))!;
  const [, from] = /^bytes=(\d+)-$/.exec(range ?? "") ?? [];
  const begin = Number(from ?? 0);
  const last = bytes.byteLength - 1;
  response.writeHead(from === undefined ? 200 : 206, {
    "content-length": bytes.byteLength - begin,
    ...(from === undefined ? {} : { "content-range": `bytes ${begin}-${last}/${bytes.byteLength}` }),
  });
  if (hub.cuts === 0) {
    response.end(bytes.subarray(begin));
    return;
  }
  hub.cuts--;
  response.write(bytes.subarray(begin, begin + 1000), () => response.destroy());
}

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

async function listen(listener: Listener): Promise<{ server: Server; address: string }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

export async function imitateHub(files: Map<string, Buffer>): Promise<ImitatedHub> {
  const behind = await listen((request, response) => answerBehind(hub, request, response));
  const front = await listen((request, response) => answer(hub, behind.address, request, response));
  const hub: ImitatedHub = {
    files,
    converted: null,
    pageEntries: Number.POSITIVE_INFINITY,
    extraEntries: [],
    token: null,
    gated: false,
    cuts: 0,
    broken: false,
    address: front.address,
    requests: [],
    redirected: [],
    async stop() {
      for (const { server } of [front, behind]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
  return hub;
}
