/**
 * API keys as rows: added, revoked, found. A key is never deleted: who it was stays known.
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { GateError } from "../../problems/gate-error.ts";
import type { ApiKeyRecord, RequiredApiKey } from "../records.ts";

export class ApiKeyTable {
  readonly #add: StatementSync;
  readonly #revoke: StatementSync;
  readonly #find: StatementSync;
  readonly #all: StatementSync;
  readonly #findSecret: StatementSync;
  /** Secrets of keys in force that this transaction has seen: nobody else can change one before its end. */
  readonly #seen = new Map<string, unknown>();

  constructor(database: DatabaseSync) {
    this.#add = database.prepare(
      "INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
    );
    this.#revoke = database.prepare(
      "UPDATE api_keys SET revoked_at_ms = ? WHERE id = ? AND revoked_at_ms IS NULL",
    );
    this.#find = database.prepare("SELECT * FROM api_keys WHERE id = ?");
    this.#findSecret = database.prepare(
      "SELECT secret_sha256 FROM api_keys WHERE id = ? AND revoked_at_ms IS NULL",
    );
    this.#all = database.prepare("SELECT * FROM api_keys ORDER BY created_at_ms, id");
  }

  /** @throws RECORDS_STATE_CONFLICT where the id is taken; nothing is written then */
  add(key: ApiKeyRecord): void {
    const { changes } = this.#add.run(
      key.id,
      key.name,
      key.principal,
      key.secretSha256,
      JSON.stringify(key.scopes),
      key.flows === null ? null : JSON.stringify(key.flows),
      key.createdAtMs,
      key.expiresAtMs,
      key.revokedAtMs,
    );
    if (changes === 0)
      throw new GateError("RECORDS_STATE_CONFLICT", {
        expected: "an id that no key has yet",
        seen: "a key with this id",
      });
  }

  /** @returns whether the key was revoked by this; `false` too where it was before, or where there is none */
  revoke(id: string, atMs: number): boolean {
    this.#seen.delete(id);
    return this.#revoke.run(atMs, id).changes === 1;
  }

  find(id: string): ApiKeyRecord | null {
    const row = this.#find.get(id);
    return row === undefined ? null : toApiKey(row);
  }

  /** @throws RECORDS_API_KEY_ENDED where the key is revoked, gone, or made anew under the same id */
  require({ id, secretSha256 }: RequiredApiKey): void {
    const seen = this.#seen.get(id) ?? this.#findSecret.get(id)?.secret_sha256;
    if (seen !== secretSha256) throw new GateError("RECORDS_API_KEY_ENDED");
    this.#seen.set(id, seen);
  }

  /** To be called where a transaction begins, and where one or a part of one was undone. */
  forgetSeen(): void {
    this.#seen.clear();
  }

  all(): ApiKeyRecord[] {
    return this.#all.all().map(toApiKey);
  }
}

function toApiKey(row: Record<string, SQLOutputValue>): ApiKeyRecord {
  return {
    id: String(row.id),
    name: String(row.name),
    principal: String(row.principal),
    secretSha256: String(row.secret_sha256),
    scopes: JSON.parse(String(row.scopes)) as string[],
    flows: row.flows === null ? null : (JSON.parse(String(row.flows)) as string[]),
    createdAtMs: Number(row.created_at_ms),
    expiresAtMs: row.expires_at_ms === null ? null : Number(row.expires_at_ms),
    revokedAtMs: row.revoked_at_ms === null ? null : Number(row.revoked_at_ms),
  };
}
