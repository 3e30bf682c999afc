/**
 * Opens the shares with what was taken before, and writes down in the background what no release records.
 *
 * A crash loses the count of requests of the last few seconds that were refused or failed, and of rates by the minute or a shorter time those that
 * were released too; never bytes, files, or requests by the hour of what was released.
 */
import type { Records, UsageEntry } from "../../records/records.ts";
import { LedgerTime, type ShareClock, SYSTEM_CLOCK } from "./ledger-time.ts";
import { ShareLedger } from "./share-ledger.ts";
import type { Shares } from "./shares.ts";

const WRITE_EVERY_MS = 5000;
/** About so many entries in one transaction: other changes wait for it. */
const ENTRIES_AT_ONCE = 2000;
const SWEPT_EVERY_TIME = 5000;

/** Shares that are to be closed at the end, before the records are. `close` never rejects. */
export type OpenShares = Shares & { close(): Promise<void> };

/** Reads what was taken and begins. @throws RECORDS_UNAVAILABLE */
export async function openShares(
  records: Pick<Records, "usage" | "note">,
  clock: ShareClock = SYSTEM_CLOCK,
): Promise<OpenShares> {
  const ledger = new ShareLedger(new LedgerTime(clock));
  ledger.recall(await records.usage(clock.wallMs()));
  const writer = new UseWriter(ledger, records);
  const timer = setInterval(() => {
    ledger.sweep(SWEPT_EVERY_TIME);
    void writer.write();
  }, WRITE_EVERY_MS);
  timer.unref();
  return {
    reserve: (flow, address) => ledger.reserve(flow, address),
    takeUnrecorded: () => ledger.takeUnrecorded(),
    close: async () => {
      clearInterval(timer);
      await writer.write();
    },
  };
}

/** Writes one batch after another; what could not be written is tried again first. */
class UseWriter {
  readonly #ledger: ShareLedger;
  readonly #records: Pick<Records, "note">;
  #waiting: readonly UsageEntry[] = [];
  #running: Promise<void> = Promise.resolve();

  constructor(ledger: ShareLedger, records: Pick<Records, "note">) {
    this.#ledger = ledger;
    this.#records = records;
  }

  /** Never rejects: records that do not take it show in readiness, and the entries wait. */
  write(): Promise<void> {
    this.#running = this.#running.then(() => this.#writeAll()).catch(() => {});
    return this.#running;
  }

  async #writeAll(): Promise<void> {
    let hasMore = true;
    while (hasMore) {
      await this.#writeWaiting();
      this.#waiting = this.#ledger.takeUnrecorded(ENTRIES_AT_ONCE);
      hasMore = this.#waiting.length >= ENTRIES_AT_ONCE;
    }
    await this.#writeWaiting();
  }

  async #writeWaiting(): Promise<void> {
    if (this.#waiting.length > 0) await this.#records.note({ usage: this.#waiting });
    this.#waiting = [];
  }
}
