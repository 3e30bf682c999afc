/**
 * A retry with the same Idempotency-Key gives the same answer and has one effect: the interface. Implemented by `idempotency-keys.ts`.
 *
 * The way of a key: `begin` when the head is read (nobody else with this key may run), `recognise` when the content is there (an answer to give
 * again, or a claim that goes into the records along with the release), `answered` along with the service's answer, `end` always.
 */
import type { Flow } from "../../flows/flow.ts";
import type { IdempotencyChange, StoredAnswer } from "../../records/records.ts";
import type { UploadId } from "../../uploads/upload-id.ts";

/** One upload's key on its way. */
export interface IdempotentUpload {
  /**
   * Whether something was done with the key that was sent: then this may be a retry. Of a key that is derived nothing is known yet.
   * @throws RECORDS_UNAVAILABLE
   */
  isKnown(): Promise<boolean>;
  /**
   * What is to be done now that the content is known.
   * - `go`: nothing with this key was done; `claim` goes along with the release. `null` where the flow has no keys or none was sent.
   * - `replay`: done before; the answer is given again.
   * @param fingerprint SHA-256 (hex) over method, target and content
   * @throws IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_RUNNING, IDEMPOTENCY_UNDECIDED, IDEMPOTENCY_ANSWER_NOT_KEPT
   */
  recognise(
    fingerprint: string,
  ): Promise<
    | { readonly kind: "go"; readonly claim: IdempotencyChange | null }
    | { readonly kind: "replay"; readonly answer: StoredAnswer; readonly uploadId: UploadId }
  >;
  /** Whether the service's answer has to be kept; then its body is gathered up to `ANSWER_BYTES_MAX`. */
  readonly keepsAnswer: boolean;
  /** The hashed scope that was claimed, or `null`. */
  readonly scope: string | null;
  /**
   * Goes along with the record of the service's answer: kept, or freed where the service did nothing (5xx).
   * @param answer as `storedAnswer` makes it, without the headers that a retry does not get
   */
  answered(answer: StoredAnswer): IdempotencyChange | null;
  /** Goes along with an end without any effect: the key is free again. */
  freed(): IdempotencyChange | null;
  /** Nothing runs with this key any more. Safe to call twice. */
  end(): void;
}

export interface Idempotency {
  /**
   * Reads the key of a request's head and takes it for this upload.
   * @param headerValues every value of the header as sent
   * @throws IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_RUNNING, RECORDS_UNAVAILABLE
   */
  begin(
    flow: Flow,
    upload: { readonly id: UploadId; readonly principal: string },
    headerValues: readonly string[],
  ): IdempotentUpload;
}

/** A larger answer is passed on and not kept. */
export const ANSWER_BYTES_MAX = 256 * 1024;
