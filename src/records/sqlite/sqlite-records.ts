/**
 * `Records` on SQLite: each method is one request to the records thread. The main thread never touches the database.
 */
import type { UploadId } from "../../uploads/upload-id.ts";
import type { NewUpload, Records, UploadChange, UploadFilter, UploadMove, UploadRecord } from "../records.ts";
import type { FoundFile, InlineKey } from "./record-reader.ts";
import type { RecordsChannel } from "./records-channel.ts";

export class SqliteRecords implements Records {
  readonly #channel: RecordsChannel;
  #closed: Promise<void> | null = null;

  constructor(channel: RecordsChannel) {
    this.#channel = channel;
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
