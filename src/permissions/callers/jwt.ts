/**
 * `caller: jwt`: tokens of an identity provider.
 *
 * In: the bearer token of a request. Out: who sends. Always holds: the settings say which algorithms and whose keys count, never the token; a
 * token without an end is not taken. A key that is taken out of the provider's set while an upload runs stops that upload; a token that expires
 * meanwhile does not, for it was good when the upload began.
 * Not here: whether the provider has revoked one single token; a gate that must know asks the service (`caller: upstream`).
 */
import { type CryptoKey, errors, type JWTPayload, jwtVerify } from "jose";
import type { Flow } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { JwtSettings } from "../../settings/settings.ts";
import type { Admission, CallerCheck, CallerRequest } from "../caller.ts";
import type { KeySource, Verified } from "../key-sets/key-source.ts";
import { credentialsInvalid, readBearer } from "./credentials.ts";
import { principalOf, refuseMissingClaims } from "./jwt-claims.ts";
import { readJwtForm } from "./jwt-form.ts";

/** What a token must be, and by whose clock (Unix milliseconds) it is judged. */
interface JwtRules {
  readonly settings: JwtSettings;
  readonly keys: KeySource;
  readonly now: () => number;
}

interface Bearer {
  readonly principal: string;
  readonly keyId: string;
}

/** Checks tokens against the keys. The header with the token goes on to the service where the flow lets credentials through. */
export function jwtCaller(settings: JwtSettings, keys: KeySource, now: () => number = Date.now): CallerCheck {
  const rules: JwtRules = { settings, keys, now };
  return {
    async admit(flow: Flow, request: CallerRequest): Promise<Admission> {
      const { principal, keyId } = await recognise(flow, request, rules);
      return { principal, narrowing: null, grant: null, confirm: () => refuseRetiredKey(keys, keyId) };
    },
    identify: async (flow, request) => (await recognise(flow, request, rules)).principal,
  };
}

async function recognise(flow: Flow, request: CallerRequest, rules: JwtRules): Promise<Bearer> {
  const { value: claims, keyId } = await prove(flow, readBearer(flow, request).text, rules);
  const principal = principalOf(flow, claims, rules.settings.principalClaim);
  request.recognised?.(principal);
  refuseMissingClaims(flow, claims);
  return { principal, keyId };
}

/** @see RFC 7515 section 5.2, RFC 7519 section 7.2, RFC 8725 section 3 */
async function prove(flow: Flow, token: string, rules: JwtRules): Promise<Verified<JWTPayload>> {
  const { settings, keys, now } = rules;
  const form = readJwtForm(token);
  if (!form.ok) throw credentialsInvalid(flow, form.why);
  if (!settings.algorithms.includes(form.alg)) throw foreignAlgorithm(flow, settings);
  const nowMs = now();
  try {
    const proof = await keys.verify(form, (key) => claimsOf(token, key, settings, nowMs));
    if (proof !== null) return proof;
  } catch (error) {
    if (error instanceof errors.JOSEError) throw explain(flow, error, settings);
    throw error;
  }
  throw credentialsInvalid(flow, "The token is not signed with a key that counts here.");
}

async function claimsOf(
  token: string,
  key: CryptoKey | Uint8Array,
  settings: JwtSettings,
  nowMs: number,
): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, key, {
    algorithms: [...settings.algorithms],
    issuer: settings.issuer,
    audience: settings.audience,
    clockTolerance: settings.clockSkewMs / 1000,
    currentDate: new Date(nowMs),
  });
  refuseStrangeTimes(payload, nowMs + settings.clockSkewMs);
  return payload;
}

/** A token must end, and a number in JSON may be too large to be a time: such an `exp` would never come. What is yet to be issued is no token yet. */
function refuseStrangeTimes(claims: JWTPayload, latestMs: number): void {
  const { exp, iat = 0 } = claims;
  if (!Number.isFinite(exp))
    throw new errors.JWTClaimValidationFailed("exp is no time", claims, "exp", "invalid");
  if (!(iat * 1000 <= latestMs))
    throw new errors.JWTClaimValidationFailed("issued in the future", claims, "iat", "check_failed");
}

function foreignAlgorithm(flow: Flow, { algorithms }: JwtSettings): GateError {
  return credentialsInvalid(flow, "The token is signed with an algorithm that is not allowed here.", {
    expected: algorithms.join(", "),
    seen: "another one",
  });
}

/** Nothing of the token is told, also where it is proven. */
function explain(flow: Flow, error: errors.JOSEError, { issuer, audience }: JwtSettings): GateError {
  if (error instanceof errors.JWTExpired)
    return credentialsInvalid(flow, "The token has expired.", { cause: error.code });
  if (!(error instanceof errors.JWTClaimValidationFailed))
    return credentialsInvalid(flow, "The token cannot be read.", { cause: error.code });
  switch (error.claim) {
    case "iss":
      return credentialsInvalid(flow, "The token is of another issuer.", { expected: `iss ${issuer}` });
    case "aud":
      return credentialsInvalid(flow, "The token is for another audience.", { expected: `aud ${audience}` });
    case "nbf":
    case "iat":
      return credentialsInvalid(flow, "The token is not valid yet.");
    default:
      return credentialsInvalid(flow, "The token does not say until when it is valid.");
  }
}

async function refuseRetiredKey(keys: KeySource, keyId: string): Promise<void> {
  if (await keys.holds(keyId)) return;
  throw new GateError("PERMISSION_REVOKED", {
    expected: "a token signed with a key that counts until the upload is complete",
    seen: "a key that was withdrawn while the upload was under way",
  });
}
