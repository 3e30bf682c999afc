/**
 * The changes of `records.ts` as SQL statements. Runs inside a transaction that the caller begins and ends.
 *
 * Always holds: a method that throws a GateError has written nothing. One that throws anything else may have done half of its
 * statements, so the caller must roll back to before it.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { GateError } from "../../problems/gate-error.ts";
import type { Finding } from "../../uploads/finding.ts";
import type { UploadId } from "../../uploads/upload-id.ts";
import type { UploadState } from "../../uploads/upload-state.ts";
import type { DeliveryRecord, FileRecord, NewUpload, UploadMove } from "../records.ts";
import type { ApiKeyTable } from "./api-key-table.ts";
import type { AuditTable } from "./audit-table.ts";
import type { GrantTable } from "./grant-table.ts";
import type { IdempotencyTable } from "./idempotency-table.ts";
import { movesToText } from "./record-rows.ts";
import type { WrittenChange } from "./records-messages.ts";
import type { RetryTable } from "./retry-table.ts";
import type { UsageTable } from "./usage-table.ts";

/** What else a change of an upload may write to. */
interface OtherTables {
  readonly audit: AuditTable;
  readonly usage: UsageTable;
  readonly idempotency: IdempotencyTable;
  readonly grants: GrantTable;
  readonly keys: ApiKeyTable;
  readonly retries: RetryTable;
}

export class RecordWriter {
  readonly #tables: OtherTables;
  readonly #insertUpload: StatementSync;
  readonly #findUpload: StatementSync;
  readonly #updateUpload: StatementSync;
  readonly #putFile: StatementSync;
  readonly #putDelivery: StatementSync;
  readonly #findPosition: StatementSync;
  readonly #putInline: StatementSync;
  readonly #dropInline: StatementSync;
  readonly #probe: StatementSync;

  constructor(database: DatabaseSync, tables: OtherTables) {
    this.#tables = tables;
    this.#insertUpload = database.prepare(
      `INSERT INTO uploads (id, flow, policy_version, mode, protocol, method, path, principal, request_id, started_at_ms,
         state, updated_at_ms, bytes_received, moves, refusal)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    );
    this.#findUpload = database.prepare("SELECT seq, state FROM uploads WHERE id = ?");
    this.#updateUpload = database.prepare(
      `UPDATE uploads SET state = ?, updated_at_ms = coalesce(?, updated_at_ms), moves = moves || ?,
         bytes_received = coalesce(?, bytes_received), refusal = coalesce(?, refusal) WHERE seq = ?`,
    );
    // Not INSERT OR REPLACE: that would also take the row of another upload away that has the same key.
    this.#putFile = database.prepare(
      `INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (upload, position) DO UPDATE SET
         field = excluded.field, declared_name = excluded.declared_name, declared_type = excluded.declared_type,
         key = excluded.key, size_bytes = excluded.size_bytes, sha256 = excluded.sha256,
         verified_type = excluded.verified_type, findings = excluded.findings`,
    );
    this.#putDelivery = database.prepare("INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?)");
    this.#findPosition = database.prepare("SELECT position FROM files WHERE key = ? AND upload = ?");
    this.#putInline = database.prepare("INSERT OR REPLACE INTO inline_bytes VALUES (?, ?, ?)");
    this.#dropInline = database.prepare(
      "DELETE FROM inline_bytes WHERE (upload, position) = (SELECT upload, position FROM files WHERE key = ?)",
    );
    this.#probe = database.prepare("INSERT OR REPLACE INTO probe VALUES (1, ?)");
  }

  /** @throws RECORDS_STATE_CONFLICT where the id is known or a move does not fit; RECORDS_KEY_TAKEN, RECORDS_GRANT_USED, RECORDS_API_KEY_ENDED */
  begin(upload: NewUpload, moves: readonly UploadMove[], change: WrittenChange): void {
    const state = stateAfter("receiving", moves);
    this.#claim(upload.id, change, moves.at(-1)?.atMs ?? upload.startedAtMs);
    const { changes, lastInsertRowid } = this.#insertUpload.run(
      upload.id,
      upload.flow,
      upload.policyVersion,
      upload.mode,
      upload.protocol,
      upload.method,
      upload.path,
      upload.principal,
      upload.requestId,
      upload.startedAtMs,
      state,
      moves.at(-1)?.atMs ?? upload.startedAtMs,
      change.bytesReceived ?? 0,
      movesToText(moves),
      jsonOrNull(change.refusal),
    );
    if (changes === 0) {
      if (change.idempotency?.kind === "claim")
        this.#tables.idempotency.free(change.idempotency.scope, upload.id);
      throw conflict("an id that is not recorded yet", "an upload with this id");
    }
    this.#putParts({ seq: Number(lastInsertRowid), id: upload.id }, change);
  }

  /** @throws RECORDS_UPLOAD_UNKNOWN, RECORDS_STATE_CONFLICT, RECORDS_KEY_TAKEN, RECORDS_GRANT_USED, RECORDS_API_KEY_ENDED */
  move(id: UploadId, moves: readonly UploadMove[], change: WrittenChange): void {
    const found = this.#findUpload.get(id);
    if (found === undefined) throw new GateError("RECORDS_UPLOAD_UNKNOWN");
    const state = stateAfter(found.state as UploadState, moves);
    this.#claim(id, change, moves.at(-1)?.atMs ?? Date.now());
    const seq = Number(found.seq);
    this.#updateUpload.run(
      state,
      moves.at(-1)?.atMs ?? null,
      movesToText(moves),
      change.bytesReceived ?? null,
      jsonOrNull(change.refusal),
      seq,
    );
    this.#putParts({ seq, id }, change);
  }

  note({ audit, usage }: Pick<WrittenChange, "audit" | "usage">): void {
    if (usage !== undefined) this.#tables.usage.add(usage);
    if (audit !== undefined) this.#tables.audit.append(audit);
  }

  dropInline(keys: readonly string[]): void {
    for (const key of keys) this.#dropInline.run(key);
  }

  probe(atMs: number): void {
    this.#probe.run(atMs);
  }

  /** Before anything else is written. @throws RECORDS_KEY_TAKEN, RECORDS_GRANT_USED, RECORDS_API_KEY_ENDED; then nothing is */
  #claim(id: UploadId, { idempotency, useGrant, requireApiKey }: WrittenChange, nowMs: number): void {
    if (requireApiKey !== undefined) this.#tables.keys.require(requireApiKey);
    if (useGrant !== undefined) this.#tables.grants.check(useGrant);
    if (idempotency?.kind === "claim") this.#tables.idempotency.claim(idempotency, id, nowMs);
  }

  #putParts({ seq, id }: { readonly seq: number; readonly id: UploadId }, change: WrittenChange): void {
    for (const file of change.files ?? []) this.#writeFile(seq, file);
    for (const { key, bytes } of change.putInline ?? []) {
      this.#putInline.run(seq, this.#positionOf(seq, key, change), bytes);
    }
    this.dropInline(change.dropInline ?? []);
    if (change.delivery !== undefined) this.#writeDelivery(seq, change.delivery);
    if (change.idempotency !== undefined && change.idempotency.kind !== "claim")
      this.#tables.idempotency.apply(change.idempotency, id);
    if (change.useGrant !== undefined) this.#tables.grants.use(change.useGrant);
    this.#tables.retries.apply(seq, change);
    this.note(change);
  }

  #positionOf(upload: number, key: string, change: WrittenChange): number {
    const fileOfChange = change.files?.find((file) => file.key === key);
    if (fileOfChange !== undefined) return fileOfChange.index;
    const row = this.#findPosition.get(key, upload);
    if (row === undefined) throw new Error("putInline names a key that no file of the upload has");
    return Number(row.position);
  }

  #writeFile(upload: number, file: FileRecord): void {
    this.#putFile.run(
      upload,
      file.index,
      file.field,
      file.declaredName,
      file.declaredType,
      file.key,
      file.sizeBytes,
      file.sha256,
      file.verifiedType,
      findingsToText(file.findings),
    );
  }

  #writeDelivery(upload: number, delivery: DeliveryRecord): void {
    const { attempt, kind, startedAtMs, endedAtMs, status, error } = delivery;
    this.#putDelivery.run(upload, attempt, kind, startedAtMs, endedAtMs, status, error);
  }
}

/** Walks the moves from the present state; whether each is legal at all is the gate's to know, not the records'. */
function stateAfter(present: UploadState, moves: readonly UploadMove[]): UploadState {
  let state = present;
  for (const move of moves) {
    if (move.from !== state) throw conflict(`an upload in state ${move.from}`, `state ${state}`);
    state = move.to;
  }
  return state;
}

function conflict(expected: string, seen: string): GateError {
  return new GateError("RECORDS_STATE_CONFLICT", { expected, seen });
}

/** Most files have no findings: those take no room. */
function findingsToText(findings: readonly Finding[]): string | null {
  return findings.length === 0 ? null : JSON.stringify(findings);
}

function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
