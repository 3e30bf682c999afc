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
import { readJwtForm } from "./callers/jwt-form.ts";
import type { KeySetOptions } from "./key-sets/key-set-source.ts";
import { type KeySource, openKeySource, type Verified } from "./key-sets/key-source.ts";

/** What a token must be. */
export interface MintedTokenRules {
  /** Value of the header `typ`. */
  readonly typ: string;
  /** Claims that it may have beside `REGISTERED`. */
  readonly claimNames: ReadonlySet<string>;
  readonly settings: GrantSettings;
  /** Those of the settings: `mintedTokenKeys`. */
  readonly keys: KeySource;
  /** The gate's issuer. */
  readonly audience: string;
  readonly nowMs: number;
}

/** A token that holds. `claims` are checked for their names only. */
export interface MintedClaims {
  /** Name of the key that the signature holds with, among the keys. */
  readonly keyId: string;
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

const sources = new WeakMap<GrantSettings, KeySource>();

/**
 * The keys of these settings, opened once: what was read of a file or fetched from a URL serves grants and links alike.
 * @param options for whoever asks first
 * @throws SETTINGS_INVALID
 */
export function mintedTokenKeys(settings: GrantSettings, options: KeySetOptions = {}): KeySource {
  const known = sources.get(settings);
  if (known !== undefined) return known;
  const source = openKeySource(settings.keys, options);
  sources.set(settings, source);
  return source;
}

/**
 * Checks a token. @see RFC 7515 section 5.2, RFC 7519 section 7.2
 * @throws PERMISSION_UNAVAILABLE where the keys cannot be had
 */
export async function verifyMintedToken(token: string, rules: MintedTokenRules): Promise<MintedToken> {
  if (token.length > TOKEN_CHARS_MAX) return refused("It is too long.");
  const form = readJwtForm(token, [rules.typ]);
  if (!form.ok) return refused(form.why);
  const algorithms = rules.settings.keys.secret === null ? KEY_ALGORITHMS : SECRET_ALGORITHMS;
  if (!algorithms.includes(form.alg)) return refused("Its algorithm is none that the gate takes.");
  try {
    const proof = await rules.keys.verify(
      form,
      async (key) => (await compactVerify(token, key, { algorithms })).payload,
    );
    return proof === null
      ? refused("It is not signed with a key that counts here.")
      : judgeClaims(proof, rules);
  } catch (error) {
    if (error instanceof errors.JOSEError) return refused("It cannot be read.");
    throw error;
  }
}

const refused = (why: string): MintedToken => ({ ok: false, why });

function judgeClaims({ value, keyId }: Verified<Uint8Array>, rules: MintedTokenRules): MintedToken {
  // That it is an object was seen with the form.
  const claims = JSON.parse(new TextDecoder().decode(value)) as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(claims).filter((name) => !REGISTERED.has(name) && !rules.claimNames.has(name));
  if (unknown.length > 0) return refused("It has a claim that the gate does not know.");
  // A list is refused: what is good at two gates could be used once at each.
  if (claims.aud !== rules.audience) return refused("It is for another gate.");
  const { sub } = claims;
  if (typeof sub !== "string") return refused("It has no sub.");
  const untimely = judgeTimes(claims, rules);
  if (untimely !== null) return refused(untimely);
  return { ok: true, keyId, claims, subject: sub, expiresAtMs: expiryMs(claims.exp, rules) };
}

const expiryMs = (exp: unknown, { settings }: MintedTokenRules): number =>
  Math.ceil(Number(exp) * 1000) + settings.clockSkewMs;

/** `null` where the times are right. Written so that no comparison with NaN or Infinity lets anything pass. */
function judgeTimes(claims: Readonly<Record<string, unknown>>, rules: MintedTokenRules): string | null {
  const { iat, nbf = iat, exp } = claims;
  const { settings, nowMs } = rules;
  if (![iat, nbf, exp].every((time) => typeof time === "number" && Number.isFinite(time)))
    return "It does not say when it was made and until when it is valid.";
  const madeAtMs = Number(iat) * 1000;
  const lifetimeMs = Number(exp) * 1000 - madeAtMs;
  if (!(lifetimeMs > 0)) return "It expires before it was made.";
  if (!(lifetimeMs <= settings.lifetimeMaxMs)) return "It is valid for longer than the gate allows.";
  if (!(Math.max(madeAtMs, Number(nbf) * 1000) <= nowMs + settings.clockSkewMs))
    return "It is not valid yet.";
  return nowMs < expiryMs(exp, rules) ? null : "It has expired.";
}
