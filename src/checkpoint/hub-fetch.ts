/** @file Requests to the hub: the token goes to the hub alone, and each refusal is one sentence. Knows nothing of the cache. */
import { InputError, InterruptedError } from "../foundation/errors.js";
import { type HubId, type RepositoryKind, repositoryNoun } from "./hub-id.js";
import type { HubSettings } from "./hub-settings.js";
import { shownName } from "./shown-name.js";

/** The hub did not answer, or not with what was asked for. Reaction: try again, or use the cache. */
export class UnreachableError extends InputError {
  override name = "UnreachableError";
}

/** The hub has no such repository or revision. Reaction: show the sentence, or look elsewhere. */
export class AbsentError extends InputError {
  override name = "AbsentError";
}

export type Fetch = typeof fetch;

/**
 * A fetch for the library of the hub and for downloads. The library takes a token too, but sends it wherever the hub's answers point to.
 * @throws UnreachableError where there is no answer or the hub is out of order; InputError where it refuses; InterruptedError.
 */
export function hubFetch(
  kind: RepositoryKind,
  id: HubId,
  settings: HubSettings,
  signal: AbortSignal | undefined,
  base: Fetch,
): Fetch {
  const { origin } = new URL(settings.endpoint);
  return async (input, init) => {
    const address = input instanceof Request ? input.url : String(input);
    const headers = new Headers(init?.headers);
    // A redirect to another origin loses the header: so the standard of fetch wants it.
    if (settings.token !== null && URL.canParse(address) && new URL(address).origin === origin) {
      headers.set("authorization", `Bearer ${settings.token}`);
    }
    const signals = [signal, init?.signal].filter((each) => each != null);
    let response: Response;
    try {
      response = await base(input, { ...init, headers, signal: AbortSignal.any(signals) });
    } catch (error) {
      throw failure(error, settings, signal);
    }
    if (response.ok) return response;
    await response.body?.cancel().catch(() => {});
    throw refusal(response, kind, id, settings);
  };
}

/** What a failed request or a cut answer means. */
export function failure(error: unknown, settings: HubSettings, signal: AbortSignal | undefined): Error {
  if (signal?.aborted) return new InterruptedError("The download was stopped; files that were finished are kept.");
  const { message, cause } = error as Error;
  const detail = cause instanceof Error && cause.message !== "" ? `${message}: ${cause.message}` : message;
  return new UnreachableError(`${settings.endpoint} cannot be reached (${shownName(detail)})`);
}

function refusal(
  response: Response,
  kind: RepositoryKind,
  { name, revision }: HubId,
  settings: HubSettings,
): InputError {
  const noun = repositoryNoun(kind);
  const page = kind === "dataset" ? `datasets/${name}` : name;
  const { status } = response;
  const { endpoint, token, tokenFrom } = settings;
  const code = response.headers.get("x-error-code") ?? "";
  if (status === 429 || status >= 500) return new UnreachableError(`${endpoint} answers with status ${status}`);
  if (code === "GatedRepo") {
    return new InputError(
      `${name}: the ${noun} is gated and ${endpoint} refuses access (${status}). Accept its terms on ${endpoint}/${page}, then set HF_TOKEN to a token of that account.`,
    );
  }
  if (status === 401 || status === 403) {
    const sent = token === null ? "without a token" : `with the token from ${tokenFrom}`;
    return new InputError(
      `${name}: ${endpoint} refuses access (${status}, asked ${sent}). Check the name; for a private or gated ${noun} set HF_TOKEN to a valid token of an account that may read it.`,
    );
  }
  if (status === 404 && code === "EntryNotFound") {
    return new InputError(`${name}: a listed file is not found at revision '${revision}' on ${endpoint}. Try again.`);
  }
  if (status === 404) {
    const missing = code === "RevisionNotFound" ? `the ${noun} has no` : `no such ${noun}, or it has no`;
    return new AbsentError(
      `${name}: ${missing} revision '${revision}' on ${endpoint} (404), and no local path has this name. Check both names.`,
    );
  }
  return new InputError(
    `${name}: ${endpoint} answers with status ${status}, which was not expected. Is it a hub of ${noun}s?`,
  );
}
