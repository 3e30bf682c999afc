/**
 * The records as the command line reads them, beside a gate that may be running: read-only, without a thread, and never in its way.
 */
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { GateError } from "../../problems/gate-error.ts";
import type { AuditRecord, Records } from "../records.ts";
import { ApiKeyTable } from "./api-key-table.ts";
import { type AuditFilter, AuditTable } from "./audit-table.ts";
import { toRecordsError } from "./database-errors.ts";
import { refuseNewerLayout } from "./migrations/migrations.ts";
import { RecordReader } from "./record-reader.ts";

export interface RecordsView extends Pick<Records, "get" | "list" | "auditTrail" | "apiKeys" | "close"> {
  /** The newest audit entries that fit, newest first. */
  newestAudit(filter: AuditFilter): Promise<readonly AuditRecord[]>;
}

/**
 * Opens the database at `path` read-only. Each answer is one snapshot.
 * @throws RECORDS_MISSING (no such file), RECORDS_NEWER, RECORDS_UNAVAILABLE (not readable, or no records database).
 */
export function readSqliteRecords(path: string): RecordsView {
  if (!existsSync(path)) {
    throw new GateError("RECORDS_MISSING", {
      expected: `a records database at ${path}`,
      seen: "no such file",
    });
  }
  try {
    const database = new DatabaseSync(path, { readOnly: true, timeout: 2000 });
    return viewOf(database);
  } catch (error) {
    throw toRecordsError(error);
  }
}

function viewOf(database: DatabaseSync): RecordsView {
  try {
    refuseNewerLayout(database);
    const reader = new RecordReader(database);
    return {
      get: async (id) => snapshot(database, () => reader.get(id)),
      list: async (filter) => snapshot(database, () => reader.list(filter)),
      auditTrail: async ({ afterSeq, limit }) =>
        snapshot(database, () => new AuditTable(database).trail(afterSeq, limit)),
      newestAudit: async (filter) => snapshot(database, () => new AuditTable(database).newest(filter)),
      apiKeys: async () => snapshot(database, () => new ApiKeyTable(database).all()),
      close: async () => {
        if (database.isOpen) database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** An upload is read from four tables: one read transaction, so that no commit of the gate comes between them. */
function snapshot<Answer>(database: DatabaseSync, read: () => Answer): Answer {
  try {
    database.exec("BEGIN");
    return read();
  } catch (error) {
    throw toRecordsError(error);
  } finally {
    if (database.isOpen && database.isTransaction) database.exec("COMMIT");
  }
}
