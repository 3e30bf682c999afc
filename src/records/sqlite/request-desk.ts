/**
 * Where each request of the records thread goes: which table writes or answers it. Changes run inside a transaction of the caller.
 *
 * Always holds, as for `RecordWriter`: a change that throws a GateError has written nothing.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { ApiKeyTable } from "./api-key-table.ts";
import { AuditTable } from "./audit-table.ts";
import { GrantTable } from "./grant-table.ts";
import { HistoryTable } from "./history-table.ts";
import { IdempotencyTable } from "./idempotency-table.ts";
import { RecordReader } from "./record-reader.ts";
import { RecordWriter } from "./record-writer.ts";
import type {
  ChangeRequest,
  InlineRange,
  PackedChange,
  PackedKeyChange,
  Question,
  RequestBatch,
  RequestOf,
  WrittenChange,
  WrittenKeyChange,
} from "./records-messages.ts";
import { RetryTable } from "./retry-table.ts";
import { UploadForgetter } from "./upload-forgetter.ts";
import { UsageTable } from "./usage-table.ts";

/** Rows of one table that one call of `forget` deletes at most, for each upload that it may forget. */
const EXPIRED_FACTOR = 10;

/** Where a batch keeps what its changes name by place. */
export type BatchContent = Pick<RequestBatch, "inline" | "texts">;

export class RequestDesk {
  readonly #reader: RecordReader;
  readonly #writer: RecordWriter;
  readonly #audit: AuditTable;
  readonly #usage: UsageTable;
  readonly #idempotency: IdempotencyTable;
  readonly #grants: GrantTable;
  readonly #keys: ApiKeyTable;
  readonly #retries: RetryTable;
  readonly #forgetter: UploadForgetter;
  readonly #history: HistoryTable;
  readonly #askDataVersion: StatementSync;
  /** Of the last transaction that began; `null` before the first. */
  #dataVersion: unknown = null;

  constructor(database: DatabaseSync) {
    this.#reader = new RecordReader(database);
    this.#audit = new AuditTable(database);
    this.#usage = new UsageTable(database);
    this.#idempotency = new IdempotencyTable(database);
    this.#grants = new GrantTable(database);
    this.#keys = new ApiKeyTable(database);
    this.#retries = new RetryTable(database);
    this.#forgetter = new UploadForgetter(database);
    this.#history = new HistoryTable(database);
    this.#askDataVersion = database.prepare("PRAGMA data_version");
    this.#writer = new RecordWriter(database, {
      audit: this.#audit,
      usage: this.#usage,
      idempotency: this.#idempotency,
      grants: this.#grants,
      keys: this.#keys,
      retries: this.#retries,
    });
  }

  /**
   * To be called where a transaction has begun, with the write lock. What is remembered from one to the next holds unless another process has
   * written in between. @see sqlite.org/pragma.html#pragma_data_version: another value after a commit of any other connection, and only then
   */
  startAnew(): void {
    const dataVersion = this.#askDataVersion.get()?.data_version;
    if (dataVersion !== undefined && dataVersion === this.#dataVersion) return;
    this.#dataVersion = dataVersion;
    this.#audit.forgetHead();
    this.#keys.forgetSeen();
  }

  /** To be called where a transaction, or a part of one that may be undone alone, ends. */
  finish(): void {
    this.#usage.write();
  }

  /** To be called where a transaction, or a part of one, was undone. */
  undone(): void {
    this.#audit.forgetHead();
    this.#keys.forgetSeen();
    this.#usage.drop();
    this.#idempotency.startAgain();
    this.#forgetter.startAgain();
  }

  /** @returns the answer of a change that has one, else `undefined` */
  apply(request: ChangeRequest, content: BatchContent): unknown {
    switch (request.kind) {
      case "begin":
        return this.#writer.begin(request.upload, request.moves, unpackChange(request.change, content));
      case "move":
        return this.#writer.move(request.id, request.moves, unpackChange(request.change, content));
      case "dropInline":
        return this.#writer.dropInline(request.keys);
      case "note":
        return this.#writer.note(request.change);
      case "addApiKey":
        this.#keys.add(request.key);
        return this.#audit.append([request.audit]);
      case "revokeApiKey":
        return this.#revokeApiKey(request);
      case "forget":
        return this.#forget(request);
      case "remember":
        return this.#history.put(request.change);
      case "forgetHistory":
        return this.#history.forget(request.nowMs, request.limit);
      case "probe":
        return this.#writer.probe(request.atMs);
    }
  }

  answer(question: Question): unknown {
    switch (question.kind) {
      case "get":
        return this.#reader.get(question.id);
      case "list":
        return this.#reader.list(question.filter);
      case "unfinished":
        return this.#reader.unfinished();
      case "neededKeys":
        return this.#reader.neededKeys(question.keys);
      case "readInline":
        return this.#reader.readInline(question.key);
      case "inlineKeys":
        return this.#reader.inlineKeys();
      case "findFile":
        return this.#reader.findFile(question.key);
      case "auditTrail":
        return this.#audit.trail(question.afterSeq, question.limit);
      case "usage":
        return this.#usage.all(question.nowMs);
      case "findIdempotencyKey":
        return this.#idempotency.find(question.scope, question.nowMs);
      case "idempotencyScopes":
        return this.#idempotency.scopes(question.afterScope, question.limit);
      case "isGrantUsed":
        return this.#grants.isUsed(question.id);
      case "handover":
        return this.#retries.find(question.id);
      case "dueDeliveries":
        return this.#reader.dueDeliveries(question.nowMs, question.limit);
      case "nextDueAtMs":
        return this.#reader.nextDueAtMs();
      case "findApiKey":
        return this.#keys.find(question.id);
      case "apiKeys":
        return this.#keys.all();
      case "historySeen":
        return this.#history.seen();
    }
  }

  /** A key that was revoked before stays as it is, and the audit says it once. */
  #revokeApiKey({ id, atMs, audit }: RequestOf<"revokeApiKey">): boolean {
    if (!this.#keys.revoke(id, atMs)) return this.#keys.find(id) !== null;
    this.#audit.append([audit]);
    return true;
  }

  #forget({ nowMs, uploadsBeforeMs, ...asked }: RequestOf<"forget">): number {
    const limit = Math.trunc(asked.limit);
    if (limit < 1) return 0;
    const expiredMax = limit * EXPIRED_FACTOR;
    this.#idempotency.forget(nowMs, expiredMax);
    this.#grants.forget(nowMs, expiredMax);
    this.#usage.write();
    this.#usage.forget(nowMs, expiredMax);
    return this.#forgetter.forget(nowMs, uploadsBeforeMs, limit);
  }
}

function unpackChange(packed: PackedChange, { inline, texts }: BatchContent): WrittenChange {
  const { inline: ranges, handover, idempotency, ...change } = packed;
  const written: { -readonly [Name in keyof WrittenChange]: WrittenChange[Name] } = change;
  if (ranges !== undefined) written.putInline = unpackInline(ranges, inline);
  if (handover !== undefined) written.handover = handover === null ? null : textAt(texts, handover);
  if (idempotency !== undefined) written.idempotency = unpackKeyChange(idempotency, texts);
  return written;
}

function unpackInline(
  ranges: readonly InlineRange[],
  buffer: ArrayBuffer,
): NonNullable<WrittenChange["putInline"]> {
  return ranges.map(({ key, offset, lengthBytes }) => ({
    key,
    bytes: new Uint8Array(buffer, offset, lengthBytes),
  }));
}

function unpackKeyChange(change: PackedKeyChange, texts: readonly string[]): WrittenKeyChange {
  return change.kind === "answer" ? { ...change, answer: textAt(texts, change.answer) } : change;
}

function textAt(texts: readonly string[], place: number): string {
  const text = texts[place];
  if (text === undefined) throw new Error("a change names a text that its batch does not have");
  return text;
}
