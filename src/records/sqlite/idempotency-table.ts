/**
 * Idempotency keys as rows: claimed, answered, freed, found.
 *
 * Always holds: an answer, and a key set free, are those of the upload that claimed the key. One that comes so late that another upload has
 * claimed it since changes nothing.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { GateError } from "../../problems/gate-error.ts";
import type { UploadId } from "../../uploads/upload-id.ts";
import type { IdempotencyChange, IdempotencyRecord, StoredAnswer } from "../records.ts";

export class IdempotencyTable {
  readonly #find: StatementSync;
  readonly #claim: StatementSync;
  readonly #answer: StatementSync;
  readonly #free: StatementSync;
  readonly #forget: StatementSync;
  readonly #scopes: StatementSync;

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
         expires_at_ms = excluded.expires_at_ms, answer = NULL`,
    );
    this.#answer = database.prepare(
      "UPDATE idempotency_keys SET answer = ?, expires_at_ms = ? WHERE scope = ? AND upload_id = ?",
    );
    this.#free = database.prepare("DELETE FROM idempotency_keys WHERE scope = ? AND upload_id = ?");
    this.#forget = database.prepare(
      `DELETE FROM idempotency_keys WHERE seq IN
         (SELECT seq FROM idempotency_keys WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?)`,
    );
  }

  /** Writes nothing. @throws RECORDS_KEY_TAKEN for a claim of a scope with an entry that is not expired */
  check(change: IdempotencyChange, nowMs: number): void {
    if (change.kind === "claim" && this.#find.get(change.scope, nowMs) !== undefined)
      throw new GateError("RECORDS_KEY_TAKEN");
  }

  /** What `check` has let pass. An entry that a claim meets has expired. */
  apply(change: IdempotencyChange, uploadId: UploadId): void {
    switch (change.kind) {
      case "claim":
        this.#claim.run(change.scope, change.fingerprint, uploadId, change.expiresAtMs);
        break;
      case "answer":
        this.#answer.run(JSON.stringify(change.answer), change.expiresAtMs, change.scope, uploadId);
        break;
      case "free":
        this.#free.run(change.scope, uploadId);
    }
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

  forget(nowMs: number, limit: number): void {
    this.#forget.run(nowMs, limit);
  }
}
