/**
 * Tokens, grants and links as the identity provider and the service of a gate's settings sign them, for a run of checks on the gate's own machine.
 *
 * Always holds: each is good for a short time, and names a principal of the run; each is kept for redaction.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { type JWTPayload, SignJWT } from "jose";
import type { Flow } from "../../flows/flow.ts";
import type { GrantSettings, JwtSettings } from "../../settings/settings.ts";
import type { GrantWish, LinkWish } from "../hooks.ts";
import type { KeptSecrets } from "./kept-secrets.ts";

/** What is asked of one token beside whom it is for. */
export interface TokenWish {
  readonly isExpired?: boolean;
  /** Signed with a secret that nobody knows. */
  readonly isForeign?: boolean;
}

const LIFETIME_S = 300;
const LONG_AGO_S = 7200;
/** Nobody but this process has it. */
const FOREIGN = randomBytes(64);

export class TokenMint {
  readonly #secrets: KeptSecrets;

  constructor(secrets: KeptSecrets) {
    this.#secrets = secrets;
  }

  /** A token of the identity provider. `claims` are those that stand for rights. */
  token(
    { issuer, audience, algorithms, principalClaim }: JwtSettings,
    secret: string,
    principal: string,
    claims: JWTPayload,
    wish: TokenWish = {},
  ): Promise<string> {
    const own = {
      iss: issuer,
      aud: audience,
      sub: principal,
      [principalClaim]: principal,
      ...timesOf(wish, LIFETIME_S),
    };
    const alg = algorithms.find((name) => name.startsWith("HS")) ?? "HS256";
    return this.#sign({ ...claims, ...own }, { alg, typ: "JWT" }, secret, wish);
  }

  /** A grant for one upload. @see docs/grants.md */
  grant(
    { lifetimeMaxMs }: GrantSettings,
    secret: string,
    about: { readonly gate: string; readonly flow: string; readonly principal: string },
    wish: GrantWish = {},
  ): Promise<string> {
    const { fileBytesMax, types, sha256, isForOtherRoute = false } = wish;
    const claims = {
      aud: about.gate,
      sub: about.principal,
      flow: isForOtherRoute ? `${about.flow}-elsewhere` : about.flow,
      jti: randomUUID(),
      ...timesOf(wish, lifetimeOf(lifetimeMaxMs)),
      ...(fileBytesMax === undefined ? {} : { max_bytes: fileBytesMax }),
      ...(types === undefined ? {} : { types: [...types] }),
      ...(sha256 === undefined ? {} : { sha256 }),
    };
    return this.#sign(claims, { alg: "HS256", typ: "sluicegate-grant+jwt" }, secret, wish);
  }

  /** Request target of a link to the first file of an upload. @see docs/grants.md */
  async link(
    { lifetimeMaxMs }: GrantSettings,
    secret: string,
    gate: string,
    wish: LinkWish,
  ): Promise<string> {
    const { uploadId, name } = wish;
    const named = name === undefined ? {} : { name };
    const claims = { aud: gate, sub: uploadId, ...timesOf(wish, lifetimeOf(lifetimeMaxMs)), ...named };
    const token = await this.#sign(claims, { alg: "HS256", typ: "sluicegate-download+jwt" }, secret, wish);
    return `/.sluicegate/files/${uploadId}?token=${token}`;
  }

  async #sign(
    claims: JWTPayload,
    header: { readonly alg: string; readonly typ: string },
    secret: string,
    { isForeign = false }: TokenWish,
  ): Promise<string> {
    const key = isForeign ? FOREIGN : new TextEncoder().encode(secret);
    const token = await new SignJWT(claims).setProtectedHeader(header).sign(key);
    for (const each of [secret, token]) this.#secrets.add(each);
    return token;
  }
}

const lifetimeOf = (lifetimeMaxMs: number): number => Math.min(LIFETIME_S, Math.floor(lifetimeMaxMs / 1000));

/** Valid from now on, or long over. Seconds since 1970. */
function timesOf(
  { isExpired = false }: TokenWish,
  lifetimeS: number,
): { readonly iat: number; readonly exp: number } {
  const iat = Math.floor(Date.now() / 1000) - (isExpired ? LONG_AGO_S : 0);
  return { iat, exp: iat + lifetimeS };
}

/** Claims that a flow asks for, as a provider writes them. */
export function requiredClaims({ permissions }: Flow): JWTPayload {
  return Object.fromEntries([...permissions.require].map(([claim, values]) => [claim, values.join(" ")]));
}
