/**
 * The keys that somebody's signatures are checked with: a shared secret, a file of public keys, or a URL that publishes them.
 *
 * In: where they are. Out: the key for a token's header. Always holds: a file is read again as soon as it is another; a fetched set is kept for a
 * while, is fetched again when a token names a key that is not in it, and never more often than every few seconds, so that strangers' tokens
 * cannot make the gate flood whoever publishes it; while that one does not answer, the set at hand goes on being used, but not for ever. A set
 * with a private or secret key in it is refused whole: it is no secret any more.
 * Not here: which algorithms may be used, which the settings say.
 */
import { stat } from "node:fs/promises";
import { type CompactVerifyGetKey, createLocalJWKSet, errors, type JSONWebKeySet } from "jose";
import { GateError } from "../problems/gate-error.ts";
import type { VerificationKeys } from "../settings/settings.ts";
import { readWrittenFile } from "../setup/written-file.ts";

const SET_BYTES_MAX = 256 * 1024;
const KEYS_MAX = 100;
const FETCH_TIMEOUT_MS = 5_000;
const FRESH_MS = 300_000;
const STALE_MS = 3_600_000;
const PAUSE_MS = 10_000;
/** Without any keys: whoever publishes them may be starting at this moment. */
const PAUSE_WITHOUT_KEYS_MS = 1_000;
const RETRY_AFTER_SECONDS = 5;

/**
 * Finds the key for a token; goes into the verifying functions of `jose` as it is.
 * @throws PERMISSION_UNAVAILABLE where there are no keys to look in; errors of `jose` where none, or more than one, fits the header
 */
export type KeyFinder = CompactVerifyGetKey;

const finders = new WeakMap<VerificationKeys, KeyFinder>();

/** The finder of these settings; the same one each time, with what it has read. */
export function keyFinderOf(keys: VerificationKeys): KeyFinder {
  const known = finders.get(keys);
  if (known !== undefined) return known;
  const finder = openKeyFinder(keys);
  finders.set(keys, finder);
  return finder;
}

/** Makes a finder. Nothing is read yet. @param clock milliseconds since 1970 */
export function openKeyFinder(keys: VerificationKeys, clock: () => number = Date.now): KeyFinder {
  if (keys.secret !== null) {
    const bytes = new TextEncoder().encode(keys.secret);
    return () => Promise.resolve(bytes);
  }
  if (keys.jwksFile !== null) return fileFinder(keys.jwksFile);
  if (keys.jwksUrl !== null) return urlFinder(keys.jwksUrl, clock);
  return () => Promise.reject(unavailable(new Error("the settings name no keys")));
}

type KeySet = ReturnType<typeof createLocalJWKSet>;

/** A key that is there and cannot be used is a fault of whoever publishes it, and none of the token. */
const keyIn: (set: KeySet, ...of: Parameters<KeyFinder>) => ReturnType<KeyFinder> = async (
  set,
  header,
  token,
) => {
  try {
    return await set(header, token);
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
      throw error;
    throw unavailable(error);
  }
};

function fileFinder(file: string): KeyFinder {
  let read: { readonly state: string; readonly set: Promise<KeySet> } | null = null;
  return async (header, token) => {
    const state = await fileState(file);
    if (read?.state !== state) {
      const set = readSet(file);
      read = { state, set };
      // A file that was half written may be whole at the next look without having changed its size or time.
      set.catch(() => {
        if (read?.set === set) read = null;
      });
    }
    return keyIn(await read.set, header, token);
  };
}

async function fileState(file: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join(" ");
  } catch (error) {
    throw unavailable(error);
  }
}

async function readSet(file: string): Promise<KeySet> {
  const written = await readWrittenFile(file, "SETTINGS_INVALID");
  if (!written.ok) throw unavailable(new Error(`${file}: ${written.problems[0]?.message ?? "unreadable"}`));
  try {
    return keySetOf(written.text);
  } catch (error) {
    throw unavailable(new Error(`${file} is not a JWK Set with public keys`, { cause: error }));
  }
}

/** What is held of a published set. Times are those of the clock. */
interface FetchedSet {
  set: KeySet | null;
  fetchedAtMs: number;
  triedAtMs: number;
  fault: unknown;
  running: Promise<void> | null;
}

function urlFinder(url: string, clock: () => number): KeyFinder {
  const held: FetchedSet = {
    set: null,
    fetchedAtMs: Number.NEGATIVE_INFINITY,
    triedAtMs: Number.NEGATIVE_INFINITY,
    fault: null,
    running: null,
  };
  const isYoungerThan = (ageMs: number): boolean => clock() - held.fetchedAtMs < ageMs;
  const find: KeyFinder = async (header, token) => {
    if (held.set === null || !isYoungerThan(STALE_MS)) throw unavailable(held.fault);
    return keyIn(held.set, header, token);
  };
  return async (header, token) => {
    if (!isYoungerThan(FRESH_MS)) await refresh(url, held, clock);
    try {
      return await find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await refresh(url, held, clock);
      return find(header, token);
    }
  };
}

/** Fetches the set, unless that was tried a moment ago; whoever comes while it is being fetched waits for the same. Never throws. */
function refresh(url: string, held: FetchedSet, clock: () => number): Promise<void> {
  if (held.running !== null) return held.running;
  const pauseMs = held.set === null ? PAUSE_WITHOUT_KEYS_MS : PAUSE_MS;
  if (clock() - held.triedAtMs < pauseMs) return Promise.resolve();
  held.triedAtMs = clock();
  held.running = fetchSet(url)
    .then(
      (set) => Object.assign(held, { set, fetchedAtMs: clock() }),
      (error: unknown) => Object.assign(held, { fault: error }),
    )
    .then(() => {
      held.running = null;
    });
  return held.running;
}

async function fetchSet(url: string): Promise<KeySet> {
  const answer = await fetch(url, {
    // A redirect could lead to somebody else's keys.
    redirect: "error",
    headers: { accept: "application/jwk-set+json, application/json" },
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  if (answer.status !== 200) {
    await answer.body?.cancel();
    throw new Error(`the key set's URL answered ${answer.status}`);
  }
  return keySetOf(await bodyText(answer));
}

async function bodyText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    length += chunk.length;
    if (length > SET_BYTES_MAX) throw new Error(`the key set has more than ${SET_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function keySetOf(text: string): KeySet {
  const document: unknown = JSON.parse(text);
  if (!isKeySet(document)) throw new Error(`no JWK Set with at most ${KEYS_MAX} keys`);
  if (document.keys.some((key) => "d" in key || "k" in key))
    throw new Error(
      "the JWK Set has a private or secret key; publish public keys only, and replace that key",
    );
  return createLocalJWKSet(document);
}

/** @see RFC 7517 section 5 */
function isKeySet(value: unknown): value is JSONWebKeySet {
  if (typeof value !== "object" || value === null || !("keys" in value) || !Array.isArray(value.keys))
    return false;
  const keys: readonly unknown[] = value.keys;
  return keys.length <= KEYS_MAX && keys.every((key) => typeof key === "object" && key !== null);
}

function unavailable(cause: unknown): GateError {
  return new GateError("PERMISSION_UNAVAILABLE", {
    message: "The keys to check a signature with cannot be read.",
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}
