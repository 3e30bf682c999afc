/**
 * What is remembered of uploads: the interface that every driver (`sqlite/`, later `postgres/`) fills and the contract suite tests.
 *
 * Always holds: a resolved promise means the change is on stable storage. A change is one transaction: all of it or nothing.
 * A move whose `from` is not the present state changes nothing and fails with RECORDS_STATE_CONFLICT.
 */
import type { Finding } from "../uploads/finding.ts";
import type { UploadId } from "../uploads/upload-id.ts";
import type { UploadState } from "../uploads/upload-state.ts";

/** What is known when the first byte arrives. Times are Unix milliseconds. */
export interface NewUpload {
  readonly id: UploadId;
  readonly flow: string;
  readonly policyVersion: string;
  readonly mode: "observe" | "enforce";
  readonly protocol: string;
  readonly method: string;
  /** Canonical path without query. */
  readonly path: string;
  readonly principal: string;
  readonly requestId: string;
  readonly startedAtMs: number;
}

/** One file of an upload, as far as it is known. */
export interface FileRecord {
  readonly index: number;
  readonly field: string;
  readonly declaredName: string | null;
  readonly declaredType: string | null;
  readonly key: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly verifiedType: string | null;
  /** Whether the bytes are (also) in the records database itself. Read back as it is at that moment; what is written here is not kept. */
  readonly isInline: boolean;
  readonly findings: readonly Finding[];
}

/** One step of the state machine, taken in order within one transaction. */
export interface UploadMove {
  readonly from: UploadState;
  readonly to: UploadState;
  readonly atMs: number;
  /** Plain words for `sluicegate show`. */
  readonly note?: string;
}

/** Why an upload ended, or would have been ended: a code of `problems/` with its words. */
export interface RefusalRecord {
  readonly code: string;
  readonly message: string;
  readonly expected: string | null;
  readonly seen: string | null;
  readonly findings: readonly Finding[];
}

/** One try to tell the service. `status` is the service's, `null` where none came. */
export interface DeliveryRecord {
  readonly attempt: number;
  readonly kind: "forward" | "receipt" | "observe";
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly status: number | null;
  readonly error: string | null;
}

/** One decision, as the audit keeps it. Nothing secret and no file bytes are ever in it; texts of clients only as `quoteSeen` gives them. */
export interface AuditEntry {
  readonly atMs: number;
  /**
   * What was decided: `upload-accepted`, `upload-refused`, `upload-delivered`, `upload-undelivered`, `upload-ended`, `key-added`,
   * `key-revoked`, `delivery-retried`, `delivery-given-up`, `download`, `records-forgotten` …
   */
  readonly event: string;
  readonly flow: string | null;
  readonly policyVersion: string | null;
  readonly uploadId: string | null;
  readonly principal: string | null;
  readonly requestId: string | null;
  /** Which rule decided: an error code, or the name of what allowed it. */
  readonly rule: string | null;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

/**
 * An entry in its chain. `hash` is the SHA-256 (hex) over `previousHash` and the entry in canonical JSON with its number; the first entry's
 * `previousHash` is 64 zeros. `seq` counts from 1 without gaps.
 */
export interface AuditRecord extends AuditEntry {
  readonly seq: number;
  readonly previousHash: string;
  readonly hash: string;
}

/**
 * What was taken of one share by one subject in one slot of time; added to what is there. `slotMs` is the slot's beginning.
 * Entries are forgotten after `expiresAtMs`.
 */
export interface UsageEntry {
  /** Flow and name of the share: `avatars/quota-1`. */
  readonly share: string;
  readonly subject: string;
  readonly slotMs: number;
  readonly requests: number;
  readonly files: number;
  readonly bytes: number;
  readonly expiresAtMs: number;
}

/** A service's answer as it is given again. */
export interface StoredAnswer {
  readonly status: number;
  /** End-to-end headers: name, value, name, value … */
  readonly headers: readonly string[];
  /** Base64; `null` where the body was too large to keep. */
  readonly body: string | null;
}

/** What is known of an idempotency key. `scope` is flow, principal and key, hashed: the key itself is not kept. */
export interface IdempotencyRecord {
  readonly scope: string;
  /** SHA-256 over method, target and content of the upload. */
  readonly fingerprint: string;
  readonly uploadId: UploadId;
  readonly expiresAtMs: number;
  /** `null` while the upload has no answer: it runs, or nobody knows whether the service has it. */
  readonly answer: StoredAnswer | null;
}

/**
 * What happens to an idempotency key along with a move. `answer` and `free` are for the upload that claimed the key: where another one has
 * claimed it since, or nobody has it any more, they change nothing.
 */
export type IdempotencyChange =
  /**
   * Fails the whole change with RECORDS_KEY_TAKEN where the scope has an entry that is not expired at the time of the change: of its last
   * move, or of a new upload's start; without either, the present time.
   */
  | {
      readonly kind: "claim";
      readonly scope: string;
      readonly fingerprint: string;
      readonly expiresAtMs: number;
    }
  | {
      readonly kind: "answer";
      readonly scope: string;
      readonly answer: StoredAnswer;
      readonly expiresAtMs: number;
    }
  | { readonly kind: "free"; readonly scope: string };

/**
 * A grant that may be used once. Fails the whole change with RECORDS_GRANT_USED where it is recorded already, expired or not. `expiresAtMs`: when
 * it may be forgotten; not before the grant itself is refused for its age, clock skew included.
 */
export interface GrantUse {
  readonly id: string;
  readonly expiresAtMs: number;
}

/** An API key that must be in force. Fails the whole change with RECORDS_API_KEY_ENDED where it is revoked or another key has its id. */
export type RequiredApiKey = Pick<ApiKeyRecord, "id" | "secretSha256">;

/**
 * What another try to deliver needs beside the record and its files. Never with credentials of the client.
 * `parts`: in the client's order; a file by its index.
 */
export interface Handover {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly idempotencyScope: string | null;
  readonly parts: readonly (
    | { readonly kind: "field"; readonly name: string; readonly value: string }
    | { readonly kind: "file"; readonly name: string; readonly index: number }
  )[];
}

/** An API key: the secret itself is nowhere. Times are Unix milliseconds. */
export interface ApiKeyRecord {
  /** Public part of the key, by which it is found: 12 characters of `[0-9a-z]`. */
  readonly id: string;
  readonly name: string;
  readonly principal: string;
  /** SHA-256 of the secret part, hex. The secret has 256 random bits, so a slow hash would add nothing. */
  readonly secretSha256: string;
  readonly scopes: readonly string[];
  /** Flows that it opens; `null` for all. */
  readonly flows: readonly string[] | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
}

/** Everything that may change together with a move. Absent members stay as they are. */
export interface UploadChange {
  /** Each replaces the file of the same index; files of other indexes stay. */
  readonly files?: readonly FileRecord[];
  /** Bytes to keep in the database, by the key of one of the upload's files. Durable with the rest of the change. */
  readonly putInline?: readonly { readonly key: string; readonly bytes: Uint8Array }[];
  readonly dropInline?: readonly string[];
  readonly refusal?: RefusalRecord;
  /** Appended, or replaces the one with the same attempt. */
  readonly delivery?: DeliveryRecord;
  readonly bytesReceived?: number;
  /** Appended to the chain in the same transaction. */
  readonly audit?: readonly AuditEntry[];
  readonly usage?: readonly UsageEntry[];
  readonly idempotency?: IdempotencyChange;
  readonly useGrant?: GrantUse;
  readonly requireApiKey?: RequiredApiKey;
  /** Kept for another try; `null` forgets it. */
  readonly handover?: Handover | null;
  /** When the delivery is tried again; `null`: not by itself. */
  readonly nextTryAtMs?: number | null;
}

/** A whole record, as read back. */
export interface UploadRecord extends NewUpload {
  readonly state: UploadState;
  readonly updatedAtMs: number;
  readonly bytesReceived: number;
  readonly files: readonly FileRecord[];
  readonly moves: readonly UploadMove[];
  readonly refusal: RefusalRecord | null;
  readonly deliveries: readonly DeliveryRecord[];
  readonly nextTryAtMs: number | null;
}

/** Which uploads to list; newest first. */
export interface UploadFilter {
  readonly flow?: string;
  readonly state?: UploadState;
  readonly principal?: string;
  readonly limit: number;
}

/**
 * One flow's traffic over a minute, an hour or a day, as `signals/history` adds it up. One row a flow, step, beginning and writer: a writer (a gate from its start to its end)
 * writes its own row again as it grows, and rows of several writers add up.
 */
export interface HistoryPointRow {
  readonly stepMs: number;
  readonly fromMs: number;
  /** `""`: requests of no flow; `"*"`: all requests together. */
  readonly flow: string;
  /** When the writer was opened. */
  readonly writer: number;
  readonly requests: number;
  readonly bytesIn: number;
  /** JSON. */
  readonly counts: string;
  /** Base64. */
  readonly times: string;
  /** JSON. */
  readonly values: string;
}

/** A request that is kept by itself; of each flow and kind the newest stay. */
export interface HistoryRequestRow {
  readonly flow: string;
  readonly because: string;
  readonly atMs: number;
  readonly requestId: string;
  /** JSON. */
  readonly signal: string;
}

/** Something that may have changed how a flow behaves. `flow` is `null` for all. */
export interface HistoryMarkRow {
  readonly id: string;
  readonly atMs: number;
  readonly kind: string;
  readonly flow: string | null;
  readonly version: string | null;
  readonly previous: string | null;
  readonly note: string | null;
  readonly by: string | null;
}

/** What of a flow was in force or seen last: its policy version, its mode, the version of its service. */
export interface HistorySeenRow {
  readonly flow: string;
  readonly what: "policy" | "mode" | "version";
  readonly value: string;
  readonly atMs: number;
}

/** What history remembers, together. Absent members change nothing. */
export interface HistoryChange {
  readonly points?: readonly HistoryPointRow[];
  readonly requests?: readonly HistoryRequestRow[];
  readonly marks?: readonly HistoryMarkRow[];
  readonly seen?: readonly HistorySeenRow[];
}

export interface Records {
  /**
   * Records a new upload in state `receiving`, and takes `moves` and `change` along in the same transaction.
   * @throws RECORDS_STATE_CONFLICT (the id is recorded already, or a move does not fit), RECORDS_KEY_TAKEN, RECORDS_GRANT_USED, RECORDS_API_KEY_ENDED,
   *   RECORDS_UNAVAILABLE
   */
  begin(upload: NewUpload, moves?: readonly UploadMove[], change?: UploadChange): Promise<void>;
  /**
   * Moves an upload through `moves` in order and applies `change`, in one transaction. Without moves the state stays as it is.
   * @throws RECORDS_STATE_CONFLICT, RECORDS_UPLOAD_UNKNOWN, RECORDS_KEY_TAKEN, RECORDS_GRANT_USED, RECORDS_API_KEY_ENDED,
   *   RECORDS_UNAVAILABLE
   */
  move(id: UploadId, moves: readonly UploadMove[], change?: UploadChange): Promise<void>;
  get(id: UploadId): Promise<UploadRecord | null>;
  list(filter: UploadFilter): Promise<readonly UploadRecord[]>;
  /** Every upload that is not in a final state, oldest first: what a start has to go on with. */
  unfinished(): Promise<readonly UploadRecord[]>;
  /** Which of these storage keys a record still needs: files of uploads that are released, delivered by receipt, held or under way. */
  neededKeys(keys: readonly string[]): Promise<ReadonlySet<string>>;
  readInline(key: string): Promise<Uint8Array | null>;
  /** Keys with bytes in the database, with size: what a start has to bring to the store. */
  inlineKeys(): Promise<readonly { readonly key: string; readonly uploadId: UploadId }[]>;
  /** The file record of a key with its upload's state, for fetching by receipt. */
  findFile(
    key: string,
  ): Promise<{ readonly file: FileRecord; readonly uploadId: UploadId; readonly state: UploadState } | null>;
  /** Forgets bytes kept for these keys, of any uploads, in one transaction; keys without bytes are passed over. */
  dropInline(keys: readonly string[]): Promise<void>;
  /** Records what concerns no upload's record: decisions before there was one, use of shares. @throws RECORDS_UNAVAILABLE */
  note(change: {
    readonly audit?: readonly AuditEntry[];
    readonly usage?: readonly UsageEntry[];
  }): Promise<void>;
  /** Audit entries after `afterSeq` in order, at most `limit`. */
  auditTrail(range: { readonly afterSeq: number; readonly limit: number }): Promise<readonly AuditRecord[]>;
  /** All use of shares that is not expired. */
  usage(nowMs: number): Promise<readonly UsageEntry[]>;
  /** An entry that is not expired. */
  findIdempotencyKey(scope: string, nowMs: number): Promise<IdempotencyRecord | null>;
  /** Scopes of all entries, expired or not, in order: those that come after `afterScope` (`""`: from the first), at most `limit`. */
  idempotencyScopes(afterScope: string, limit: number): Promise<readonly string[]>;
  isGrantUsed(id: string): Promise<boolean>;
  handover(id: UploadId): Promise<Handover | null>;
  /** Uploads in state `undeliverable` whose next try is due, the longest waiting first. */
  dueDeliveries(nowMs: number, limit: number): Promise<readonly UploadRecord[]>;
  /** When the next try of all is due, or `null`. */
  nextDueAtMs(): Promise<number | null>;
  /** @throws RECORDS_STATE_CONFLICT where the id is taken */
  addApiKey(key: ApiKeyRecord, audit: AuditEntry): Promise<void>;
  /** Idempotent: a key that was revoked before stays as it is, and nothing is audited. @returns whether there is such a key */
  revokeApiKey(id: string, atMs: number, audit: AuditEntry): Promise<boolean>;
  findApiKey(id: string): Promise<ApiKeyRecord | null>;
  apiKeys(): Promise<readonly ApiKeyRecord[]>;
  /**
   * Says at once whether an API key may have changed: not while the value stays the same, whoever changes keys. `null`: nothing can be said now. A
   * process that died between a change and saying so is not noticed.
   */
  apiKeysMark(): number | null;
  /**
   * Forgets what has expired: keys, grants and use of shares by their own times; records of uploads in a final state that were last
   * changed before `uploadsBeforeMs`, with their files' and deliveries' rows. Uploads whose files are in the store for a receipt stay.
   * One call does a bounded amount of work, and the next one goes on where it stopped.
   * @returns how many uploads were forgotten; at most `limit`. 0 where none was found this time.
   */
  forget(nowMs: number, uploadsBeforeMs: number, limit: number): Promise<number>;
  /** Puts points, kept requests and marks of the gate's history, in one transaction. A mark whose id is there changes nothing. @throws RECORDS_UNAVAILABLE */
  remember(change: HistoryChange): Promise<void>;
  historySeen(): Promise<readonly HistorySeenRow[]>;
  /**
   * Forgets history that is too old (minutes after 48 hours, hours, days and marks after 400 days, kept requests after 30 days) or too much. At most `limit` rows of each kind.
   * @returns how many rows were forgotten
   */
  forgetHistory(nowMs: number, limit: number): Promise<number>;
  /** Resolves when a write goes through; for readiness. @throws RECORDS_UNAVAILABLE */
  probe(): Promise<void>;
  close(): Promise<void>;
}
