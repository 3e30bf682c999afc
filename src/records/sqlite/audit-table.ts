/**
 * The audit chain as rows: entries are put to its end, and read. Nothing here changes or deletes one.
 *
 * Always holds: numbers and hashes go on from what the database has when a transaction begins, whoever wrote it: the command line appends too.
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { CHAIN_START, type ChainHead, canonicalDetail, hashEntry } from "../audit-chain.ts";
import type { AuditEntry, AuditRecord } from "../records.ts";

/** Which entries to list; newest first. */
export interface AuditFilter {
  readonly flow?: string;
  readonly uploadId?: string;
  readonly principal?: string;
  readonly limit: number;
}

/** How many entries an answer has at most, whatever it is asked for. */
const ENTRIES_MAX = 10_000;

export class AuditTable {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #last: StatementSync;
  readonly #trail: StatementSync;
  /** What this transaction has appended last; `null` where it must be read. */
  #head: ChainHead | null = null;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insert = database.prepare("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.#last = database.prepare("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
    this.#trail = database.prepare("SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?");
  }

  /** To be called where a transaction begins, and where one or a part of one was undone. */
  forgetHead(): void {
    this.#head = null;
  }

  append(entries: readonly AuditEntry[]): void {
    for (const entry of entries) this.#append(storable(entry));
  }

  trail(afterSeq: number, limit: number): AuditRecord[] {
    return this.#trail.all(afterSeq, atMost(limit)).map(toAuditRecord);
  }

  newest({ flow, uploadId, principal, limit }: AuditFilter): AuditRecord[] {
    const wanted = Object.entries({ flow, upload_id: uploadId, principal });
    const asked = wanted.filter((one): one is [string, string] => one[1] !== undefined);
    const condition = asked.map(([column]) => `${column} = ?`).join(" AND ") || "TRUE";
    return this.#database
      .prepare(`SELECT * FROM audit WHERE ${condition} ORDER BY seq DESC LIMIT ?`)
      .all(...asked.map(([, value]) => value), atMost(limit))
      .map(toAuditRecord);
  }

  #append(entry: AuditEntry): void {
    const previous = this.#head ?? this.#readHead();
    const seq = previous.seq + 1;
    const detail = canonicalDetail(entry.detail);
    const hash = hashEntry(previous.hash, seq, entry, detail);
    this.#insert.run(
      seq,
      entry.atMs,
      entry.event,
      entry.flow,
      entry.policyVersion,
      entry.uploadId,
      entry.principal,
      entry.requestId,
      entry.rule,
      detail === "{}" ? null : detail,
      Buffer.from(previous.hash, "hex"),
      Buffer.from(hash, "hex"),
    );
    this.#head = { seq, hash };
  }

  #readHead(): ChainHead {
    const row = this.#last.get();
    return row === undefined ? CHAIN_START : { seq: Number(row.seq), hash: toHex(row.hash) };
  }
}

const atMost = (limit: number): number => Math.max(0, Math.min(Math.trunc(limit), ENTRIES_MAX));

/** SQLite keeps text as UTF-8, which has no halves of surrogate pairs: what is hashed must be what will be read. */
function storable(entry: AuditEntry): AuditEntry {
  const { event, flow, policyVersion, uploadId, principal, requestId, rule } = entry;
  return {
    ...entry,
    event: event.toWellFormed(),
    flow: flow?.toWellFormed() ?? null,
    policyVersion: policyVersion?.toWellFormed() ?? null,
    uploadId: uploadId?.toWellFormed() ?? null,
    principal: principal?.toWellFormed() ?? null,
    requestId: requestId?.toWellFormed() ?? null,
    rule: rule?.toWellFormed() ?? null,
  };
}

type Row = Record<string, SQLOutputValue>;

function toAuditRecord(row: Row): AuditRecord {
  return {
    seq: Number(row.seq),
    atMs: Number(row.at_ms),
    event: String(row.event),
    flow: textOrNull(row.flow),
    policyVersion: textOrNull(row.policy_version),
    uploadId: textOrNull(row.upload_id),
    principal: textOrNull(row.principal),
    requestId: textOrNull(row.request_id),
    rule: textOrNull(row.rule),
    detail: toDetail(textOrNull(row.detail)),
    previousHash: toHex(row.previous_hash),
    hash: toHex(row.hash),
  };
}

/** A detail that somebody has made unreadable must not keep the others from being read: its entry shows as changed. */
function toDetail(text: string | null): AuditEntry["detail"] {
  if (text === null) return {};
  try {
    const detail: unknown = JSON.parse(text);
    const isObject = typeof detail === "object" && detail !== null && !Array.isArray(detail);
    return isObject && canonicalDetail(detail as AuditEntry["detail"]) === text
      ? (detail as AuditEntry["detail"])
      : { unreadable: text };
  } catch {
    return { unreadable: text };
  }
}

function textOrNull(value: SQLOutputValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function toHex(value: SQLOutputValue | undefined): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : "";
}
