/**
 * The questions of `records.ts` as SQL statements. Used by the records thread, and read-only by the command line.
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { UploadId } from "../../uploads/upload-id.ts";
import { isFinalState, UPLOAD_STATES, type UploadState } from "../../uploads/upload-state.ts";
import type { FileRecord, UploadFilter, UploadRecord } from "../records.ts";
import { toDelivery, toFile, toUpload } from "./record-rows.ts";

const FILE_COLUMNS = `f.position, f.field, f.declared_name, f.declared_type, f.key, f.size_bytes, f.sha256, f.verified_type,
  f.findings, EXISTS (SELECT 1 FROM inline_bytes b WHERE b.upload = f.upload AND b.position = f.position) AS is_inline`;

const textList = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(", ");

const UNFINISHED_STATES = textList(UPLOAD_STATES.filter((state) => !isFinalState(state)));

/** A delivered file is still needed where the service got a receipt: it fetches the bytes when it wants to. */
const NEEDED = `u.state NOT IN (${textList(["aborted", "expired", "rejected", "observed", "delivered"])})
  OR (u.state = 'delivered' AND EXISTS (SELECT 1 FROM deliveries d WHERE d.upload = u.seq AND d.kind = 'receipt'))`;

/** The plus keeps SQLite from going by the state: after days without a service it would sort all that wait, for the few that are due. */
const WAITING = "SELECT * FROM uploads WHERE +state = 'undeliverable'";
const LONGEST_FIRST = "ORDER BY next_try_at_ms, seq";

/** How many uploads `list` gives at most, whatever it is asked. */
const LIST_MAX = 1_000_000;

const listLimit = (limit: number): number => Math.max(0, Math.min(Math.trunc(limit), LIST_MAX));

export interface FoundFile {
  readonly file: FileRecord;
  readonly uploadId: UploadId;
  readonly state: UploadState;
}

export interface InlineKey {
  readonly key: string;
  readonly uploadId: UploadId;
}

type Row = Record<string, SQLOutputValue>;

export class RecordReader {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #files: StatementSync;
  readonly #deliveries: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#files = database.prepare(
      `SELECT ${FILE_COLUMNS} FROM files f WHERE f.upload = ? ORDER BY f.position`,
    );
    this.#deliveries = database.prepare("SELECT * FROM deliveries WHERE upload = ? ORDER BY attempt");
  }

  get(id: UploadId): UploadRecord | null {
    const row = this.#statement("SELECT * FROM uploads WHERE id = ?").get(id);
    return row === undefined ? null : this.#whole(row);
  }

  list(filter: UploadFilter): UploadRecord[] {
    const limit = listLimit(filter.limit);
    const where: string[] = [];
    const values: string[] = [];
    if (filter.flow !== undefined) {
      where.push("flow = ?");
      values.push(filter.flow);
    }
    if (filter.state !== undefined) {
      where.push("state = ?");
      values.push(filter.state);
    }
    if (filter.principal !== undefined) {
      where.push("principal = ?");
      values.push(filter.principal);
    }
    const condition = where.length > 0 ? `WHERE ${where.join(" AND ")}` : "";
    const statement = this.#statement(`SELECT * FROM uploads ${condition} ORDER BY seq DESC LIMIT ?`);
    return statement.all(...values, limit).map((row) => this.#whole(row));
  }

  unfinished(): UploadRecord[] {
    const sql = `SELECT * FROM uploads WHERE state IN (${UNFINISHED_STATES}) ORDER BY seq`;
    const rows = this.#statement(sql).all();
    return rows.map((row) => this.#whole(row));
  }

  dueDeliveries(nowMs: number, limit: number): UploadRecord[] {
    const rows = this.#statement(`${WAITING} AND next_try_at_ms <= ? ${LONGEST_FIRST} LIMIT ?`);
    return rows.all(nowMs, listLimit(limit)).map((row) => this.#whole(row));
  }

  nextDueAtMs(): number | null {
    const row = this.#statement(`${WAITING} AND next_try_at_ms IS NOT NULL ${LONGEST_FIRST} LIMIT 1`).get();
    return row === undefined ? null : Number(row.next_try_at_ms);
  }

  neededKeys(keys: readonly string[]): Set<string> {
    const statement = this.#statement(
      `SELECT 1 FROM files f JOIN uploads u ON u.seq = f.upload WHERE f.key = ? AND (${NEEDED})`,
    );
    return new Set(keys.filter((key) => statement.get(key) !== undefined));
  }

  readInline(key: string): Uint8Array | null {
    const row = this.#statement(
      "SELECT bytes FROM files JOIN inline_bytes USING (upload, position) WHERE key = ?",
    ).get(key);
    return row?.bytes instanceof Uint8Array ? row.bytes : null;
  }

  inlineKeys(): InlineKey[] {
    const sql = `SELECT f.key, u.id FROM inline_bytes b JOIN files f USING (upload, position) JOIN uploads u ON u.seq = b.upload
      ORDER BY b.upload, b.position`;
    const rows = this.#statement(sql).all();
    return rows.map((row) => ({ key: String(row.key), uploadId: row.id as UploadId }));
  }

  findFile(key: string): FoundFile | null {
    const statement = this.#statement(
      `SELECT ${FILE_COLUMNS}, u.id, u.state FROM files f JOIN uploads u ON u.seq = f.upload WHERE f.key = ?`,
    );
    const row = statement.get(key);
    if (row === undefined) return null;
    return { file: toFile(row), uploadId: row.id as UploadId, state: row.state as UploadState };
  }

  /** Prepared once for each text. */
  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #whole(row: Row): UploadRecord {
    const seq = Number(row.seq);
    return toUpload(row, {
      files: this.#files.all(seq).map(toFile),
      deliveries: this.#deliveries.all(seq).map(toDelivery),
    });
  }
}
