/**
 * Forgets from time to time what the records need not know any more: expired keys, grants and use of shares, and uploads that ended longer ago
 * than the settings keep them. The audit stays.
 *
 * Always holds: one round at a time, and within it one small batch after the other, so that uploads under way are recorded in between. A round
 * that fails is told in the log and tried again at the next time.
 */
import type { AuditEntry, Records } from "../records/records.ts";
import type { Log } from "../signals/log.ts";

const EVERY_MS = 60_000;
const BATCH_UPLOADS = 500;

export interface ForgetExpiredParts {
  readonly records: Pick<Records, "forget" | "note">;
  /** How long records of uploads that ended are kept. */
  readonly keepMs: number;
  readonly log: Log;
  /** Unix milliseconds. Default: the clock. */
  readonly now?: () => number;
  /** From the end of one round to the beginning of the next. Default 60,000. */
  readonly everyMs?: number;
}

export class ForgetExpired {
  readonly #parts: ForgetExpiredParts;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #isClosed = false;

  /** The first round comes after the first interval: a start has more urgent things to do. */
  constructor(parts: ForgetExpiredParts) {
    this.#parts = parts;
    this.#plan();
  }

  /** Begins no further batch, and waits for the one that runs. Safe to call twice. */
  close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    return this.#round;
  }

  #plan(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#round = this.#forgetAll().then(() => this.#plan());
    }, this.#parts.everyMs ?? EVERY_MS);
    this.#timer.unref();
  }

  /** Never rejects. */
  async #forgetAll(): Promise<void> {
    const { records, keepMs, log, now = Date.now } = this.#parts;
    const nowMs = now();
    let uploads = 0;
    try {
      while (!this.#isClosed) {
        const forgotten = await records.forget(nowMs, nowMs - keepMs, BATCH_UPLOADS);
        uploads += forgotten;
        if (forgotten === 0) break;
      }
    } catch (error) {
      log.error({ err: error }, "expired records not forgotten; tried again later");
    }
    if (uploads > 0) await this.#tell(uploads, nowMs);
  }

  async #tell(uploads: number, nowMs: number): Promise<void> {
    const { records, keepMs, log } = this.#parts;
    const endedBefore = new Date(nowMs - keepMs).toISOString();
    log.info({ uploads, endedBefore }, "records of old uploads forgotten");
    try {
      await records.note({ audit: [entryOf(uploads, endedBefore, nowMs)] });
    } catch (error) {
      log.error({ err: error, uploads, endedBefore }, "forgetting not recorded in the audit");
    }
  }
}

function entryOf(uploads: number, endedBefore: string, atMs: number): AuditEntry {
  return {
    atMs,
    event: "records-forgotten",
    flow: null,
    policyVersion: null,
    uploadId: null,
    principal: null,
    requestId: null,
    rule: "records.keep",
    detail: { uploads, endedBefore },
  };
}
