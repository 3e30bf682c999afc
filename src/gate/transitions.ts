/**
 * The state machine of an upload, as one table of legal moves. Nothing changes a state but a move from this table, and a move is written
 * before it is acted on.
 *
 * Moves with no effect outside the records between them are written in one transaction (`received → inspecting → accepted`): a killed
 * process finds either all of them or none.
 */
import type { UploadMove } from "../records/records.ts";
import type { UploadState } from "../uploads/upload-state.ts";

const LEGAL_MOVES: Readonly<Record<UploadState, readonly UploadState[]>> = {
  // refused while bytes arrive → rejected; the client went away, or the gate was stopped → aborted
  receiving: ["received", "rejected", "aborted", "observed"],
  received: ["inspecting", "expired"],
  inspecting: ["accepted", "rejected", "held", "expired"],
  held: ["accepted", "rejected", "expired"],
  // the release itself found that it must not be (its permission has ended) → rejected
  accepted: ["released", "rejected", "expired"],
  // the service refused it and the client was told so → rejected; nobody knows whether the service has it → undeliverable
  released: ["delivered", "undeliverable", "rejected"],
  undeliverable: ["delivered", "rejected", "expired"],
  delivered: [],
  aborted: [],
  expired: [],
  rejected: [],
  observed: [],
};

/** Whether the table allows this move. */
export function isLegalMove(from: UploadState, to: UploadState): boolean {
  return LEGAL_MOVES[from].includes(to);
}

/**
 * A chain of moves from one state through others, all at one time.
 * @throws Error for a move that is not in the table: a bug, never bad input.
 */
export function moves(
  atMs: number,
  from: UploadState,
  ...to: readonly (UploadState | readonly [UploadState, string])[]
): UploadMove[] {
  let at = from;
  return to.map((step) => {
    const [next, note] = typeof step === "string" ? [step, undefined] : step;
    if (!isLegalMove(at, next)) throw new Error(`illegal move: ${at} → ${next}`);
    const move: UploadMove = { from: at, to: next, atMs, ...(note === undefined ? {} : { note }) };
    at = next;
    return move;
  });
}
