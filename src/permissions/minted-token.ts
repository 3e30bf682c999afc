/**
 * A token that the service minted for the gate: a grant or a download link. Its form, its signature and the claims that both kinds have.
 *
 * In: the text of a token and what it must be. Out: its claims, or the reason why it is not good, in a sentence that may be shown.
 * Always holds: the algorithms come from the settings and never from the token (RFC 8725 section 3.1); one kind of token is never taken for
 * another, since each has its own `typ` and its own set of claims (sections 3.11 and 3.12); one token has one spelling; it is good for this gate alone;
 * a claim that is not known makes it invalid, because it may be a limit that was misspelt.
 * Not here: what the claims of one kind mean, and whether a grant was used.
 */
import { compactVerify, errors } from "jose";
import type { GrantSettings } from "../settings/settings.ts";
import { keyFinderOf } from "./verification-keys.ts";

/** What a token must be. */
export interface MintedTokenRules {
  /** Value of the header `typ`. */
  readonly typ: string;
  /** Claims that it may have beside `REGISTERED`. */
  readonly claimNames: ReadonlySet<string>;
  readonly settings: GrantSettings;
  /** The gate's issuer. */
  readonly audience: string;
  readonly nowMs: number;
}

/** A token that holds. `claims` are checked for their names only. */
export interface MintedClaims {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly subject: string;
  /** The last moment, clock skew included, at which it is taken. */
  readonly expiresAtMs: number;
}

export type MintedToken =
  | ({ readonly ok: true } & MintedClaims)
  | { readonly ok: false; readonly why: string };

const TOKEN_CHARS_MAX = 8192;

/** With a shared secret. Longer hashes make an HMAC no safer here, and one name fewer is one way fewer to go wrong. */
const SECRET_ALGORITHMS = ["HS256"];

/** With public keys. `Ed25519` is the newer name of what `EdDSA` is with such a key (RFC 9864 section 2.2). */
const KEY_ALGORITHMS = ["EdDSA", "Ed25519", "ES256"];

/** Claims that every token may have. `iss` may say who minted it; the key is what proves it. */
const REGISTERED: ReadonlySet<string> = new Set(["iss", "sub", "aud", "iat", "nbf", "exp"]);

/**
 * Checks a token. @see RFC 7515 section 5.2, RFC 7519 section 7.2
 * @throws PERMISSION_UNAVAILABLE where the keys cannot be had
 */
export async function verifyMintedToken(token: string, rules: MintedTokenRules): Promise<MintedToken> {
  if (token.length > TOKEN_CHARS_MAX) return refused("It is too long.");
  if (!isCanonical(token)) return refused("It is not a signed token in compact form.");
  const { keys } = rules.settings;
  try {
    const { payload, protectedHeader } = await compactVerify(token, keyFinderOf(keys), {
      algorithms: keys.secret === null ? KEY_ALGORITHMS : SECRET_ALGORITHMS,
    });
    if (protectedHeader.typ !== rules.typ) return refused("It is a token of another kind.");
    return judgeClaims(readClaims(payload), rules);
  } catch (error) {
    if (error instanceof errors.JOSEError) return refused(reasonOf(error));
    throw error;
  }
}

const refused = (why: string): MintedToken => ({ ok: false, why });

/** Base64url decoders pass over spare bits; a token with other spare bits would be a second spelling of it. @see RFC 4648 section 3.5 */
function isCanonical(token: string): boolean {
  const segments = token.split(".");
  return (
    segments.length === 3 &&
    segments.every((text) => text !== "" && Buffer.from(text, "base64url").toString("base64url") === text)
  );
}

function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JOSEAlgNotAllowed) return "Its algorithm is none that the gate takes.";
  if (error instanceof errors.JWKSNoMatchingKey)
    return "It is signed with a key that the gate does not know.";
  if (error instanceof errors.JWKSMultipleMatchingKeys)
    return "It does not say which of several keys it is signed with.";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "Its signature does not hold.";
  return "It cannot be read.";
}

/** The payload as an object; `null` for anything else. */
function readClaims(payload: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value))
      : null;
  } catch {
    return null;
  }
}

function judgeClaims(claims: Readonly<Record<string, unknown>> | null, rules: MintedTokenRules): MintedToken {
  if (claims === null) return refused("Its claims cannot be read.");
  const unknown = Object.keys(claims).filter((name) => !REGISTERED.has(name) && !rules.claimNames.has(name));
  if (unknown.length > 0) return refused("It has a claim that the gate does not know.");
  // A list is refused: what is good at two gates could be used once at each.
  if (claims.aud !== rules.audience) return refused("It is for another gate.");
  const { sub } = claims;
  if (typeof sub !== "string") return refused("It has no sub.");
  const untimely = judgeTimes(claims, rules);
  if (untimely !== null) return refused(untimely);
  return { ok: true, claims, subject: sub, expiresAtMs: expiryMs(claims.exp, rules) };
}

const expiryMs = (exp: unknown, { settings }: MintedTokenRules): number =>
  Number(exp) * 1000 + settings.clockSkewMs;

/** `null` where the times are right. Written so that no comparison with NaN or Infinity lets anything pass. */
function judgeTimes(claims: Readonly<Record<string, unknown>>, rules: MintedTokenRules): string | null {
  const { iat, nbf = iat, exp } = claims;
  const { settings, nowMs } = rules;
  if (![iat, nbf, exp].every((time) => typeof time === "number" && Number.isFinite(time)))
    return "It does not say when it was made and until when it is valid.";
  const madeAtMs = Number(iat) * 1000;
  const lifetimeMs = Number(exp) * 1000 - madeAtMs;
  if (!(lifetimeMs > 0 && lifetimeMs <= settings.lifetimeMaxMs))
    return "It is valid for longer than the gate allows.";
  if (!(Math.max(madeAtMs, Number(nbf) * 1000) <= nowMs + settings.clockSkewMs))
    return "It is not valid yet.";
  return nowMs < expiryMs(exp, rules) ? null : "It has expired.";
}
