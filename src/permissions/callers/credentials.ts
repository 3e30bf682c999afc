/**
 * What a request shows of who sends it: one bearer token, or one API key; and the challenges of those that show nothing, or nothing good.
 *
 * Always holds: a credential is taken from a header of its own and from nowhere else, never from the query, a form or a cookie, where logs,
 * referrers and other sites find it (RFC 6750 section 2.3). Where two are sent, none counts. No text made here holds a credential or part of one.
 * Whether what was shown is good is not judged here.
 */
import type { Flow } from "../../flows/flow.ts";
import { GateError, type GateErrorInit } from "../../problems/gate-error.ts";
import { headerValues } from "../../upstream/raw-headers.ts";
import type { CallerRequest } from "../caller.ts";

/** Longer ones are refused unread. Servers rarely take more in one header. */
export const CREDENTIAL_CHARS_MAX = 8192;

/** A credential as it came; `header` is the lower-case name of the header that it came in. */
export interface ShownCredential {
  readonly text: string;
  readonly header: "authorization" | "x-api-key";
}

/** RFC 9110 section 11.2: `token68`. */
const TOKEN68 = /^[A-Za-z0-9\-._~+/]+=*$/;

/** RFC 9110 section 11.4: scheme, one or more spaces, then the rest. The scheme's letter case does not matter (section 11.1). */
const BEARER = /^bearer(?: +(.*))?$/is;

const WAYS = {
  bearer: "Authorization: Bearer, followed by one token",
  apiKey: "an API key, as X-API-Key or as Authorization: Bearer",
} as const;

/**
 * The token of `Authorization: Bearer`.
 * @throws CREDENTIALS_MISSING (no such header, or another scheme), CREDENTIALS_AMBIGUOUS (two headers), CREDENTIALS_INVALID (no token68, too long)
 */
export function readBearer(flow: Flow, request: CallerRequest): ShownCredential {
  const [authorization, ...more] = headerValues(request.rawHeaders, "authorization");
  if (more.length > 0)
    throw ambiguous("one Authorization header", `${more.length + 1} Authorization headers`);
  const shown = authorization === undefined ? null : bearerOf(authorization);
  if (shown === null) throw credentialsMissing(flow, WAYS.bearer, authorization);
  return checked(flow, { text: shown, header: "authorization" }, WAYS.bearer);
}

/**
 * An API key, from `X-API-Key` or `Authorization: Bearer`.
 * @throws as `readBearer`; CREDENTIALS_AMBIGUOUS also where both headers are there
 */
export function readApiKey(flow: Flow, request: CallerRequest): ShownCredential {
  const [key, ...more] = headerValues(request.rawHeaders, "x-api-key");
  if (key === undefined) return readBearerAsKey(flow, request);
  if (more.length > 0) throw ambiguous("one X-API-Key header", `${more.length + 1} X-API-Key headers`);
  if (request.headers.authorization !== undefined)
    throw ambiguous("X-API-Key or Authorization", "both headers");
  return checked(flow, { text: key, header: "x-api-key" }, WAYS.apiKey);
}

function readBearerAsKey(flow: Flow, request: CallerRequest): ShownCredential {
  try {
    return readBearer(flow, request);
  } catch (error) {
    if (!(error instanceof GateError) || error.code !== "CREDENTIALS_MISSING") throw error;
    throw credentialsMissing(flow, WAYS.apiKey, headerValues(request.rawHeaders, "authorization")[0]);
  }
}

/**
 * A 401 for a request without credentials of the kind. @param expected how to send them, in words
 * @see RFC 6750 section 3.1: the challenge then says no error
 */
function credentialsMissing(flow: Flow, expected: string, authorization: string | undefined): GateError {
  return new GateError("CREDENTIALS_MISSING", {
    expected,
    seen: authorization === undefined ? "no credentials" : "an Authorization header of another scheme",
    details: { challenge: challenge(flow) },
  });
}

/**
 * A 401 for credentials that are not good, with the challenge `invalid_token`.
 * @param why one sentence for the client, ASCII, without anything of the credential
 */
export function credentialsInvalid(flow: Flow, why: string, init: GateErrorInit = {}): GateError {
  return new GateError("CREDENTIALS_INVALID", {
    message: why,
    ...init,
    details: { ...init.details, challenge: challenge(flow, { error: "invalid_token", description: why }) },
  });
}

/**
 * A 403 for a caller that is known and lacks a right, with the challenge `insufficient_scope`.
 * @param scopes what would be enough, where it is scopes that are missing; else empty
 */
export function permissionDenied(
  flow: Flow,
  why: string,
  scopes: readonly string[],
  init: GateErrorInit = {},
): GateError {
  const says = { error: "insufficient_scope", description: why, scope: scopes.join(" ") } as const;
  return new GateError("PERMISSION_DENIED", {
    message: why,
    ...init,
    details: { ...init.details, challenge: challenge(flow, says) },
  });
}

interface ChallengeWords {
  readonly error: "invalid_token" | "insufficient_scope";
  readonly description: string;
  readonly scope?: string;
}

/** The value of `WWW-Authenticate`. @see RFC 6750 section 3 */
function challenge(flow: Flow, words?: ChallengeWords): string {
  const pairs = [
    ["realm", flow.name],
    ["error", words?.error ?? ""],
    ["error_description", words?.description ?? ""],
    ["scope", words?.scope ?? ""],
  ] as const;
  const said = pairs.filter(([, value]) => value !== "");
  return `Bearer ${said.map(([name, value]) => `${name}="${quotable(value)}"`).join(", ")}`;
}

/** RFC 6750 section 3 allows `%x20-21 / %x23-5B / %x5D-7E` in these: no quote and no backslash, so nothing needs escaping. */
const quotable = (text: string): string => text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'");

function checked(flow: Flow, shown: ShownCredential, expected: string): ShownCredential {
  if (shown.text.length > CREDENTIAL_CHARS_MAX) {
    throw credentialsInvalid(flow, "The credential is too long.", {
      expected: `at most ${CREDENTIAL_CHARS_MAX} characters`,
      seen: `${shown.text.length} characters`,
    });
  }
  if (!TOKEN68.test(shown.text))
    throw credentialsInvalid(flow, "The credential is malformed.", { expected, seen: "something else" });
  return shown;
}

function ambiguous(expected: string, seen: string): GateError {
  return new GateError("CREDENTIALS_AMBIGUOUS", { expected, seen });
}

/** What follows the scheme; `null` for another scheme. */
function bearerOf(authorization: string): string | null {
  const match = BEARER.exec(authorization);
  return match === null ? null : (match[1] ?? "");
}
