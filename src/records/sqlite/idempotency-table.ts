/**
 * Idempotency keys as rows: claimed, answered, freed, found.
 *
 * Always holds: an answer, and a key set free, are those of the upload that claimed the key. One that comes so late that another upload has
 * claimed it since changes nothing.
 * Expired keys are forgotten by reading through all in the order of their claims, going on where the last call stopped: an index by expiry would
 * cost every upload more than this costs them all. A key that has expired counts no more, forgotten or not.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { GateError } from "../../problems/gate-error.ts";
import type { UploadId } from "../../uploads/upload-id.ts";
import type { IdempotencyRecord, StoredAnswer } from "../records.ts";
import type { WrittenKeyChange } from "./records-messages.ts";

type KeyClaim = Extract<WrittenKeyChange, { readonly kind: "claim" }>;

/** Keys looked at in one call of `forget`, for each that it may delete. */
const LOOKED_AT_FACTOR = 4;

export class IdempotencyTable {
  readonly #find: StatementSync;
  readonly #claim: StatementSync;
  readonly #answer: StatementSync;
  readonly #free: StatementSync;
  readonly #window: StatementSync;
  readonly #expired: StatementSync;
  readonly #delete: StatementSync;
  readonly #scopes: StatementSync;
  /** The last key that `forget` has looked at. */
  #lookedAt = 0;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare(
      `SELECT fingerprint, upload_id, expires_at_ms, answer FROM idempotency_keys WHERE scope = ? AND expires_at_ms > ?`,
    );
    // Read from the index of scopes alone.
    this.#scopes = database.prepare(
      "SELECT scope FROM idempotency_keys WHERE scope > ? ORDER BY scope LIMIT ?",
    );
    this.#claim = database.prepare(
      `INSERT INTO idempotency_keys (scope, fingerprint, upload_id, expires_at_ms) VALUES (?, ?, ?, ?)
         ON CONFLICT (scope) DO UPDATE SET fingerprint = excluded.fingerprint, upload_id = excluded.upload_id,
         expires_at_ms = excluded.expires_at_ms, answer = NULL WHERE expires_at_ms <= ?`,
    );
    this.#answer = database.prepare(
      "UPDATE idempotency_keys SET answer = ?, expires_at_ms = ? WHERE scope = ? AND upload_id = ?",
    );
    this.#free = database.prepare("DELETE FROM idempotency_keys WHERE scope = ? AND upload_id = ?");
    this.#window = database.prepare(
      "SELECT max(seq) AS last, count(*) AS keys FROM (SELECT seq FROM idempotency_keys WHERE seq > ? ORDER BY seq LIMIT ?)",
    );
    this.#expired = database.prepare(
      "SELECT seq FROM idempotency_keys WHERE seq > ? AND seq <= ? AND expires_at_ms <= ? ORDER BY seq LIMIT ?",
    );
    this.#delete = database.prepare("DELETE FROM idempotency_keys WHERE seq = ?");
  }

  /** Looked for and written in one step. @throws RECORDS_KEY_TAKEN for a scope with an entry that is not expired; then nothing is written */
  claim({ scope, fingerprint, expiresAtMs }: KeyClaim, uploadId: UploadId, nowMs: number): void {
    const { changes } = this.#claim.run(scope, fingerprint, uploadId, expiresAtMs, nowMs);
    if (changes === 0) throw new GateError("RECORDS_KEY_TAKEN");
  }

  /** All but a claim. */
  apply(change: Exclude<WrittenKeyChange, KeyClaim>, uploadId: UploadId): void {
    if (change.kind === "answer") this.#answer.run(change.answer, change.expiresAtMs, change.scope, uploadId);
    else this.free(change.scope, uploadId);
  }

  free(scope: string, uploadId: UploadId): void {
    this.#free.run(scope, uploadId);
  }

  find(scope: string, nowMs: number): IdempotencyRecord | null {
    const row = this.#find.get(scope, nowMs);
    if (row === undefined) return null;
    return {
      scope,
      fingerprint: String(row.fingerprint),
      uploadId: row.upload_id as UploadId,
      expiresAtMs: Number(row.expires_at_ms),
      answer: row.answer === null ? null : (JSON.parse(String(row.answer)) as StoredAnswer),
    };
  }

  scopes(afterScope: string, limit: number): string[] {
    return this.#scopes.all(afterScope, Math.max(0, Math.trunc(limit))).map(({ scope }) => String(scope));
  }

  /** Deletes expired keys among the next few. @param limit how many at most; a whole number, 1 or more */
  forget(nowMs: number, limit: number): void {
    const lookAt = limit * LOOKED_AT_FACTOR;
    const window = this.#window.get(this.#lookedAt, lookAt);
    const last = Number(window?.last ?? this.#lookedAt);
    const expired = this.#expired.all(this.#lookedAt, last, nowMs, limit).map(({ seq }) => Number(seq));
    for (const seq of expired) this.#delete.run(seq);
    if (expired.length === limit) this.#lookedAt = expired.at(-1) ?? 0;
    else this.#lookedAt = Number(window?.keys) < lookAt ? 0 : last;
  }

  /** Goes back to the oldest: for when what was forgotten was undone, too. */
  startAgain(): void {
    this.#lookedAt = 0;
  }
}
