/**
 * The signature algorithms that settings may name: which there are, and what each needs.
 */
import { describeWritten, listWords, misread, type Reading, readDistinct } from "../setup/reading.ts";
import { readWord } from "../setup/schema.ts";

/** Bytes of the hash: a shorter secret would be the weakest part (RFC 7518 section 3.2). */
export const HMAC_BYTES: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };

/** The least bytes of any secret: that of HS256. */
export const SECRET_BYTES_MIN = 32;

/** They are for keys of which everybody may know the public half. */
export const PUBLIC_KEY_ALGORITHMS: readonly string[] = [
  "ES256",
  "ES384",
  "ES512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "EdDSA",
  // What EdDSA is with an Ed25519 key, by its newer name: RFC 9864 section 2.2.
  "Ed25519",
];

/** All that may be named. */
export const ALGORITHMS: readonly string[] = [...PUBLIC_KEY_ALGORITHMS, ...Object.keys(HMAC_BYTES)];

/** Reads the list of allowed algorithms. */
export function readAlgorithms(written: unknown): Reading<readonly string[]> {
  if (!Array.isArray(written) || written.length === 0) {
    const shown = ALGORITHMS.includes(String(written)) ? ` Write [${String(written)}].` : "";
    return misread(`expected a list of algorithms, found ${describeWritten(written)}.${shown}`);
  }
  return readDistinct(written, readAlgorithm);
}

function readAlgorithm(written: unknown): Reading<string> {
  if (typeof written === "string" && written.toLowerCase() === "none") {
    return misread(`a token without a signature is never taken; known: ${listWords(ALGORITHMS, "and")}.`);
  }
  return readWord(written, { built: Object.fromEntries(ALGORITHMS.map((name) => [name, name])) });
}
