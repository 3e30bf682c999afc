/**
 * A set of keys at a URL: fetched, kept, and fetched again when it is old or a token names a key that is not in it.
 *
 * Always holds: one fetch at a time, and none sooner than `PAUSE_MS` after the last, however many tokens with unknown keys come. While the URL
 * does not answer, the set that is known goes on to be used for `STALE_MS`, and nobody waits for another try. A redirect is not followed:
 * whoever answers in the name of the URL decides who may send.
 */
import { GateError } from "../../problems/gate-error.ts";
import { gatherText } from "./gather-text.ts";
import { KEY_SET_BYTES_MAX, type KeySet, readKeySet } from "./key-set.ts";
import { type KeySetOptions, type KeySetSource, keysUnavailable } from "./key-set-source.ts";

/** An older set is fetched again before it is used. */
const FRESH_MS = 300_000;
const PAUSE_MS = 30_000;
/** With no set at all the next try may come sooner: nobody can be recognised until then. */
const PAUSE_WITHOUT_SET_MS = 5000;
const STALE_MS = 86_400_000;
const FETCH_MS_MAX = 5000;

/** @throws SETTINGS_INVALID for a URL that anybody on the way could answer for */
export function keySetUrl(url: string, options: KeySetOptions = {}): KeySetSource {
  requireSafeUrl(url);
  return new FetchedKeySet(url, options);
}

class FetchedKeySet implements KeySetSource {
  readonly #url: string;
  readonly #log: KeySetOptions["log"];
  readonly #elapsedMs: () => number;
  readonly #closing = new AbortController();
  #set: KeySet | null = null;
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  /** Why the last try failed; `null` after one that did not. */
  #failure: unknown = null;
  #fetch: Promise<void> | null = null;

  constructor(url: string, { elapsedMs = () => performance.now(), log }: KeySetOptions) {
    this.#url = url;
    this.#log = log;
    this.#elapsedMs = elapsedMs;
  }

  async current(): Promise<KeySet> {
    if (this.#usable() === null) {
      if (this.#pauseLeftMs(this.#failure === null ? 0 : PAUSE_WITHOUT_SET_MS) <= 0) await this.#fetchOnce();
    } else if (this.#isDue()) {
      const fetching = this.#fetchOnce();
      if (this.#failure === null) await fetching;
    }
    return this.known();
  }

  async newerThan(set: KeySet): Promise<KeySet | null> {
    if (this.#fetch !== null || this.#pauseLeftMs(PAUSE_MS) <= 0) await this.#fetchOnce();
    if (this.#set !== set) return this.#set;
    if (this.#failure !== null) throw keysUnavailable(this.#pauseLeftMs(PAUSE_MS), this.#failure);
    return null;
  }

  async known(): Promise<KeySet> {
    const set = this.#usable();
    if (set === null) throw keysUnavailable(this.#pauseLeftMs(PAUSE_WITHOUT_SET_MS), this.#failure);
    return set;
  }

  close(): void {
    this.#closing.abort();
  }

  #usable(): KeySet | null {
    return this.#elapsedMs() - this.#fetchedAtMs < STALE_MS ? this.#set : null;
  }

  #isDue(): boolean {
    return this.#elapsedMs() - this.#fetchedAtMs >= FRESH_MS && this.#pauseLeftMs(PAUSE_MS) <= 0;
  }

  #pauseLeftMs(pauseMs: number): number {
    return this.#triedAtMs + pauseMs - this.#elapsedMs();
  }

  /** Never rejects: what went wrong is in `#failure`. */
  #fetchOnce(): Promise<void> {
    this.#fetch ??= this.#fetchNow().finally(() => {
      this.#fetch = null;
    });
    return this.#fetch;
  }

  async #fetchNow(): Promise<void> {
    try {
      this.#set = await readKeySet(await this.#download());
      this.#fetchedAtMs = this.#elapsedMs();
      this.#failure = null;
    } catch (error) {
      this.#failure = error;
      this.#log?.warn({ url: this.#url, err: error }, "the keys to check tokens with could not be fetched");
    } finally {
      this.#triedAtMs = this.#elapsedMs();
    }
  }

  async #download(): Promise<string> {
    const answer = await fetch(this.#url, {
      headers: { accept: "application/jwk-set+json, application/json" },
      redirect: "error",
      signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(FETCH_MS_MAX)]),
    });
    if (answer.status !== 200 || answer.body === null) {
      await answer.body?.cancel();
      throw new Error(`it answered with status ${answer.status}`);
    }
    return gatherText(answer.body, KEY_SET_BYTES_MAX);
  }
}

/** Without TLS the keys could be anybody's who is on the way; within one machine there is no way. */
function requireSafeUrl(url: string): void {
  const { protocol, hostname } = new URL(url);
  const isLoopback = hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
  if (protocol === "https:" || (protocol === "http:" && isLoopback)) return;
  throw new GateError("SETTINGS_INVALID", {
    message: "The URL of a set of keys must begin with https://, or be on this machine.",
  });
}
