/**
 * A JWK Set with the public keys of somebody who signs (RFC 7517).
 *
 * Always holds: a key is chosen by the `alg` and `kid` of a token and by nothing else of it: never a key or an address that the token brings
 * along. A key is known by its thumbprint (RFC 7638), so that another key under an old `kid` is another key. A set with a private or secret key
 * in it is refused whole: it is no secret any more. Keys that cannot be used are passed over, short RSA keys among them.
 */
import { type CryptoKey, calculateJwkThumbprint, createLocalJWKSet, type JWK } from "jose";

/** Larger sets are refused unread. */
export const KEY_SET_BYTES_MAX = 256 * 1024;

const KEYS_MAX = 100;

/** RFC 7518 section 3.3: 2048 bits or more. */
const RSA_MODULUS_BYTES_MIN = 256;

/** So many keys are tried for a token that does not say which one it is signed with. */
const TRIED_MAX = 8;

/** What a token says about its key. Not proven yet. */
export interface KeyHint {
  readonly alg: string;
  readonly kid: string | null;
}

/** A key that may have signed a token; `id` is its thumbprint. */
export interface CandidateKey {
  readonly id: string;
  readonly key: CryptoKey;
}

export interface KeySet {
  /** How many keys of the set can be used. */
  readonly size: number;
  /** The keys that fit; none of them has to be the right one. */
  candidates(hint: KeyHint): Promise<readonly CandidateKey[]>;
  /** Whether a key with this thumbprint is in the set. */
  has(id: string): boolean;
}

type Member = { readonly id: string; readonly find: ReturnType<typeof createLocalJWKSet> };

/**
 * Reads a set. Keys that cannot be used are left out, as RFC 7517 section 5 says.
 * @throws Error (for the log, without anything of the text) where it is no JWK Set
 */
export async function readKeySet(text: string): Promise<KeySet> {
  const members: Member[] = [];
  for (const jwk of listKeys(text)) {
    const member = isUsable(jwk) ? await memberOf(jwk) : null;
    if (member !== null) members.push(member);
  }
  return {
    size: members.length,
    candidates: (hint) => candidatesOf(members, hint),
    has: (id) => members.some((member) => member.id === id),
  };
}

function listKeys(text: string): readonly unknown[] {
  const keys = keysMember(text);
  if (!Array.isArray(keys)) throw new Error("it is no JWK Set: a JSON object with the list `keys`");
  if (keys.length > KEYS_MAX) throw new Error(`it has ${keys.length} keys; at most ${KEYS_MAX} are read`);
  if (keys.some(isSecret))
    throw new Error("it has a private or secret key; publish public keys only, and replace that key");
  return keys;
}

function keysMember(text: string): unknown {
  try {
    return (JSON.parse(text) as { keys?: unknown } | null)?.keys;
  } catch {
    // The parser's own message quotes the text, and a file named by mistake may hold anything.
    return undefined;
  }
}

/** Members that hold what only the signer may have: RFC 7518 sections 6.2.2, 6.3.2 and 6.4. */
const isSecret = (jwk: unknown): boolean =>
  typeof jwk === "object" && jwk !== null && ["d", "k", "priv"].some((member) => member in jwk);

function isUsable(jwk: unknown): jwk is JWK {
  if (typeof jwk !== "object" || jwk === null) return false;
  const { kty, n } = jwk as Record<string, unknown>;
  if (kty !== "RSA") return typeof kty === "string";
  return typeof n === "string" && Buffer.from(n, "base64url").length >= RSA_MODULUS_BYTES_MIN;
}

async function memberOf(jwk: JWK): Promise<Member | null> {
  try {
    return { id: await calculateJwkThumbprint(jwk), find: createLocalJWKSet({ keys: [jwk] }) };
  } catch {
    return null;
  }
}

async function candidatesOf(members: readonly Member[], hint: KeyHint): Promise<readonly CandidateKey[]> {
  const found: CandidateKey[] = [];
  for (const member of members) {
    if (found.length === TRIED_MAX) break;
    const key = await keyOf(member, hint);
    if (key !== null) found.push({ id: member.id, key });
  }
  return found;
}

/** `null` where the key is not for this `alg` and `kid`, not for signatures, or cannot be imported. */
async function keyOf({ find }: Member, { alg, kid }: KeyHint): Promise<CryptoKey | null> {
  try {
    return await find(kid === null ? { alg } : { alg, kid });
  } catch {
    return null;
  }
}
