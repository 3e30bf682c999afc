/**
 * What the main thread and the records thread say to each other.
 *
 * Main → thread: a batch of requests numbered from `first`, with all their inline bytes in one buffer that is transferred, so that
 * they are copied once and never cloned. Thread → main: one answer for each group that was committed.
 */
import type { UploadId } from "../../uploads/upload-id.ts";
import type {
  ApiKeyRecord,
  AuditEntry,
  HistoryChange,
  IdempotencyChange,
  NewUpload,
  UploadChange,
  UploadFilter,
  UploadMove,
} from "../records.ts";
import type { ErrorMessage } from "./database-errors.ts";

/** What the thread is started with. */
export interface ThreadStart {
  readonly path: string;
  readonly busyTimeoutMs: number;
  readonly checkBytesMax: number;
}

/** Bytes within the batch's buffer. */
export interface InlineRange {
  readonly key: string;
  readonly offset: number;
  readonly lengthBytes: number;
}

/** What happens to an idempotency key, with the answer as the text that is written. */
export type WrittenKeyChange =
  | Exclude<IdempotencyChange, { readonly kind: "answer" }>
  | (Omit<Extract<IdempotencyChange, { readonly kind: "answer" }>, "answer"> & { readonly answer: string });

/** A change as the tables write it: what is kept as text is text already. */
export type WrittenChange = Omit<UploadChange, "handover" | "idempotency"> & {
  readonly handover?: string | null;
  readonly idempotency?: WrittenKeyChange;
};

/**
 * A change on its way: its inline bytes are in the batch's buffer, and long texts in its list of texts, named by their places, so that they
 * are neither written as JSON within JSON nor read before they are written.
 */
export type PackedChange = Omit<UploadChange, "putInline" | "handover" | "idempotency"> & {
  readonly inline?: readonly InlineRange[];
  readonly handover?: number | null;
  readonly idempotency?: PackedKeyChange;
};

export type PackedKeyChange =
  | Exclude<WrittenKeyChange, { readonly kind: "answer" }>
  | (Omit<Extract<WrittenKeyChange, { readonly kind: "answer" }>, "answer"> & { readonly answer: number });

export type ChangeRequest =
  | {
      readonly kind: "begin";
      readonly upload: NewUpload;
      readonly moves: readonly UploadMove[];
      readonly change: PackedChange;
    }
  | {
      readonly kind: "move";
      readonly id: UploadId;
      readonly moves: readonly UploadMove[];
      readonly change: PackedChange;
    }
  | { readonly kind: "dropInline"; readonly keys: readonly string[] }
  | { readonly kind: "note"; readonly change: Pick<UploadChange, "audit" | "usage"> }
  | { readonly kind: "addApiKey"; readonly key: ApiKeyRecord; readonly audit: AuditEntry }
  | {
      readonly kind: "revokeApiKey";
      readonly id: string;
      readonly atMs: number;
      readonly audit: AuditEntry;
    }
  | {
      readonly kind: "forget";
      readonly nowMs: number;
      readonly uploadsBeforeMs: number;
      readonly limit: number;
    }
  | { readonly kind: "remember"; readonly change: HistoryChange }
  | { readonly kind: "forgetHistory"; readonly nowMs: number; readonly limit: number }
  | { readonly kind: "probe"; readonly atMs: number };

export type Question =
  | { readonly kind: "get"; readonly id: UploadId }
  | { readonly kind: "list"; readonly filter: UploadFilter }
  | { readonly kind: "unfinished" }
  | { readonly kind: "neededKeys"; readonly keys: readonly string[] }
  | { readonly kind: "readInline"; readonly key: string }
  | { readonly kind: "inlineKeys" }
  | { readonly kind: "findFile"; readonly key: string }
  | { readonly kind: "auditTrail"; readonly afterSeq: number; readonly limit: number }
  | { readonly kind: "usage"; readonly nowMs: number }
  | { readonly kind: "findIdempotencyKey"; readonly scope: string; readonly nowMs: number }
  | { readonly kind: "idempotencyScopes"; readonly afterScope: string; readonly limit: number }
  | { readonly kind: "isGrantUsed"; readonly id: string }
  | { readonly kind: "handover"; readonly id: UploadId }
  | { readonly kind: "dueDeliveries"; readonly nowMs: number; readonly limit: number }
  | { readonly kind: "nextDueAtMs" }
  | { readonly kind: "findApiKey"; readonly id: string }
  | { readonly kind: "apiKeys" }
  | { readonly kind: "historySeen" };

/** `close` is always the last request of a thread. */
export type RecordsRequest = ChangeRequest | Question | { readonly kind: "close" };

export type RequestOf<Kind extends RecordsRequest["kind"]> = Extract<RecordsRequest, { readonly kind: Kind }>;

export interface RequestBatch {
  /** Number of the first request; the others follow. */
  readonly first: number;
  /** `RecordsRequest[]` as JSON: a structured clone of the same takes three times as long. */
  readonly requests: string;
  readonly count: number;
  /** What packed changes name by its place. */
  readonly texts: readonly string[];
  readonly inline: ArrayBuffer;
}

/** The first message of the thread: open, or the reason why not. */
export type ThreadOpened = { readonly failure: ErrorMessage | null };

/** One group's answers, by request number. `commits` counts the transactions since the start. */
export interface GroupAnswer {
  readonly commits: number;
  readonly done: readonly number[];
  readonly failed: readonly { readonly number: number; readonly error: ErrorMessage }[];
  readonly answers: readonly { readonly number: number; readonly value: unknown }[];
}

const CHANGES: Readonly<Record<ChangeRequest["kind"], true>> = {
  begin: true,
  move: true,
  dropInline: true,
  note: true,
  addApiKey: true,
  revokeApiKey: true,
  forget: true,
  remember: true,
  forgetHistory: true,
  probe: true,
};

/** Whether a request changes anything, and so belongs in the group's transaction. */
export function isChangeRequest(request: RecordsRequest): request is ChangeRequest {
  return Object.hasOwn(CHANGES, request.kind);
}
