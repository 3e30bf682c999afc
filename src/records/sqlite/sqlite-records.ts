/**
 * `Records` on SQLite: each method is one request to the records thread. The main thread never touches the database.
 */
import type { UploadId } from "../../uploads/upload-id.ts";
import type {
  ApiKeyRecord,
  AuditEntry,
  AuditRecord,
  Handover,
  HistoryChange,
  HistorySeenRow,
  IdempotencyRecord,
  NewUpload,
  Records,
  UploadChange,
  UploadFilter,
  UploadMove,
  UploadRecord,
  UsageEntry,
} from "../records.ts";
import { moveApiKeysMark, readApiKeysMark } from "./api-keys-mark.ts";
import type { FoundFile, InlineKey } from "./record-reader.ts";
import type { RecordsChannel } from "./records-channel.ts";

export class SqliteRecords implements Records {
  readonly #channel: RecordsChannel;
  readonly #path: string;
  #closed: Promise<void> | null = null;

  /** @param path the database file */
  constructor(channel: RecordsChannel, path: string) {
    this.#channel = channel;
    this.#path = path;
  }

  /** Transactions committed since the records were opened: how well changes are grouped, for metrics and tests. */
  get commits(): number {
    return this.#channel.commits;
  }

  async begin(
    upload: NewUpload,
    moves: readonly UploadMove[] = [],
    change: UploadChange = {},
  ): Promise<void> {
    await this.#channel.ask({ kind: "begin", upload, moves, change: this.#channel.pack(change) });
  }

  async move(id: UploadId, moves: readonly UploadMove[], change: UploadChange = {}): Promise<void> {
    await this.#channel.ask({ kind: "move", id, moves, change: this.#channel.pack(change) });
  }

  async get(id: UploadId): Promise<UploadRecord | null> {
    return (await this.#channel.ask({ kind: "get", id })) as UploadRecord | null;
  }

  async list(filter: UploadFilter): Promise<readonly UploadRecord[]> {
    return (await this.#channel.ask({ kind: "list", filter })) as UploadRecord[];
  }

  async unfinished(): Promise<readonly UploadRecord[]> {
    return (await this.#channel.ask({ kind: "unfinished" })) as UploadRecord[];
  }

  async neededKeys(keys: readonly string[]): Promise<ReadonlySet<string>> {
    return (await this.#channel.ask({ kind: "neededKeys", keys })) as Set<string>;
  }

  async readInline(key: string): Promise<Uint8Array | null> {
    return (await this.#channel.ask({ kind: "readInline", key })) as Uint8Array | null;
  }

  async inlineKeys(): Promise<readonly InlineKey[]> {
    return (await this.#channel.ask({ kind: "inlineKeys" })) as InlineKey[];
  }

  async findFile(key: string): Promise<FoundFile | null> {
    return (await this.#channel.ask({ kind: "findFile", key })) as FoundFile | null;
  }

  async dropInline(keys: readonly string[]): Promise<void> {
    if (keys.length > 0) await this.#channel.ask({ kind: "dropInline", keys });
  }

  async note(change: Pick<UploadChange, "audit" | "usage">): Promise<void> {
    await this.#channel.ask({ kind: "note", change });
  }

  async auditTrail(range: Parameters<Records["auditTrail"]>[0]): Promise<readonly AuditRecord[]> {
    return (await this.#channel.ask({ kind: "auditTrail", ...range })) as AuditRecord[];
  }

  async usage(nowMs: number): Promise<readonly UsageEntry[]> {
    return (await this.#channel.ask({ kind: "usage", nowMs })) as UsageEntry[];
  }

  async findIdempotencyKey(scope: string, nowMs: number): Promise<IdempotencyRecord | null> {
    return (await this.#channel.ask({
      kind: "findIdempotencyKey",
      scope,
      nowMs,
    })) as IdempotencyRecord | null;
  }

  async idempotencyScopes(afterScope: string, limit: number): Promise<readonly string[]> {
    return (await this.#channel.ask({ kind: "idempotencyScopes", afterScope, limit })) as string[];
  }

  async isGrantUsed(id: string): Promise<boolean> {
    return (await this.#channel.ask({ kind: "isGrantUsed", id })) as boolean;
  }

  async handover(id: UploadId): Promise<Handover | null> {
    return (await this.#channel.ask({ kind: "handover", id })) as Handover | null;
  }

  async dueDeliveries(nowMs: number, limit: number): Promise<readonly UploadRecord[]> {
    return (await this.#channel.ask({ kind: "dueDeliveries", nowMs, limit })) as UploadRecord[];
  }

  async nextDueAtMs(): Promise<number | null> {
    return (await this.#channel.ask({ kind: "nextDueAtMs" })) as number | null;
  }

  async addApiKey(key: ApiKeyRecord, audit: AuditEntry): Promise<void> {
    await this.#channel.ask({ kind: "addApiKey", key, audit });
    moveApiKeysMark(this.#path);
  }

  async revokeApiKey(id: string, atMs: number, audit: AuditEntry): Promise<boolean> {
    const isThere = (await this.#channel.ask({ kind: "revokeApiKey", id, atMs, audit })) as boolean;
    moveApiKeysMark(this.#path);
    return isThere;
  }

  async findApiKey(id: string): Promise<ApiKeyRecord | null> {
    return (await this.#channel.ask({ kind: "findApiKey", id })) as ApiKeyRecord | null;
  }

  async apiKeys(): Promise<readonly ApiKeyRecord[]> {
    return (await this.#channel.ask({ kind: "apiKeys" })) as ApiKeyRecord[];
  }

  apiKeysMark(): number | null {
    return readApiKeysMark(this.#path);
  }

  async forget(nowMs: number, uploadsBeforeMs: number, limit: number): Promise<number> {
    return (await this.#channel.ask({ kind: "forget", nowMs, uploadsBeforeMs, limit })) as number;
  }

  async remember(change: HistoryChange): Promise<void> {
    await this.#channel.ask({ kind: "remember", change });
  }

  async historySeen(): Promise<readonly HistorySeenRow[]> {
    return (await this.#channel.ask({ kind: "historySeen" })) as HistorySeenRow[];
  }

  async forgetHistory(nowMs: number, limit: number): Promise<number> {
    return (await this.#channel.ask({ kind: "forgetHistory", nowMs, limit })) as number;
  }

  async probe(): Promise<void> {
    await this.#channel.ask({ kind: "probe", atMs: Date.now() });
  }

  /** Waits for what was asked before; everything asked after is rejected. Safe to call twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const closed = this.#channel.ask({ kind: "close" });
    this.#channel.end();
    await closed;
  }
}
