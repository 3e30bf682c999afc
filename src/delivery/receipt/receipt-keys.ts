/**
 * The keys that receipts are signed with.
 *
 * In: a folder. Out: the key to sign with, and the public keys for `/.well-known/jwks.json`. One file a key, a JWK (RFC 8037) that only the
 * gate's user can read; its name starts with the time it was made at, so that the newest is known without opening any.
 * Always: the newest key signs; an older one stays published for as long as a receipt of it can live, then its file goes. Gates that share
 * the folder find each other's keys by `reload`.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { chmod, link, mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { calculateJwkThumbprint } from "jose";
import { GateError } from "../../problems/gate-error.ts";

/** The longest lifetime that the settings allow for a receipt is seven days; one more for gates that have not reloaded. */
const KEPT_AFTER_ROTATION_MS = 8 * 86_400_000;

/** `0001763800000000-<thumbprint>.jwk.json` */
const FILE_NAME = /^(\d{16})-([A-Za-z0-9_-]{43})\.jwk\.json$/;

/** A public key as verifiers read it. @see RFC 7517 section 4, RFC 8037 section 2 */
export interface PublicReceiptKey {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly kid: string;
  readonly alg: "EdDSA";
  readonly use: "sig";
}

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

export interface ReceiptKeys {
  /** The published set, newest first. */
  jwks(): { readonly keys: readonly PublicReceiptKey[] };
  signingKey(): SigningKey;
  /** The public key of an id; `null` for one that was never ours or is no longer published. */
  findKey(kid: string): KeyObject | null;
  /** Adds a key and signs with it from now on; removes what has been out of use for long enough. Resolves with the new key's id. */
  rotate(): Promise<string>;
  /** Reads the folder again. @throws RECEIPT_KEY_UNAVAILABLE; the keys of before then stay in force. */
  reload(): Promise<void>;
}

interface StoredKey {
  readonly file: string;
  readonly createdAtMs: number;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: PublicReceiptKey;
}

/**
 * Opens the folder, and makes it and a first key where there is none. Several gates may start on one folder at once.
 * @param options.clock milliseconds since 1970; default `Date.now`.
 * @throws RECEIPT_KEY_UNAVAILABLE where the folder or a key in it cannot be read or made.
 */
export async function openReceiptKeys(options: {
  folder: string;
  clock?: () => number;
}): Promise<ReceiptKeys> {
  const { folder, clock = Date.now } = options;
  return withKeyErrors("The folder of the receipt keys cannot be used.", async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    let keys = await readKeys(folder);
    if (keys.length === 0) {
      await makeKey(folder, clock());
      keys = await readKeys(folder);
    }
    return receiptKeysOf(folder, clock, keys);
  });
}

function receiptKeysOf(folder: string, clock: () => number, initial: readonly StoredKey[]): ReceiptKeys {
  let keys = initial;
  const published = (): StoredKey[] => keys.filter((_, at) => isPublished(keys, at, clock()));
  return {
    jwks: () => ({ keys: published().map(({ jwk }) => jwk) }),
    signingKey: () => newest(keys),
    findKey: (kid) => published().find((key) => key.kid === kid)?.publicKey ?? null,
    rotate: () =>
      withKeyErrors("No new receipt key can be made.", async () => {
        const createdAtMs = Math.max(clock(), newest(keys).createdAtMs + 1);
        const kid = await makeKey(folder, createdAtMs);
        keys = await readKeys(folder);
        await removeOutdated(folder, keys, clock());
        return kid;
      }),
    reload: () =>
      withKeyErrors("The receipt keys cannot be read.", async () => {
        const found = await readKeys(folder);
        newest(found);
        keys = found;
      }),
  };
}

function newest(keys: readonly StoredKey[]): StoredKey {
  const key = keys[0];
  if (key === undefined)
    throw new GateError("RECEIPT_KEY_UNAVAILABLE", { message: "There is no receipt key." });
  return key;
}

/** Keys are in order, newest first: each was signed with until the one before it in the list was made. */
function isPublished(keys: readonly StoredKey[], at: number, nowMs: number): boolean {
  const successor = keys[at - 1];
  return successor === undefined || nowMs < successor.createdAtMs + KEPT_AFTER_ROTATION_MS;
}

async function removeOutdated(folder: string, keys: readonly StoredKey[], nowMs: number): Promise<void> {
  const outdated = keys.filter((_, at) => !isPublished(keys, at, nowMs));
  for (const { file } of outdated) await rm(join(folder, file), { force: true });
}

async function readKeys(folder: string): Promise<StoredKey[]> {
  const files = (await readdir(folder)).filter((file) => FILE_NAME.test(file));
  const keys = await Promise.all(files.map((file) => readKey(folder, file)));
  return keys.sort((a, b) => b.createdAtMs - a.createdAtMs || (a.kid < b.kid ? 1 : -1));
}

async function readKey(folder: string, file: string): Promise<StoredKey> {
  const [, createdAt = "", kid = ""] = FILE_NAME.exec(file) ?? [];
  const path = join(folder, file);
  const privateKey = createPrivateKey({ key: JSON.parse(await readFile(path, "utf8")), format: "jwk" });
  const publicKey = createPublicKey(privateKey);
  const jwk = await publicJwk(publicKey);
  if (jwk.kid !== kid) throw new Error(`${file} does not hold the key that it is named after`);
  return { file, createdAtMs: Number(createdAt), kid, privateKey, publicKey, jwk };
}

/** The id is the key's thumbprint, so no two keys share one. @see RFC 7638 */
async function publicJwk(publicKey: KeyObject): Promise<PublicReceiptKey> {
  const { kty, crv, x } = publicKey.export({ format: "jwk" });
  if (kty !== "OKP" || crv !== "Ed25519" || x === undefined) throw new Error("not an Ed25519 key");
  const kid = await calculateJwkThumbprint({ kty, crv, x });
  return { kty, crv, x, kid, alg: "EdDSA", use: "sig" };
}

/** Writes a key so that it appears whole or not at all, also after a power cut. */
async function makeKey(folder: string, createdAtMs: number): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { kid, alg, use } = await publicJwk(publicKey);
  const text = `${JSON.stringify({ ...privateKey.export({ format: "jwk" }), kid, alg, use })}\n`;
  const part = join(folder, `.${randomBytes(8).toString("hex")}.part`);
  try {
    await writeDurably(part, text);
    await link(part, join(folder, `${String(createdAtMs).padStart(16, "0")}-${kid}.jwk.json`));
  } finally {
    await rm(part, { force: true });
  }
  await syncFolder(folder);
  return kid;
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await chmod(path, 0o600);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function withKeyErrors<T>(message: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof GateError) throw error;
    throw new GateError("RECEIPT_KEY_UNAVAILABLE", { message, cause: error });
  }
}
