/**
 * What goes on behind the answers of one gate, found by the gate itself: entries that the records would not take at once, and the job that
 * tries deliveries again.
 */
import type { GateParts } from "../gate-parts.ts";
import { LateRecords } from "./late-records.ts";

/** Who is told that a delivery waits, or does not any more. */
interface Listener {
  /** A delivery may have become due. */
  readonly wake: () => void;
  /** Somebody outside may have decided about deliveries. */
  readonly lookAgain: () => void;
}

interface BehindAnswers {
  readonly late: LateRecords;
  listener: Listener;
}

const NOBODY: Listener = { wake: () => {}, lookAgain: () => {} };

const known = new WeakMap<GateParts, BehindAnswers>();

function behind(gate: GateParts): BehindAnswers {
  const found = known.get(gate);
  if (found !== undefined) return found;
  const made: BehindAnswers = { late: new LateRecords(gate.log), listener: NOBODY };
  known.set(gate, made);
  return made;
}

/** The entries of this gate that wait for the records. */
export const lateRecordsOf = (gate: GateParts): LateRecords => behind(gate).late;

/** Says that an upload is kept whose service could not be told; it may be due soon. */
export function deliveryKept(gate: GateParts): void {
  gate.metrics.deliveriesWaiting.inc();
  behind(gate).listener.wake();
}

/** Says that a delivery may have become due. Does nothing where no job runs. */
export const wakeRedelivery = (gate: GateParts): void => behind(gate).listener.wake();

/** Says that somebody outside this process has decided about deliveries. */
export const lookAtDeliveries = (gate: GateParts): void => behind(gate).listener.lookAgain();

/** Names who is told. */
export function onDeliveries(gate: GateParts, listener: Listener): void {
  behind(gate).listener = listener;
}
