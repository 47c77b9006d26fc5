/** @file An imitation of the model hub on this machine: one repository `org/tiny`, and the address that large files are redirected to. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const commit = "0123456789abcdef0123456789abcdef01234567";
export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
export const gitDigest = (bytes: Uint8Array) =>
  createHash("sha1").update(`blob ${bytes.byteLength}\0`).update(bytes).digest("hex");

/** What the imitated hub holds and how it behaves. */
export interface ImitatedHub {
  files: Map<string, Buffer>;
  /** Entries that the listing shows besides the files. */
  extraEntries: unknown[];
  /** Who may read; null: everyone. */
  token: string | null;
  gated: boolean;
  /** How often a body of weights is cut in the middle before it is sent whole. */
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

export const isLarge = (name: string) => name.endsWith(".safetensors");
const sendJson = (response: ServerResponse, value: unknown) =>
  send(response, 200, JSON.stringify(value), { "content-type": "application/json" });

function answer(hub: ImitatedHub, behind: string, request: IncomingMessage, response: ServerResponse): ServerResponse {
  const { pathname } = new URL(request.url!, hub.address);
  hub.requests.push(pathname);
  if (hub.broken) return send(response, 503, "");
  const permitted = hub.token === null || request.headers.authorization === `Bearer ${hub.token}`;
  if (!permitted && !hub.gated) return send(response, 401, "{}", { "x-error-code": "RepoNotFound" });
  const revision = /^\/api\/models\/org\/tiny\/revision\/(.*)$/.exec(pathname);
  if (revision) {
    if (decodeURIComponent(revision[1]) === "main") return sendJson(response, { sha: commit, id: "org/tiny" });
    return send(response, 404, "{}", { "x-error-code": "RevisionNotFound" });
  }
  if (pathname === `/api/models/org/tiny/tree/${commit}`) {
    const entries = [...hub.files].map(([path, bytes]) => {
      const pointer = { oid: sha256(bytes), size: bytes.byteLength, pointerSize: 130 };
      const oid = gitDigest(bytes);
      return { type: "file", path, size: bytes.byteLength, oid, ...(isLarge(path) ? { lfs: pointer } : {}) };
    });
    return sendJson(response, [{ type: "directory", path: "onnx" }, ...entries, ...hub.extraEntries]);
  }
  const [, name = ""] = new RegExp(`^/org/tiny/resolve/${commit}/(.*)$`).exec(pathname) ?? [];
  const bytes = hub.files.get(name);
  if (bytes === undefined) return send(response, 404, "", { "x-error-code": "RepoNotFound" });
  if (!permitted) return send(response, 403, "", { "x-error-code": "GatedRepo" });
  const headers = { "x-repo-commit": commit, etag: `"${isLarge(name) ? sha256(bytes) : gitDigest(bytes)}"` };
  if (!isLarge(name)) return send(response, 200, bytes, headers);
  return send(response, 302, "", { ...headers, location: `${behind}/${name}` });
}

function answerBehind(hub: ImitatedHub, request: IncomingMessage, response: ServerResponse): void {
  const { authorization, range } = request.headers;
  hub.redirected.push({ authorization, range });
  const bytes = hub.files.get(request.url!.slice(1))!;
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
