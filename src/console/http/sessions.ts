/**
 * Who is signed in: sessions in memory, so that a restart, which makes a new token, ends them all.
 *
 * Always holds: what a browser holds is a random id, of which only the digest is kept here; a session ends after some hours of no use and after a day at
 * the latest; there are never more than a few; a code that signs in does so once.
 */
import { createHash, randomBytes } from "node:crypto";

const IDLE_MS = 8 * 60 * 60_000;
const AGE_MS_MAX = 24 * 60 * 60_000;
const SESSIONS_MAX = 100;
const CODE_MS = 5 * 60_000;
const CODES_MAX = 20;

export interface OpenSession {
  /** To be sent along with each change, in a header. */
  readonly csrf: string;
}

interface KeptSession extends OpenSession {
  readonly openedAtMs: number;
  usedAtMs: number;
}

const newSecret = (): string => randomBytes(32).toString("base64url");
/** Found by its digest: how long a look-up takes says nothing of the id. */
const digest = (secret: string): string => createHash("sha256").update(secret).digest("base64url");

export class Sessions {
  readonly #sessions = new Map<string, KeptSession>();
  readonly #codes = new Map<string, number>();

  /** @returns the id for the cookie */
  open(nowMs: number): { readonly id: string; readonly session: OpenSession } {
    this.#sweep(nowMs);
    const id = newSecret();
    const session = { csrf: newSecret(), openedAtMs: nowMs, usedAtMs: nowMs };
    this.#sessions.set(digest(id), session);
    dropOldest(this.#sessions, SESSIONS_MAX);
    return { id, session };
  }

  /** The session of an id; its use keeps it alive. */
  find(id: string | null, nowMs: number): OpenSession | null {
    if (id === null) return null;
    const session = this.#sessions.get(digest(id));
    if (session === undefined || !isAlive(session, nowMs)) return null;
    session.usedAtMs = nowMs;
    return session;
  }

  end(id: string | null): void {
    if (id !== null) this.#sessions.delete(digest(id));
  }

  /** A code that signs in once, for a link. */
  makeCode(nowMs: number): string {
    const code = newSecret();
    this.#codes.set(digest(code), nowMs + CODE_MS);
    dropOldest(this.#codes, CODES_MAX);
    return code;
  }

  /** Whether the code is good; it is not any more afterwards. */
  useCode(code: string, nowMs: number): boolean {
    const key = digest(code);
    const expiresAtMs = this.#codes.get(key);
    this.#codes.delete(key);
    return expiresAtMs !== undefined && nowMs < expiresAtMs;
  }

  #sweep(nowMs: number): void {
    for (const [key, session] of this.#sessions) if (!isAlive(session, nowMs)) this.#sessions.delete(key);
    for (const [key, expiresAtMs] of this.#codes) if (nowMs >= expiresAtMs) this.#codes.delete(key);
  }
}

const isAlive = ({ openedAtMs, usedAtMs }: KeptSession, nowMs: number): boolean =>
  nowMs - usedAtMs < IDLE_MS && nowMs - openedAtMs < AGE_MS_MAX;

function dropOldest<T>(map: Map<string, T>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
