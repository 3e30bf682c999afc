/**
 * Grants that were used, as rows: a grant counts once.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { GateError } from "../../problems/gate-error.ts";
import type { GrantUse } from "../records.ts";

export class GrantTable {
  readonly #find: StatementSync;
  readonly #use: StatementSync;
  readonly #forget: StatementSync;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare("SELECT 1 FROM used_grants WHERE id = ?");
    this.#use = database.prepare("INSERT INTO used_grants VALUES (?, ?)");
    this.#forget = database.prepare(
      "DELETE FROM used_grants WHERE id IN (SELECT id FROM used_grants WHERE expires_at_ms <= ? LIMIT ?)",
    );
  }

  isUsed(id: string): boolean {
    return this.#find.get(id) !== undefined;
  }

  /** Writes nothing. @throws RECORDS_GRANT_USED */
  check({ id }: GrantUse): void {
    if (this.isUsed(id)) throw new GateError("RECORDS_GRANT_USED");
  }

  /** What `check` has let pass. */
  use({ id, expiresAtMs }: GrantUse): void {
    this.#use.run(id, expiresAtMs);
  }

  forget(nowMs: number, limit: number): void {
    this.#forget.run(nowMs, limit);
  }
}
