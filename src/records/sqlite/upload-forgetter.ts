/**
 * Forgets records of uploads that ended long enough ago, a little at a time.
 *
 * It reads through the uploads in the order of their arrival, goes on next time where it stopped, and looks at so many in one call and no more:
 * an index by time would cost every upload more than this costs them all. Where it has met only uploads that are too new it begins again at
 * the oldest. Uploads from the future (the clock was wrong) say nothing of those behind them, and are passed over.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isFinalState, UPLOAD_STATES } from "../../uploads/upload-state.ts";

/** Uploads looked at in one call, for each that may be forgotten. */
const LOOKED_AT_FACTOR = 10;

const FINAL_STATES = UPLOAD_STATES.filter(isFinalState)
  .map((state) => `'${state}'`)
  .join(", ");

/** The service holds a statement about these files and fetches them when it wants to. */
const KEPT_FOR_RECEIPT = `u.state = 'delivered'
  AND EXISTS (SELECT 1 FROM deliveries d WHERE d.upload = u.seq AND d.kind = 'receipt')
  AND EXISTS (SELECT 1 FROM files f WHERE f.upload = u.seq)`;

export class UploadForgetter {
  readonly #window: StatementSync;
  readonly #forgettable: StatementSync;
  readonly #deletes: readonly StatementSync[];
  /** The last upload that was looked at. */
  #lookedAt = 0;

  constructor(database: DatabaseSync) {
    this.#window = database.prepare(
      `SELECT max(seq) AS last, count(*) AS uploads, sum(started_at_ms >= ? AND started_at_ms <= ?) AS tooNew
         FROM (SELECT seq, started_at_ms FROM uploads WHERE seq > ? ORDER BY seq LIMIT ?)`,
    );
    this.#forgettable = database.prepare(
      `SELECT seq FROM uploads u WHERE seq > ? AND seq <= ? AND state IN (${FINAL_STATES}) AND updated_at_ms < ?
         AND NOT (${KEPT_FOR_RECEIPT}) ORDER BY seq LIMIT ?`,
    );
    this.#deletes = [
      "DELETE FROM files WHERE upload = ?",
      "DELETE FROM deliveries WHERE upload = ?",
      "DELETE FROM inline_bytes WHERE upload = ?",
      "DELETE FROM handovers WHERE upload = ?",
      "DELETE FROM uploads WHERE seq = ?",
    ].map((sql) => database.prepare(sql));
  }

  /** @param limit a whole number, 1 or more. @returns how many were forgotten; at most `limit` */
  forget(nowMs: number, beforeMs: number, limit: number): number {
    const from = this.#lookedAt;
    const window = this.#look(nowMs, beforeMs, limit * LOOKED_AT_FACTOR);
    const found = this.#forgettable.all(from, window.last, beforeMs, limit).map(({ seq }) => Number(seq));
    for (const seq of found) this.#delete(seq);
    if (found.length === limit) this.#lookedAt = found.at(-1) ?? from;
    else this.#lookedAt = window.isAtEnd ? 0 : window.last;
    return found.length;
  }

  /** Goes back to the oldest: for when what was forgotten was undone, too. */
  startAgain(): void {
    this.#lookedAt = 0;
  }

  /** The next so many uploads: the last of them, and whether nothing to be forgotten can come after it. */
  #look(nowMs: number, beforeMs: number, many: number): { readonly last: number; readonly isAtEnd: boolean } {
    const row = this.#window.get(beforeMs, nowMs, this.#lookedAt, many);
    const uploads = Number(row?.uploads);
    return {
      last: Number(row?.last ?? this.#lookedAt),
      isAtEnd: uploads < many || Number(row?.tooNew) === uploads,
    };
  }

  #delete(seq: number): void {
    for (const statement of this.#deletes) statement.run(seq);
  }
}
