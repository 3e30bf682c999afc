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
}

/** Which uploads to list; newest first. */
export interface UploadFilter {
  readonly flow?: string;
  readonly state?: UploadState;
  readonly limit: number;
}

export interface Records {
  /**
   * Records a new upload in state `receiving`, and takes `moves` and `change` along in the same transaction.
   * @throws RECORDS_STATE_CONFLICT (the id is recorded already, or a move does not fit), RECORDS_UNAVAILABLE
   */
  begin(upload: NewUpload, moves?: readonly UploadMove[], change?: UploadChange): Promise<void>;
  /**
   * Moves an upload through `moves` in order and applies `change`, in one transaction. Without moves the state stays as it is.
   * @throws RECORDS_STATE_CONFLICT, RECORDS_UPLOAD_UNKNOWN, RECORDS_UNAVAILABLE
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
  /** Resolves when a write goes through; for readiness. @throws RECORDS_UNAVAILABLE */
  probe(): Promise<void>;
  close(): Promise<void>;
}
