/**
 * The states an upload can be in. Which moves between them are legal is one table, `gate/transitions.ts`.
 */

/** Every state of an upload, in the order of the way of the data. */
export const UPLOAD_STATES = [
  "receiving",
  "received",
  "inspecting",
  "accepted",
  "released",
  "delivered",
  "aborted",
  "expired",
  "rejected",
  "held",
  "undeliverable",
  "observed",
] as const;

/**
 * `observed` is the one end state of an upload whose flow is in mode `observe`: it went to the service untouched, and the record
 * says what the gate would have done.
 */
export type UploadState = (typeof UPLOAD_STATES)[number];

const FINAL: ReadonlySet<UploadState> = new Set(["delivered", "aborted", "expired", "rejected", "observed"]);

/** Whether nothing moves an upload on from this state by itself. */
export function isFinalState(state: UploadState): boolean {
  return FINAL.has(state);
}
