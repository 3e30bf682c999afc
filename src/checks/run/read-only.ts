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

/**
 * Sends what reads. The first control upload is answered with what the run's own control upload was answered; a second one would have to be another
 * upload. @throws NotReadOnly
 */
export function readingOnly(send: Send, control: LoggedExchange | null, redaction: Redaction): Send {
  let left = control;
  return async (sending) => {
    if (isReadOnly(sending.probe)) return send(sending);
    const same = left !== null && isSameUpload(sending.probe, left, redaction) ? left : null;
    if (same === null) throw new NotReadOnly("prod-safe reads only, beside one control upload");
    left = null;
    return same.exchange;
  };
}

/** The same bytes at the same pace, but for the credential. */
function isSameUpload(probe: Probe, { sent }: LoggedExchange, redaction: Redaction): boolean {
  const { sha256, isPlain } = bytesToSend(probe, redaction);
  return isPlain && sent.isPlain && sha256 === sent.sha256;
}
