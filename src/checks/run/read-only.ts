/**
 * What may be sent to a target that is in use: requests that only read, and the one control upload that was sent already, whose answer is used again.
 */
import type { Probe } from "../check.ts";
import type { Send } from "../send.ts";
import type { Redaction } from "./redaction.ts";
import type { LoggedExchange } from "./run-wire.ts";
import { bytesToSend, startOf } from "./sent-bytes.ts";

/** It would have been more than reading. */
export class NotReadOnly extends Error {}

/** Whether a probe only reads. @see RFC 9110 section 9.2.1 */
export function isReadOnly(probe: Probe): boolean {
  return /^(GET|HEAD|OPTIONS) /.test(startOf(probe));
}

/** Sends what reads; a control upload is answered with what the run's own control upload was answered. @throws NotReadOnly */
export function readingOnly(send: Send, control: LoggedExchange | null, redaction: Redaction): Send {
  return async (sending) => {
    if (isReadOnly(sending.probe)) return send(sending);
    if (control !== null && bytesToSend(sending.probe, redaction).sha256 === control.sent.sha256)
      return control.exchange;
    throw new NotReadOnly("prod-safe reads only, beside one control upload");
  };
}
