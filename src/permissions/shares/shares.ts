/**
 * How much of a flow somebody may take: the interface. Implemented by `share-ledger.ts`.
 *
 * Always holds: what is reserved and what was taken never exceed a share together, however many uploads run at once. A reservation lives in
 * memory: it ends with its upload, and with the process. What was taken is in the records, in the same transaction that releases the upload; only
 * of rates by the minute or a shorter time, a few seconds later.
 */
import type { Flow } from "../../flows/flow.ts";
import type { UsageEntry } from "../../records/records.ts";

/** One upload's part of the shares that concern it. */
export interface Reservation {
  /**
   * Takes the request into account for shares of its address, before anybody is asked who it is.
   * @throws RATE_EXCEEDED, CONCURRENCY_EXCEEDED
   */
  begin(): void;
  /**
   * Takes the request into account for shares of its principal and flow.
   * @param contentLengthBytes as declared, or `null`: then `grow` takes more as bytes come.
   * @throws RATE_EXCEEDED, CONCURRENCY_EXCEEDED, QUOTA_EXCEEDED (with retryAfterSeconds); QUOTA_TOO_SMALL where no wait would help; GATE_BUSY.
   *   Then nothing was taken
   */
  admit(principal: string, contentLengthBytes: number | null): void;
  /**
   * After a quota has refused `admit`, for a request that seems to send again what was taken before: takes it into account without bytes and
   * files. Where it turns out to be something new, `settle` asks for them.
   * @throws RATE_EXCEEDED, CONCURRENCY_EXCEEDED
   */
  admitAgain(): void;
  /** Called while bytes arrive; both numbers are those of the whole upload so far. @throws QUOTA_EXCEEDED, QUOTA_TOO_SMALL */
  grow(bytesReceived: number, filesBegun: number): void;
  /**
   * What was really taken: goes into the records along with the release. Reservations of bytes and files end; the place of a concurrent upload
   * is kept until `end`.
   * @throws QUOTA_EXCEEDED, QUOTA_TOO_SMALL where it is more than was reserved and does not fit
   */
  settle(bytes: number, files: number): readonly UsageEntry[];
  /** Undoes `settle`, where the release was not recorded. */
  unsettle(): void;
  /** Gives back whatever is still reserved. Safe to call twice. */
  end(): void;
  /** `RateLimit-Policy` and `RateLimit` for the answer, name and value; none where the flow has no such share. */
  headers(): readonly (readonly [name: string, value: string])[];
}

export interface Shares {
  /** For one request; nothing is taken yet. @throws GATE_BUSY */
  reserve(flow: Flow, address: string): Reservation;
  /** Use that no release has recorded yet (requests that were refused or failed): written from time to time, and at the end. */
  takeUnrecorded(): readonly UsageEntry[];
}
