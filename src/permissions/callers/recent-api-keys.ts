/**
 * API keys that were shown a moment ago, so that a caller that sends one upload after another is not looked up for each.
 *
 * Always holds: a key is recalled only for the very secret that was proven to be its own, compared in constant time, so who does not have the
 * secret takes the way of an unknown key; and only while the records say that no key has changed, and for a second at most. Not relied upon for
 * what is released: that looks at the key again.
 */
import { timingSafeEqual } from "node:crypto";
import type { ApiKeyRecord, Records } from "../../records/records.ts";
import type { ShownApiKey } from "./api-key-text.ts";

/** For a process that has changed a key and died before it could say so. */
const KEPT_MS = 1000;
/**
 * The mark is read from a file: once for the questions of so short a time, in which no command that changes a key can end; and for uploads, whose
 * release looks at the key again, once for those of a somewhat longer one.
 */
const MARK_READ_EVERY_MS = 5;
export const MARK_READ_FOR_UPLOADS_EVERY_MS = 50;
const KEYS_MAX = 1000;

/** What of the records is needed here. Without `apiKeysMark` nothing is remembered. */
export type ApiKeyRecords = Pick<Records, "findApiKey"> & Partial<Pick<Records, "apiKeysMark">>;

interface RecentKey {
  readonly key: ApiKeyRecord;
  /** As it was shown: comparing it is cheaper than hashing what is shown the next time. */
  readonly secret: Buffer;
  readonly untilMs: number;
}

export class RecentApiKeys {
  readonly #records: ApiKeyRecords;
  readonly #monotonicMs: () => number;
  readonly #keys = new Map<string, RecentKey>();
  #mark: number | null = null;
  #markReadAtMs = Number.NEGATIVE_INFINITY;

  constructor(records: ApiKeyRecords, monotonicMs: () => number = () => performance.now()) {
    this.#records = records;
    this.#monotonicMs = monotonicMs;
  }

  /**
   * The key whose id and secret these are, where it was shown a moment ago; its secret is proven.
   * @param markReadEveryMs so long ago may have been asked whether keys have changed
   */
  recall({ id, secret }: ShownApiKey, markReadEveryMs = MARK_READ_EVERY_MS): ApiKeyRecord | null {
    const nowMs = this.#monotonicMs();
    this.#readMark(nowMs, markReadEveryMs);
    const recent = this.#keys.get(id);
    if (recent === undefined || recent.untilMs <= nowMs) return null;
    return isSame(recent.secret, bytesOf(secret)) ? recent.key : null;
  }

  /**
   * The record of an id, whoever asks; its secret has still to be compared.
   * @param secretHash SHA-256 of the secret that was shown
   * @throws RECORDS_UNAVAILABLE
   */
  async find({ id, secret }: ShownApiKey, secretHash: Buffer): Promise<ApiKeyRecord | null> {
    const nowMs = this.#monotonicMs();
    const mark = this.#readMark(nowMs);
    const key = await this.#records.findApiKey(id);
    // Only what was asked after the present mark was read is as new as the mark says.
    if (mark !== null && mark === this.#mark && key?.secretSha256 === secretHash.toString("hex"))
      this.#keep(id, { key, secret: bytesOf(secret), untilMs: nowMs + KEPT_MS });
    return key;
  }

  /** Forgets every key where it has changed. */
  #readMark(nowMs: number, everyMs = MARK_READ_EVERY_MS): number | null {
    if (nowMs - this.#markReadAtMs < everyMs) return this.#mark;
    const mark = this.#records.apiKeysMark?.() ?? null;
    this.#markReadAtMs = nowMs;
    if (mark === null || mark !== this.#mark) this.#keys.clear();
    this.#mark = mark;
    return mark;
  }

  #keep(id: string, recent: RecentKey): void {
    if (this.#keys.size >= KEYS_MAX) this.#keys.clear();
    this.#keys.set(id, recent);
  }
}

const bytesOf = (secret: string): Buffer => Buffer.from(secret, "latin1");

/** How long a secret is, is no secret. */
const isSame = (left: Buffer, right: Buffer): boolean =>
  left.length === right.length && timingSafeEqual(left, right);
