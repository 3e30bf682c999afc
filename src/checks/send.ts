/**
 * How one request of a check goes out: the one way in which runs of checks differ from each other (counted, recorded, or plain).
 */
import type { Expectation, Probe } from "./check.ts";
import { type Exchange, type SendLimits, sendProbe } from "./send-probe.ts";

/** One request, and where it belongs. */
export interface Sending {
  readonly part: "attack" | "twin" | "control";
  /** What it is within its case. */
  readonly name: string;
  readonly origin: string;
  readonly probe: Probe;
  /** Absent where the answer is judged together with others, or later. */
  readonly expect?: Expectation;
  readonly limits: SendLimits;
}

/** Sends it. @throws where no connection can be made, or nothing more may be sent */
export type Send = (sending: Sending) => Promise<Exchange>;

export const sendDirectly: Send = ({ origin, probe, limits }) => sendProbe(origin, probe, limits);
