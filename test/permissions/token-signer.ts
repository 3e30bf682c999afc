/**
 * Somebody who signs tokens, and a server that publishes the keys. Tokens are put together by hand, so that wrong ones can be made too.
 */
import { generateKeyPairSync, type KeyObject, sign as signBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export type Json = Readonly<Record<string, unknown>>;

/** A key pair; `jwk` is the public half with its `kid`. */
export interface Signer {
  readonly kid: string;
  readonly alg: "RS256" | "ES256" | "EdDSA";
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: Json;
}

export function makeSigner(kid: string, alg: Signer["alg"] = "ES256"): Signer {
  const { privateKey, publicKey } = pairFor(alg);
  return {
    kid,
    alg,
    privateKey,
    publicKey,
    jwk: { ...publicKey.export({ format: "jwk" }), kid, use: "sig" },
  };
}

function pairFor(alg: Signer["alg"]) {
  if (alg === "RS256") return generateKeyPairSync("rsa", { modulusLength: 2048 });
  return alg === "ES256"
    ? generateKeyPairSync("ec", { namedCurve: "P-256" })
    : generateKeyPairSync("ed25519");
}

export const segment = (part: Json | string): string =>
  Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");

/** A token of `signer`; header members in `header` come beside or instead of `alg` and `kid`. A text is taken as it is. */
export function token(signer: Signer, claims: Json | string, header: Json | string = {}): string {
  const head = typeof header === "string" ? header : { alg: signer.alg, kid: signer.kid, ...header };
  const signed = `${segment(head)}.${segment(claims)}`;
  return `${signed}.${signatureOf(signer, signed)}`;
}

function signatureOf({ alg, privateKey }: Signer, signed: string): string {
  const hash = alg === "EdDSA" ? null : "sha256";
  return signBytes(hash, Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString(
    "base64url",
  );
}

/** What a server of keys answers; `fetches` counts requests. */
export interface KeyServer {
  readonly url: string;
  fetches: number;
  /** `status` 0 breaks the connection off. */
  answer: { status: number; body: string; headers?: Record<string, string> };
  /** Answers wait for it. */
  gate: Promise<void>;
  close(): Promise<void>;
}

export async function openKeyServer(...signers: readonly Signer[]): Promise<KeyServer> {
  const server = createServer(async (req, res) => {
    keys.fetches += 1;
    await keys.gate;
    if (keys.answer.status === 0) return void req.socket.destroy();
    res.writeHead(keys.answer.status, keys.answer.headers ?? {}).end(keys.answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const keys: KeyServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    fetches: 0,
    answer: { status: 200, body: keySetText(...signers) },
    gate: Promise.resolve(),
    close: () => closed(server),
  };
  return keys;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

export const keySetText = (...signers: readonly Signer[]): string =>
  JSON.stringify({ keys: signers.map(({ jwk }) => jwk) });
