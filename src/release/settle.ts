/**
 * Brings small released files to rest, after the answer: makes their copies in the store durable, then lets the records forget the bytes.
 *
 * In: keys of files placed unsynced. Always holds: bytes leave the records only after their file is durable in the store. A group that
 * fails stays and is tried again; what a killed process leaves is found by `restoreInline` at the next start.
 */
import { GateError } from "../problems/gate-error.ts";
import type { Records } from "../records/records.ts";
import type { Storage } from "../storage/storage.ts";

export interface SettlerOptions {
  /** Keys taken into one group. Default 256. */
  readonly groupKeysMax?: number;
  /** Rest between a key's arrival and its group, so that a burst settles together and after its answers. Default 500. */
  readonly delayMs?: number;
  /** Rest after a group that failed. Default 5,000. */
  readonly retryMs?: number;
  /** Told of each group that failed, for the log. */
  readonly onError?: (error: unknown) => void;
}

export class Settler {
  readonly #records: Pick<Records, "dropInline">;
  readonly #storage: Pick<Storage, "settle">;
  readonly #options: Required<SettlerOptions>;
  readonly #waiting = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(
    records: Pick<Records, "dropInline">,
    storage: Pick<Storage, "settle">,
    options: SettlerOptions = {},
  ) {
    this.#records = records;
    this.#storage = storage;
    this.#options = { groupKeysMax: 256, delayMs: 500, retryMs: 5000, onError: () => {}, ...options };
  }

  /** Keys that are not settled yet. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Takes a key whose bytes are in the store and in the records. Returns at once. */
  add(key: string): void {
    this.#waiting.add(key);
    this.#schedule(this.#options.delayMs);
  }

  /** Settles all that is waiting. @throws what made a group fail; its keys go on waiting. */
  flush(): Promise<void> {
    const flushed = this.#running.then(() => this.#settleAll());
    this.#running = flushed.catch(() => {});
    return flushed;
  }

  /** Settles what can be settled and starts nothing any more. What fails now is settled after the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTimer();
    await this.flush().catch(this.#options.onError);
  }

  async #settleAll(): Promise<void> {
    while (this.#waiting.size > 0) await this.#settleGroup();
  }

  async #settleGroup(): Promise<void> {
    const keys = [...this.#waiting].slice(0, this.#options.groupKeysMax);
    const settled = await this.#settle(keys);
    await this.#records.dropInline(settled);
    for (const key of keys) this.#waiting.delete(key);
  }

  /** @returns the keys that are durable now. One that is not in the store keeps its bytes in the records. */
  async #settle(keys: readonly string[]): Promise<readonly string[]> {
    try {
      await this.#storage.settle(keys);
      return keys;
    } catch (error) {
      if (!isMissing(error)) throw error;
      if (keys.length === 1) return [];
    }
    const halfway = Math.ceil(keys.length / 2);
    return [...(await this.#settle(keys.slice(0, halfway))), ...(await this.#settle(keys.slice(halfway)))];
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== null || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.flush().catch((error: unknown) => this.#groupFailed(error));
    }, delayMs).unref();
  }

  #groupFailed(error: unknown): void {
    this.#options.onError(error);
    this.#schedule(this.#options.retryMs);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof GateError && error.code === "STORAGE_OBJECT_MISSING";
}
