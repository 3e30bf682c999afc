/**
 * The one error class. A refusal by policy is a value (`Verdict`); all else that goes wrong is one of these.
 */

import { ERROR_CODES, type ErrorCode } from "./error-code.ts";
import { escapeUnits } from "./escape-units.ts";

/** What a client may see of an error. Plain values only. */
export type PublicDetails = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** What makes a GateError, beside its code. */
export interface GateErrorInit {
  /** One sentence for the client: what failed. Never a path, a stack, a version. Default: the code's title. */
  readonly message?: string;
  /** What the gate expected, in plain words. */
  readonly expected?: string;
  /** What it saw, in plain words; client text in it must be shortened and quoted by `quoteSeen`. */
  readonly seen?: string;
  /** Members added to the problem, for machines: `byteOffset`, `field`, `limitBytes` … */
  readonly details?: PublicDetails;
  /** For the log only. */
  readonly cause?: unknown;
  /** Seconds after which a retry makes sense; becomes `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

/**
 * Anything that goes wrong other than by verdict.
 * `publicMessage`, `expected`, `seen` and `details` may leave the process; `cause` goes to the log only.
 */
export class GateError extends Error {
  override readonly name = "GateError";
  readonly code: ErrorCode;
  readonly expected: string | null;
  readonly seen: string | null;
  readonly details: PublicDetails;
  readonly retryAfterSeconds: number | null;

  constructor(code: ErrorCode, init: GateErrorInit = {}) {
    super(
      init.message ?? ERROR_CODES[code].title,
      init.cause === undefined ? undefined : { cause: init.cause },
    );
    this.code = code;
    this.expected = init.expected ?? null;
    this.seen = init.seen ?? null;
    this.details = init.details ?? {};
    this.retryAfterSeconds = init.retryAfterSeconds ?? null;
  }

  get publicMessage(): string {
    return this.message;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  get retry(): "never" | "later" | "safe" {
    return ERROR_CODES[this.code].retry;
  }
}

/** Controls, format characters (bidi, zero width, tags), line separators, halves of pairs; those below U+0080 are JSON's to escape. */
const UNPRINTABLE = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Client text made fit to be shown: cut at `charsMax`, controls, bidi and format characters escaped, in double quotes. */
export function quoteSeen(text: string, charsMax = 80): string {
  const cut = text.length > charsMax ? `${text.slice(0, charsMax)}…` : text;
  return JSON.stringify(cut).replace(UNPRINTABLE, escapeUnits);
}
