/**
 * Use of shares as rows: what one subject took of one share in one slot of time, added up.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { UsageEntry } from "../records.ts";

export class UsageTable {
  readonly #add: StatementSync;
  readonly #all: StatementSync;
  readonly #forget: StatementSync;

  constructor(database: DatabaseSync) {
    this.#add = database.prepare(
      `INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (share, subject, slot_ms) DO UPDATE SET
         requests = requests + excluded.requests, files = files + excluded.files, bytes = bytes + excluded.bytes,
         expires_at_ms = max(expires_at_ms, excluded.expires_at_ms)`,
    );
    this.#all = database.prepare(
      `SELECT share, subject, slot_ms AS slotMs, requests, files, bytes, expires_at_ms AS expiresAtMs
         FROM usage WHERE expires_at_ms > ? ORDER BY share, subject, slot_ms`,
    );
    this.#forget = database.prepare(
      `DELETE FROM usage WHERE (share, subject, slot_ms) IN
         (SELECT share, subject, slot_ms FROM usage WHERE expires_at_ms <= ? LIMIT ?)`,
    );
  }

  add(entries: readonly UsageEntry[]): void {
    for (const { share, subject, slotMs, requests, files, bytes, expiresAtMs } of entries) {
      this.#add.run(share, subject, slotMs, requests, files, bytes, expiresAtMs);
    }
  }

  all(nowMs: number): UsageEntry[] {
    return this.#all.all(nowMs).map((row) => ({ ...row }) as unknown as UsageEntry);
  }

  forget(nowMs: number, limit: number): void {
    this.#forget.run(nowMs, limit);
  }
}
