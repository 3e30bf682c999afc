/**
 * Entries about deliveries that the records would not take at the moment: what the service said is known, and must not be lost because the
 * database was locked or its disk full. They wait in memory and are written as soon as the records take them again.
 *
 * It promises nothing across a crash: then the upload is found as released without an answer, and is treated as of unknown outcome.
 */
import { GateError } from "../../problems/gate-error.ts";
import type { Log } from "../../signals/log.ts";

/** More than are ever delivered at once; what goes beyond is left to the next start. */
const WAITING_MAX = 1_000;
const FIRST_WAIT_MS = 500;
const WAIT_MS_MAX = 15_000;

interface LateEntry {
  readonly uploadId: string;
  readonly write: () => Promise<void>;
}

export class LateRecords {
  readonly #log: Log;
  readonly #waiting: LateEntry[] = [];
  #waitMs = FIRST_WAIT_MS;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(log: Log) {
    this.#log = log;
  }

  get count(): number {
    return this.#waiting.length;
  }

  /** Takes an entry whose write failed. `write` may be called many times, and must do the same each time. */
  add(uploadId: string, write: () => Promise<void>): void {
    if (this.#waiting.length >= WAITING_MAX) {
      this.#log.error(
        { uploadId },
        "what became of a delivery is not recorded, and too many others wait: the next start settles it",
      );
      return;
    }
    this.#waiting.push({ uploadId, write });
    this.#schedule();
  }

  /** Writes what can be written, the oldest first. */
  async flush(): Promise<void> {
    for (let entry = this.#waiting[0]; entry !== undefined; entry = this.#waiting[0]) {
      try {
        await entry.write();
        this.#log.warn({ uploadId: entry.uploadId }, "what became of a delivery is recorded now");
      } catch (error) {
        if (isTemporary(error)) return;
        this.#log.error(
          { uploadId: entry.uploadId, err: error },
          "what became of a delivery cannot be recorded",
        );
      }
      this.#waiting.shift();
      this.#waitMs = FIRST_WAIT_MS;
    }
  }

  /** Tries once more and stops. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.flush();
  }

  #schedule(): void {
    if (this.#timer !== null || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#waitMs = Math.min(this.#waitMs * 2, WAIT_MS_MAX);
      void this.flush().then(() => {
        if (this.#waiting.length > 0) this.#schedule();
      });
    }, this.#waitMs);
  }
}

const isTemporary = (error: unknown): boolean =>
  error instanceof GateError && error.code === "RECORDS_UNAVAILABLE";
