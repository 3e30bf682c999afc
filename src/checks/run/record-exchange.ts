/**
 * One request and its answers as they are told: beginnings of bodies, sizes and a digest, no secrets.
 */
import type { Answer } from "../answer-reader.ts";
import type { Sending } from "../send.ts";
import type { Exchange } from "../send-probe.ts";
import type { RecordedAnswer, RecordedExchange } from "./check-run.ts";
import { isPlainHttp } from "./plain-http.ts";
import { HIDDEN, type Redaction } from "./redaction.ts";
import type { SentBytes } from "./sent-bytes.ts";

const REQUEST_BODY_BYTES_MAX = 8 * 1024;
const ANSWER_BODY_BYTES_MAX = 4 * 1024;

/** The head of a request as text, without the empty line, and what follows of its beginning. */
export function splitHead(beginning: Uint8Array): { readonly head: string; readonly body: Uint8Array } {
  const bytes = Buffer.from(beginning);
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return { head: bytes.toString("latin1"), body: new Uint8Array() };
  return { head: bytes.toString("latin1", 0, end), body: bytes.subarray(end + 4) };
}

export function recordExchange(
  sending: Pick<Sending, "part" | "name" | "origin">,
  sent: SentBytes,
  exchange: Exchange,
  { redaction, sentAt }: { readonly redaction: Redaction; readonly sentAt: Date },
): RecordedExchange {
  const { head, body } = splitHead(sent.beginning);
  return {
    name: redaction.text(sending.name),
    part: sending.part,
    origin: sending.origin,
    request: {
      head,
      bodyBytes: sent.bodyBytes,
      bodyStart: base64(body.subarray(0, REQUEST_BODY_BYTES_MAX)),
      sha256: sent.sha256,
      isPlainHttp: isPlainHttp(sent),
    },
    answers: exchange.answers.map((answer) => recordAnswer(answer, redaction)),
    end: exchange.end,
    sentAt: sentAt.toISOString(),
    answeredAfterMs: exchange.answeredAfterMs === null ? null : Math.round(exchange.answeredAfterMs),
    elapsedMs: Math.round(exchange.elapsedMs),
    takenBytes: exchange.takenBytes,
  };
}

function recordAnswer(answer: Answer, redaction: Redaction): RecordedAnswer {
  for (const [name, value] of answer.headers) redaction.learn(name, value);
  return {
    status: answer.status,
    headers: answer.headers.map(([name, value]) => [
      name,
      redaction.hides(name) ? HIDDEN : redaction.text(value),
    ]),
    bodyBytes: answer.body.length,
    // A secret at the cut would be shown in part: it is taken out first.
    bodyStart: base64(
      redaction.bytes(answer.body.subarray(0, 16 * ANSWER_BODY_BYTES_MAX)).subarray(0, ANSWER_BODY_BYTES_MAX),
    ),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}
