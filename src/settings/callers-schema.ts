/**
 * The schema of `callers`: whose tokens and grants are taken, and what it becomes.
 *
 * Always: a secret is named (`env:NAME`, `file:PATH`), never written, and no sentence shows what is behind the name. What hangs together across
 * keys is looked at by `callers-consistency.ts`.
 */
import { resolve } from "node:path";
import type { z } from "zod";
import { durationIn } from "../setup/ranges.ts";
import { describeWritten, misread, type Reading, read } from "../setup/reading.ts";
import { group, text, value } from "../setup/schema.ts";
import type { GrantSettings, JwtSettings, Settings } from "./settings.ts";
import { ALGORITHMS, readAlgorithms, SECRET_BYTES_MIN } from "./signature-algorithms.ts";
import { holdKeys } from "./verification-keys.ts";

/** What holds where the settings say nothing. */
const DEFAULT_ALGORITHMS = { keys: ["ES256", "RS256", "EdDSA"], secret: ["HS256"] } as const;
const CLOCK_SKEW_MS = 30_000;
const GRANT_LIFETIME_MS = 3_600_000;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

const secret = value(readSecret, "name the secret: env:NAME or file:PATH.", {
  description: "The shared secret, at least 32 bytes, named and not written: env:NAME or file:PATH.",
  type: "string",
  pattern: "^(env|file):",
  examples: ["env:JWT_SECRET"],
}).optional();

const keySet = (description: string) =>
  value(readKeySet, "write the URL or the path of a JWK Set.", {
    description,
    type: "string",
    examples: ["https://id.example.com/.well-known/jwks.json", "keys/jwks.json"],
  }).optional();

const clockSkew = durationIn({
  description: "How far the clocks may be apart; 30s where left out.",
  min: 0,
  max: 300_000,
  example: "30s",
}).optional();

const jwt = group(
  {
    issuer: text(
      "write what the claim iss has.",
      "What the claim iss of a token has, character by character.",
    ),
    audience: text(
      "write what the claim aud has.",
      "What the claim aud of a token has, or has among others.",
    ),
    jwks: keySet("The issuer's public keys: an https URL or a file, a JWK Set. Either this or secret."),
    secret,
    algorithms: value(readAlgorithms, "write a list of algorithms.", {
      description:
        "Algorithms that are taken; [ES256, RS256, EdDSA] with jwks and [HS256] with secret where left out.",
      type: "array",
      minItems: 1,
      uniqueItems: true,
      items: { enum: ALGORITHMS },
    }).optional(),
    "clock-skew": clockSkew,
    principal: text(
      "write the name of a claim.",
      "The claim that names the principal; sub where left out.",
      200,
    ).optional(),
  },
  "write { issuer: …, audience: …, jwks: … }.",
  "Tokens of an identity provider, for flows with caller: jwt.",
).optional();

const grant = group(
  {
    secret,
    keys: keySet("The service's public keys: an https URL or a file, a JWK Set. Either this or secret."),
    "max-lifetime": durationIn({
      description: "A grant or link that is valid for longer is refused; 1h where left out.",
      min: 1000,
      max: 7 * 86_400_000,
      example: "1h",
    }).optional(),
    "clock-skew": clockSkew,
  },
  "write { secret: env:GRANT_SECRET }.",
  "What the service signs: grants for uploads, for flows with caller: grant, and links for downloads.",
).optional();

/** `callers`, key by key. */
export const callersSchema = group(
  { jwt, grant },
  "write { jwt: … } or { grant: … }.",
  "Who callers are, where flows ask for it.",
).optional();

type WrittenCallers = z.output<typeof callersSchema>;

/** @param folder from which relative paths count. */
export function buildCallers(written: WrittenCallers, folder: string): Settings["callers"] {
  return { jwt: buildJwt(written?.jwt, folder), grant: buildGrant(written?.grant, folder) };
}

function buildJwt(written: z.output<typeof jwt>, folder: string): JwtSettings | null {
  if (written === undefined) return null;
  const otherwise = DEFAULT_ALGORITHMS[written.secret === undefined ? "keys" : "secret"];
  return {
    issuer: written.issuer,
    audience: written.audience,
    keys: holdKeys({ secret: written.secret ?? null, ...placed(written.jwks, folder) }),
    algorithms: [...(written.algorithms ?? otherwise)],
    clockSkewMs: written["clock-skew"] ?? CLOCK_SKEW_MS,
    principalClaim: written.principal ?? "sub",
  };
}

function buildGrant(written: z.output<typeof grant>, folder: string): GrantSettings | null {
  if (written === undefined) return null;
  return {
    keys: holdKeys({ secret: written.secret ?? null, ...placed(written.keys, folder) }),
    lifetimeMaxMs: written["max-lifetime"] ?? GRANT_LIFETIME_MS,
    clockSkewMs: written["clock-skew"] ?? CLOCK_SKEW_MS,
  };
}

function placed(
  keys: string | undefined,
  folder: string,
): { readonly jwksFile: string | null; readonly jwksUrl: string | null } {
  if (keys === undefined) return { jwksFile: null, jwksUrl: null };
  return isUrl(keys) ? { jwksFile: null, jwksUrl: keys } : { jwksFile: resolve(folder, keys), jwksUrl: null };
}

/** Kinds of callers that flows may ask for. */
export function knownCallers({
  callers,
}: Pick<Settings, "callers">): ReadonlySet<"public" | "api-key" | "jwt" | "grant" | "upstream"> {
  return new Set([
    "public",
    "api-key",
    "upstream",
    ...(callers.jwt === null ? [] : (["jwt"] as const)),
    ...(callers.grant === null ? [] : (["grant"] as const)),
  ]);
}

function readSecret(written: unknown): Reading<string> {
  if (typeof written !== "string") return misread("expected env:NAME or file:PATH.");
  return Buffer.byteLength(written) < SECRET_BYTES_MIN
    ? misread(`a secret has at least ${SECRET_BYTES_MIN} bytes.`)
    : read(written);
}

function isUrl(written: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:/.test(written);
}

function readKeySet(written: unknown): Reading<string> {
  if (typeof written !== "string" || written.trim() === "" || written.length > 4096) {
    return misread(`expected a URL or the path of a JWK Set, found ${describeWritten(written)}.`);
  }
  return isUrl(written) ? readKeySetUrl(written) : read(written.trim());
}

function readKeySetUrl(written: string): Reading<string> {
  const url = URL.parse(written);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    return misread(
      "this is neither an https URL nor a path; write it like https://id.example.com/jwks.json.",
    );
  }
  if (url.username !== "" || url.password !== "") {
    return misread("this URL has a user or a password; they would end up in logs.");
  }
  if (url.hash !== "" || written.endsWith("#"))
    return misread("this URL has a fragment; leave out what begins with #.");
  // Whoever can change what comes over http could hand the gate keys of his own.
  if (url.protocol === "http:" && !LOOPBACK.test(url.hostname)) {
    return misread("public keys come by https; http is taken from this machine only (127.0.0.1, localhost).");
  }
  return read(url.href);
}
