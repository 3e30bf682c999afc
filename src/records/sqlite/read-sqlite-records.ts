/**
 * The records as the command line reads them, beside a gate that may be running: read-only, without a thread, and never in its way.
 */
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { GateError } from "../../problems/gate-error.ts";
import type { AuditRecord, Records } from "../records.ts";
import { type AuditFilter, AuditTable } from "./audit-table.ts";
import { readFailed } from "./database-errors.ts";
import { refuseNewerLayout, refuseOlderLayout } from "./migrations/migrations.ts";
import { RecordReader } from "./record-reader.ts";

export interface RecordsView extends Pick<Records, "get" | "list" | "auditTrail" | "close"> {
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
    return viewOf(database, path);
  } catch (error) {
    throw readFailed(error, path);
  }
}

function viewOf(database: DatabaseSync, path: string): RecordsView {
  const ask = <Answer>(read: () => Answer): Answer => snapshot(database, path, read);
  try {
    refuseNewerLayout(database);
    const reader = new RecordReader(database);
    const audit = auditOf(database);
    return {
      get: async (id) => ask(() => reader.get(id)),
      list: async (filter) => ask(() => reader.list(filter)),
      auditTrail: async ({ afterSeq, limit }) => ask(() => audit().trail(afterSeq, limit)),
      newestAudit: async (filter) => ask(() => audit().newest(filter)),
      close: async () => {
        if (database.isOpen) database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Made when it is first asked for: a database of the first layout has none. The function throws RECORDS_UNAVAILABLE there. */
function auditOf(database: DatabaseSync): () => AuditTable {
  let table: AuditTable | null = null;
  return () => {
    refuseOlderLayout(database);
    table ??= new AuditTable(database);
    return table;
  };
}

/** An upload is read from four tables: one read transaction, so that no commit of the gate comes between them. */
function snapshot<Answer>(database: DatabaseSync, path: string, read: () => Answer): Answer {
  try {
    database.exec("BEGIN");
    return read();
  } catch (error) {
    throw readFailed(error, path);
  } finally {
    if (database.isOpen && database.isTransaction) database.exec("COMMIT");
  }
}
