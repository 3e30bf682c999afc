/**
 * Asks a target before any check runs: its control upload, and plain questions. One connection each, nothing followed, nothing retried.
 */
import { parseJson } from "../../setup/parse-json.ts";
import type { Answer } from "../answer-reader.ts";
import type { Probe, Target } from "../check.ts";
import type { TlsTrust } from "../open-connection.ts";
import { latin1 } from "../payloads/bytes.ts";
import { controlProbe } from "../payloads/upload.ts";
import { type Exchange, type SendLimits, sendProbe } from "../send-probe.ts";
import { targetAs } from "../target-as.ts";

const QUESTION_MS = 5000;
const UPLOAD_MS = 15_000;

/** What may be sent before a run: nothing (a plan is only shown), questions alone, or a control upload, too. */
export type FirstRequests = "none" | "questions" | "upload";

/** What came of the control upload: at most one of the two is not `null`; none of them where nothing was sent. */
export interface Attempt {
  readonly exchange: Exchange | null;
  /** Why there was no exchange at all: no connection, no credential. */
  readonly error: unknown;
}

export const NOT_TRIED: Attempt = { exchange: null, error: null };

/** Sends the control upload as the main identity. */
export async function tryControl(target: Target, tls?: TlsTrust): Promise<Attempt> {
  try {
    const probe = controlProbe(await targetAs(target, "main"));
    return {
      exchange: await sendProbe(target.origin, probe, limitsOf(UPLOAD_MS, tls)),
      error: null,
    };
  } catch (error) {
    return { exchange: null, error };
  }
}

/** Whom a question goes to, and the header lines that go with it. */
export type Asked = Pick<Target, "origin" | "headers" | "credential">;

/** GETs a path. @returns the first answer, or `null` where none came */
export async function ask(asked: Asked, path: string, tls?: TlsTrust): Promise<Answer | null> {
  try {
    return await askOrThrow(asked, path, tls);
  } catch {
    return null;
  }
}

/** GETs a path. @returns `null` where a connection was made, and no answer came. @throws where none could be made */
export async function askOrThrow(asked: Asked, path: string, tls?: TlsTrust): Promise<Answer | null> {
  const exchange = await sendProbe(asked.origin, question(asked, path), limitsOf(QUESTION_MS, tls));
  return exchange.answers[0] ?? null;
}

function limitsOf(deadlineMs: number, tls: TlsTrust | undefined): SendLimits {
  return { deadlineMs, lingerMs: 0, ...(tls === undefined ? {} : { tls }) };
}

function question({ origin, headers, credential = [] }: Asked, path: string): Probe {
  const head = [
    `GET ${path} HTTP/1.1`,
    `Host: ${new URL(origin).host}`,
    ...headers,
    ...credential,
    "User-Agent: sluicegate-check",
    "Connection: close",
  ];
  return {
    content: { files: [], fields: [] },
    steps: () => [latin1(`${head.join("\r\n")}\r\n\r\n`)],
  };
}

export function bodyText(answer: Pick<Answer, "body">): string {
  return Buffer.from(answer.body).toString();
}

/** The body as JSON, or `undefined` where it is none. */
export function bodyJson(answer: Pick<Answer, "body">): unknown {
  return parseJson(bodyText(answer));
}
