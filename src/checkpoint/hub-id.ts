/** @file The id of a model or of a data set on the hub, with a revision. Knows nothing of the network or of the cache. */
import { existsSync } from "node:fs";
import { InputError } from "../foundation/errors.js";

/** As the hub calls them; in addresses and folders with an `s`. */
export type RepositoryKind = "model" | "dataset";

export const repositoryNoun = (kind: RepositoryKind): string => (kind === "model" ? "model" : "data set");

export interface HubId {
  /** `org/name`. */
  readonly name: string;
  /** A branch, a tag, or a commit hash, whole or not. */
  readonly revision: string;
}

const part = "[A-Za-z0-9](?:[\\w.-]*\\w)?";
const pattern = new RegExp(`^(${part}/${part})(?:@(.*))?$`);
/** A path of a file that is absent is no id. */
const filePattern = /\.(safetensors|json|bin|pt|pth|ckpt|pkl|gguf)$/i;

/** Whether `source` reads as `org/name` or `org/name@revision` and is not an existing local path, which always wins. */
export function isHubId(source: string): boolean {
  const name = hubName(source);
  return name !== null && !filePattern.test(name) && !existsSync(source);
}

/** @returns the `org/name` of what is written as an id; null for any other text. */
export function hubName(source: string): string | null {
  const name = pattern.exec(source)?.[1];
  return name === undefined || /--|\.\./.test(name) ? null : name;
}

/** @param source one in which `hubName` finds a name. @throws InputError for a revision that is no name of git. */
export function parseHubId(source: string): HubId {
  const [, name, revision = "main"] = pattern.exec(source)!;
  // The revision becomes a path below the cache's refs.
  if (!/^\w[\w.-]*(\/\w[\w.-]*)*$/.test(revision) || revision.includes("..")) {
    throw new InputError(`${source}: '${revision}' is no revision. Give a branch, a tag or a commit hash after the @.`);
  }
  return { name, revision };
}

export const isCommitHash = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision);
