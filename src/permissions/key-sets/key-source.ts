/**
 * The keys that somebody's signatures are checked with: a shared secret, or a set of public keys in a file or at a URL.
 *
 * Always holds: a secret is tried with HMAC algorithms only and a public key never with one, whatever a token says (RFC 8725 sections 2.1 and
 * 3.1). Which algorithms are allowed beyond that is up to who verifies.
 */
import type { CryptoKey } from "jose";
import { errors } from "jose";
import type { VerificationKeys } from "../../settings/settings.ts";
import type { CandidateKey, KeyHint, KeySet } from "./key-set.ts";
import { keySetFile } from "./key-set-file.ts";
import type { KeySetOptions, KeySetSource } from "./key-set-source.ts";
import { keySetUrl } from "./key-set-url.ts";

/** What a verification came to, and the name of the key that it held with. */
export interface Verified<Value> {
  readonly value: Value;
  readonly keyId: string;
}

export interface KeySource {
  /**
   * Runs `verify` with each key that fits the token until the signature holds.
   * @param verify  resolves where the signature holds; rejects with jose's JWSSignatureVerificationFailed where it does not; what else it rejects
   *                with is passed on.
   * @returns       `null` where no key is known that the signature holds with
   * @throws        PERMISSION_UNAVAILABLE
   */
  verify<Value>(
    hint: KeyHint,
    verify: (key: CryptoKey | Uint8Array) => Promise<Value>,
  ): Promise<Verified<Value> | null>;
  /** Whether a key is still among them, as far as is known here and now. @throws PERMISSION_UNAVAILABLE */
  holds(keyId: string): Promise<boolean>;
  close(): void;
}

/** @throws SETTINGS_INVALID */
export function openKeySource(keys: VerificationKeys, options: KeySetOptions = {}): KeySource {
  if (keys.secret !== null) return secretSource(keys.secret);
  if (keys.jwksFile !== null) return setSource(keySetFile(keys.jwksFile, options));
  return setSource(keySetUrl(keys.jwksUrl ?? "", options));
}

const isHmac = (alg: string): boolean => alg.startsWith("HS");

const SECRET_ID = "secret";

function secretSource(secret: string): KeySource {
  const key = new TextEncoder().encode(secret);
  return {
    verify: async ({ alg }, verify) =>
      isHmac(alg) ? firstThatHolds([{ id: SECRET_ID, key }], verify) : null,
    holds: async (keyId) => keyId === SECRET_ID,
    close() {},
  };
}

function setSource(source: KeySetSource): KeySource {
  return {
    async verify(hint, verify) {
      if (isHmac(hint.alg)) return null;
      const set = await source.current();
      const candidates = await set.candidates(hint);
      const verified = await firstThatHolds(candidates, verify);
      if (verified !== null || !mayBeNewer(hint, candidates)) return verified;
      return verifyWithNewer(await source.newerThan(set), hint, verify);
    },
    holds: async (keyId) => (await source.known()).has(keyId),
    close: () => source.close(),
  };
}

/** A key that is named and known is the one; a bad signature of it is no reason to look for others. */
const mayBeNewer = ({ kid }: KeyHint, candidates: readonly CandidateKey[]): boolean =>
  kid === null || candidates.length === 0;

async function verifyWithNewer<Value>(
  newer: KeySet | null,
  hint: KeyHint,
  verify: (key: CryptoKey) => Promise<Value>,
): Promise<Verified<Value> | null> {
  return newer === null ? null : firstThatHolds(await newer.candidates(hint), verify);
}

async function firstThatHolds<Key, Value>(
  candidates: readonly { readonly id: string; readonly key: Key }[],
  verify: (key: Key) => Promise<Value>,
): Promise<Verified<Value> | null> {
  for (const { id, key } of candidates) {
    try {
      return { value: await verify(key), keyId: id };
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  return null;
}
