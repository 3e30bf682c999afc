/**
 * What goes on behind the answers of one gate, found by the gate itself: entries that the records would not take at once, and the job that
 * tries deliveries again.
 */
import type { GateParts } from "../gate-parts.ts";
import { LateRecords } from "./late-records.ts";

interface BehindAnswers {
  readonly late: LateRecords;
  wake: () => void;
}

const known = new WeakMap<GateParts, BehindAnswers>();

function behind(gate: GateParts): BehindAnswers {
  const found = known.get(gate);
  if (found !== undefined) return found;
  const made: BehindAnswers = { late: new LateRecords(gate.log), wake: () => {} };
  known.set(gate, made);
  return made;
}

/** The entries of this gate that wait for the records. */
export const lateRecordsOf = (gate: GateParts): LateRecords => behind(gate).late;

/** Says that a delivery may have become due. Does nothing where no job runs. */
export const wakeRedelivery = (gate: GateParts): void => behind(gate).wake();

/** Names who is woken. */
export function onWake(gate: GateParts, wake: () => void): void {
  behind(gate).wake = wake;
}
