/**
 * The bytes of a recorded request, as far as a run tells them: to send the same again.
 *
 * Always holds: what comes out whole has the digest that was recorded, so that nobody is given something that only looks like it.
 */
import { createHash } from "node:crypto";
import type { RecordedExchange } from "../run/check-run.ts";

/** What stands in place of a secret. */
const HIDDEN = "***";
const LINE_END = "\r\n";

/** A request that is known whole. */
export interface SentRequest {
  /** Everything that went over the wire, secrets as `***`. */
  readonly bytes: Buffer;
  readonly line: string;
  /** Header lines, latin-1. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** Names of the headers whose values are hidden, in order: what `credentialName` is filled in for. */
  readonly hidden: readonly string[];
}

/** The request, or why it cannot be made again from the report, as the end of a sentence. */
export function sentRequest(exchange: RecordedExchange): SentRequest | string {
  const { head, bodyStart, bodyBytes, sha256 } = exchange.request;
  const body = Buffer.from(bodyStart, "base64");
  if (bodyBytes > body.length) return "its body is longer than what the report holds";
  const withEnd = Buffer.concat([Buffer.from(`${head}${LINE_END}${LINE_END}`, "latin1"), body]);
  const withoutEnd = Buffer.concat([Buffer.from(head, "latin1"), body]);
  const bytes = [withEnd, withoutEnd].find((each) => digest(each) === sha256);
  if (bytes === undefined) return "the report does not hold all of it";
  if (body.includes(HIDDEN)) return "there is a secret in its body, which the report does not hold";
  const [line = "", ...headers] = head.split(LINE_END);
  const hidden = headers.filter((each) => each.includes(HIDDEN)).map((each) => each.split(":")[0] ?? "");
  const count = head.split(HIDDEN).length - 1;
  if (count !== hidden.length) return "there is a secret in its first line, which the report does not hold";
  return { bytes, line, headers, body, hidden };
}

/** Name of the environment variable for the nth hidden value, from 0. */
export function credentialName(index: number): string {
  return index === 0 ? "SLUICEGATE_CREDENTIAL" : `SLUICEGATE_CREDENTIAL_${index + 1}`;
}

/** A text with each `***` replaced in turn. */
export function replaceHidden(text: string, replace: (index: number) => string): string {
  return text
    .split(HIDDEN)
    .map((part, index) => (index === 0 ? part : replace(index - 1) + part))
    .join("");
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
