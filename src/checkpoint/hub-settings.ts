/** @file What the environment says of the hub: cache folder, address, token, offline. Knows nothing of models. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { InputError } from "../foundation/errors.js";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface HubSettings {
  readonly cacheFolder: string;
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly token: string | null;
  /** Where the token comes from, for messages. */
  readonly tokenFrom: string | null;
  readonly offline: boolean;
}

/**
 * The rules of Python's huggingface_hub (constants.py), so that both share one cache and one login. An empty variable counts as absent.
 * @throws InputError for an address that is none, or for a token that no header can carry.
 */
export function hubSettings(environment: Environment): HubSettings {
  const home = environment.HOME || homedir();
  const expand = (path: string) => resolve(path.replace(/^~(?=$|\/)/, () => home));
  const hubHome = environment.HF_HOME || join(environment.XDG_CACHE_HOME || "~/.cache", "huggingface");
  const cache = environment.HF_HUB_CACHE || environment.HUGGINGFACE_HUB_CACHE || join(hubHome, "hub");
  const tokenFile = expand(environment.HF_TOKEN_PATH || join(hubHome, "token"));
  const offline = isTrue(environment.HF_HUB_OFFLINE) || isTrue(environment.TRANSFORMERS_OFFLINE);
  return {
    cacheFolder: expand(cache),
    endpoint: endpointOf(environment.HF_ENDPOINT || "https://huggingface.co"),
    ...(offline ? { token: null, tokenFrom: null } : tokenOf(environment, tokenFile)),
    offline,
  };
}

const isTrue = (text: string | undefined) => /^(1|on|yes|true)$/i.test(text ?? "");

function endpointOf(address: string): string {
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw new InputError(`HF_ENDPOINT is '${address}', but an http or https address is wanted. Correct or unset it.`);
  }
  return address.replace(/\/+$/, "");
}

function tokenOf(environment: Environment, file: string): Pick<HubSettings, "token" | "tokenFrom"> {
  for (const name of ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]) {
    const token = cleanToken(environment[name] ?? "", name);
    if (token !== "") return { token, tokenFrom: name };
  }
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    // Public models need none, and the hub's refusal says what to do.
    return { token: null, tokenFrom: null };
  }
  const token = cleanToken(text, file);
  return token === "" ? { token: null, tokenFrom: null } : { token, tokenFrom: file };
}

function cleanToken(text: string, from: string): string {
  const token = text.trim();
  // The runtime's own refusal of such a header would show the token.
  if (!/^[\x21-\x7e]*$/.test(token)) {
    throw new InputError(
      `${from}: holds no token: there are blanks or other characters in it that no token has. Log in again (hf auth login).`,
    );
  }
  return token;
}
