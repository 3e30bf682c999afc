/**
 * Asks a target before any check runs: its control upload, and plain questions. One connection each, nothing followed, nothing retried.
 */
import type { Answer } from "../answer-reader.ts";
import type { Target } from "../check.ts";
import { plainRequest } from "../define-scenario.ts";
import { controlProbe } from "../payloads/upload.ts";
import { type Exchange, sendProbe } from "../send-probe.ts";
import { targetAs } from "../target-as.ts";

const QUESTION_MS = 5000;
const UPLOAD_MS = 15_000;

/** What came of the control upload: exactly one of the two is `null`. */
export interface Attempt {
  readonly exchange: Exchange | null;
  /** Why there was no exchange at all: no connection, no credential. */
  readonly error: unknown;
}

/** Sends the control upload as the main identity. */
export async function tryControl(target: Target): Promise<Attempt> {
  try {
    const probe = controlProbe(await targetAs(target, "main"));
    return {
      exchange: await sendProbe(target.origin, probe, { deadlineMs: UPLOAD_MS, lingerMs: 0 }),
      error: null,
    };
  } catch (error) {
    return { exchange: null, error };
  }
}

/** GETs a path. @returns the first answer, or `null` where none came */
export async function ask(target: Target, path: string): Promise<Answer | null> {
  try {
    const probe = plainRequest(target, "GET", path, "Connection: close");
    const exchange = await sendProbe(target.origin, probe, { deadlineMs: QUESTION_MS, lingerMs: 0 });
    return exchange.answers[0] ?? null;
  } catch {
    return null;
  }
}

export function bodyText(answer: Pick<Answer, "body">): string {
  return Buffer.from(answer.body).toString();
}

/** The body as JSON, or `undefined` where it is none. */
export function bodyJson(answer: Pick<Answer, "body">): unknown {
  try {
    return JSON.parse(bodyText(answer)) as unknown;
  } catch {
    return undefined;
  }
}
