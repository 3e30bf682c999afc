/**
 * Receipts: the signed statement about one released file that a service gets in place of the bytes.
 *
 * In: what is known of the file and its upload. Out: a JWT in compact form (JWS, EdDSA with Ed25519), and back. Claims: `docs/receipts.md`,
 * written for the services that read them. Always: a receipt names one file, one request and one audience, and expires.
 * Not here: single use, which is the reader's to keep (`jti`).
 */
import * as crypto from "node:crypto";
import { promisify } from "node:util";
import { errors, type JWTPayload, jwtVerify } from "jose";
import { z } from "zod";
import { GateError } from "../../problems/gate-error.ts";
import { pooledRandomBytes } from "../../uploads/random-pool.ts";
import type { UploadId } from "../../uploads/upload-id.ts";
import type { ReceiptKeys } from "./receipt-keys.ts";

/** The header `typ`. @see RFC 8725 section 3.11 */
export const RECEIPT_TYPE = "sluicegate-receipt+jwt";

/** Where the gate serves a released file, by its storage key, to the bearer of its receipt. */
export const RECEIPT_FILES_PATH = "/.sluicegate/files/";

const sign = promisify(crypto.sign);

/** What a receipt says of its file and of the request that it came in. */
export interface ReceiptStatement {
  readonly uploadId: UploadId;
  /** Origin of the service that the receipt is for. */
  readonly audience: string;
  readonly flow: string;
  readonly policyVersion: string;
  readonly principal: string;
  readonly method: string;
  readonly route: string;
  /** Path of the request as it went to the service, without the query. */
  readonly targetPath: string;
  readonly field: string;
  readonly index: number;
  readonly fileName: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly verifiedType: string | null;
  readonly declaredType: string | null;
  readonly key: string;
  readonly localPath: string | null;
}

export interface ReceiptSigner {
  readonly keys: ReceiptKeys;
  readonly issuer: string;
  readonly lifetimeMs: number;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly clock?: () => number;
}

const receiptClaims = z.object({
  iss: z.string(),
  aud: z.string(),
  sub: z.string(),
  iat: z.number(),
  exp: z.number(),
  jti: z.string().min(1),
  flow: z.string(),
  policy: z.string(),
  principal: z.string(),
  method: z.string(),
  route: z.string(),
  target: z.string(),
  field: z.string(),
  index: z.number().int().nonnegative(),
  name: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.number().int().nonnegative(),
  type: z.string().nullable(),
  declared_type: z.string().nullable(),
  verdict: z.literal("accept"),
  key: z.string().min(1),
  path: z.string().nullable(),
  url: z.string().startsWith("/"),
});

/** The claims as they stand in the token; `iat` and `exp` in seconds since 1970, `size` in bytes. */
export type ReceiptClaims = Readonly<z.infer<typeof receiptClaims>>;

/**
 * Signs a receipt. With `node:crypto` at once: jose's signing goes through WebCrypto and its thread pool, for twice the CPU.
 * @returns the token: three parts of base64url, about 1,000 characters.
 * @throws RECEIPT_KEY_UNAVAILABLE
 * @see RFC 7515 section 5.1, RFC 8037 section 3.1
 */
export async function signReceipt(statement: ReceiptStatement, signer: ReceiptSigner): Promise<string> {
  const { kid, privateKey } = signer.keys.signingKey();
  const header = base64url({ alg: "EdDSA", typ: RECEIPT_TYPE, kid });
  const input = `${header}.${base64url(claimsOf(statement, signer))}`;
  const signature = await sign(null, Buffer.from(input), privateKey);
  return `${input}.${signature.toString("base64url")}`;
}

function claimsOf(statement: ReceiptStatement, signer: ReceiptSigner): ReceiptClaims {
  const nowMs = (signer.clock ?? Date.now)();
  const issuedAt = Math.floor(nowMs / 1000);
  return {
    iss: signer.issuer,
    aud: statement.audience,
    sub: statement.uploadId,
    iat: issuedAt,
    exp: issuedAt + Math.ceil(signer.lifetimeMs / 1000),
    jti: pooledRandomBytes(16).toString("base64url"),
    flow: statement.flow,
    policy: statement.policyVersion,
    principal: statement.principal,
    method: statement.method,
    route: statement.route,
    target: statement.targetPath,
    field: statement.field,
    index: statement.index,
    name: statement.fileName,
    sha256: statement.sha256,
    size: statement.sizeBytes,
    type: statement.verifiedType,
    declared_type: statement.declaredType,
    verdict: "accept",
    key: statement.key,
    path: statement.localPath,
    url: RECEIPT_FILES_PATH + statement.key,
  };
}

export interface ReceiptExpectation {
  readonly keys: ReceiptKeys;
  readonly issuer: string;
  /** Checked where given. */
  readonly audience?: string;
  readonly clock?: () => number;
}

/**
 * Reads a receipt of our own, such as the one a service shows to fetch its file.
 * @throws RECEIPT_INVALID for anything but a receipt in force, signed with a published key of ours.
 */
export async function verifyReceipt(token: string, expectation: ReceiptExpectation): Promise<ReceiptClaims> {
  const { keys, issuer, audience, clock = Date.now } = expectation;
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = keys.findKey(kid ?? "");
        if (key === null) throw new errors.JWKSNoMatchingKey();
        return key;
      },
      {
        algorithms: ["EdDSA"],
        typ: RECEIPT_TYPE,
        issuer,
        ...(audience === undefined ? {} : { audience }),
        currentDate: new Date(clock()),
        requiredClaims: ["exp", "iat", "jti"],
      },
    );
    return readClaims(payload);
  } catch (error) {
    if (error instanceof GateError) throw error;
    throw new GateError("RECEIPT_INVALID", { expected: "a receipt of this gate, not expired", cause: error });
  }
}

function readClaims(payload: JWTPayload): ReceiptClaims {
  const read = receiptClaims.safeParse(payload);
  if (read.success) return read.data;
  throw new GateError("RECEIPT_INVALID", { expected: "all claims of a receipt", cause: read.error });
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
