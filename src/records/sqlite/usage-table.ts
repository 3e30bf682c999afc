/**
 * Use of shares as rows: what one subject took of one share in one slot of time, added up.
 *
 * Always holds: what is added is in memory until `write`, which belongs before the end of its transaction; uploads that share one, and mostly take
 * of the same shares, so write one row together.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { UsageEntry } from "../records.ts";

export class UsageTable {
  readonly #add: StatementSync;
  readonly #all: StatementSync;
  readonly #forget: StatementSync;
  readonly #added = new Map<string, UsageEntry>();

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
    for (const entry of entries) {
      // A line break is in no share and no number, so no two rows have one text.
      const row = `${entry.slotMs}\n${entry.share}\n${entry.subject}`;
      const added = this.#added.get(row);
      this.#added.set(row, added === undefined ? entry : together(added, entry));
    }
  }

  /** Writes what was added since the last time. */
  write(): void {
    for (const { share, subject, slotMs, requests, files, bytes, expiresAtMs } of this.#added.values())
      this.#add.run(share, subject, slotMs, requests, files, bytes, expiresAtMs);
    this.#added.clear();
  }

  /** Where a transaction, or a part of one, was undone before `write`. */
  drop(): void {
    this.#added.clear();
  }

  all(nowMs: number): UsageEntry[] {
    return this.#all.all(nowMs).map((row) => ({ ...row }) as unknown as UsageEntry);
  }

  forget(nowMs: number, limit: number): void {
    this.#forget.run(nowMs, limit);
  }
}

function together(one: UsageEntry, other: UsageEntry): UsageEntry {
  return {
    ...one,
    requests: one.requests + other.requests,
    files: one.files + other.files,
    bytes: one.bytes + other.bytes,
    expiresAtMs: Math.max(one.expiresAtMs, other.expiresAtMs),
  };
}
