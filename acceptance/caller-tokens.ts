/**
 * Tokens and grants as an identity provider and a service sign them; with claims that these would not write, where a test wants them.
 */
import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

export const ISSUER = "https://id.example.com/";
export const AUDIENCE = "uploads";
export const GATE = "https://uploads.example.com";

/** Of the gate's environment. */
export const SECRETS = {
  JWT_SECRET: "a secret of the identity provider, long enough",
  GRANT_SECRET: "a secret of the service behind it, long enough",
};

/** Signs with a key; `alg` is that of the key. */
export type Signer = (claims: JWTPayload, typ: string) => Promise<string>;

const sign =
  (key: CryptoKey | Uint8Array, header: { alg: string; kid?: string }): Signer =>
  (claims, typ) =>
    new SignJWT(claims).setProtectedHeader({ ...header, typ }).sign(key);

export const bySecret = (secret: string): Signer => sign(new TextEncoder().encode(secret), { alg: "HS256" });

/** A new key, and what its owner publishes of it. */
export async function newKey(kid: string): Promise<{ readonly signer: Signer; readonly jwk: object }> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  return {
    signer: sign(privateKey, { alg: "ES256", kid }),
    jwk: { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" },
  };
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** A token of the identity provider. */
export function token(
  sub: string,
  signer = bySecret(SECRETS.JWT_SECRET),
  claims: JWTPayload = {},
): Promise<string> {
  const iat = nowSeconds();
  return signer({ iss: ISSUER, aud: AUDIENCE, sub, iat, exp: iat + 60, ...claims }, "JWT");
}

/** A grant of the service for one flow. */
export function grant(
  sub: string,
  flow: string,
  claims: JWTPayload = {},
  signer = bySecret(SECRETS.GRANT_SECRET),
): Promise<string> {
  const iat = nowSeconds();
  const own = { aud: GATE, sub, flow, jti: randomUUID(), iat, exp: iat + 60 };
  return signer({ ...own, ...claims }, "sluicegate-grant+jwt");
}

/** Settings for tokens and grants that are signed with `SECRETS`. */
export const SECRET_CALLERS = `
receipts: { issuer: "${GATE}" }
callers:
  jwt: { issuer: "${ISSUER}", audience: "${AUDIENCE}", secret: "env:JWT_SECRET" }
  grant: { secret: "env:GRANT_SECRET" }
`;
