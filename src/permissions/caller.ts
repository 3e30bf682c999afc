/**
 * Who sends, and what they may: the interface between the gate and the kinds of callers in `callers/`, one file a kind.
 *
 * Always holds: everything here is judged by headers alone, before a byte of the body is read. A caller that is not known or not allowed is
 * a GateError with the status that RFC 9110 section 15.5 asks for; a 401 carries its challenge in `details.challenge`, which the gate writes as `WWW-Authenticate`.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { CallerKind, Flow } from "../flows/flow.ts";
import type { GrantUse, RequiredApiKey } from "../records/records.ts";

/** What a request shows of who sends it. */
export interface CallerRequest {
  readonly method: string;
  /** Canonical path without query. */
  readonly path: string;
  /** Canonical path with query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Name, value, name, value … as they came. */
  readonly rawHeaders: readonly string[];
  readonly clientAddress: string;
  /** By which the client came. Absent: `http`. */
  readonly scheme?: "http" | "https";
  /** As declared; `null` for a chunked body. */
  readonly contentLengthBytes: number | null;
  readonly requestId: string;
  readonly traceparent: string;
  /** Told as soon as it is proven who sends, also where they may not: a refusal is then known to be theirs. */
  readonly recognised?: (principal: string) => void;
}

/** What a grant or the service's yes allows less than the flow does; `null` members narrow nothing. */
export interface Narrowing {
  readonly fileBytesMax: number | null;
  readonly filesMax: number | null;
  /** Media types. */
  readonly types: readonly string[] | null;
  /** SHA-256, lower-case hex, of the one file that may be sent. */
  readonly sha256: string | null;
}

/** A caller that may send. */
export interface Admission {
  /** Stable name of who sends: `public`, a key's principal, a token's subject, what a grant or the service names. At most 200 characters. */
  readonly principal: string;
  readonly narrowing: Narrowing | null;
  /** Recorded with the upload's release, once. */
  readonly grant: GrantUse | null;
  /** Must be in force when the upload is released, and is looked at in that transaction; `confirm` need not be asked then. Absent: no key. */
  readonly requireApiKey?: RequiredApiKey;
  /**
   * Lower-case names of the headers that hold credentials for the gate itself, a key or a grant: they do not go on to the service.
   * Absent: none.
   */
  readonly consumedHeaders?: readonly string[];
  /**
   * Asks again, when the upload is complete and before it is released.
   * @throws PERMISSION_REVOKED, PERMISSION_UNAVAILABLE
   */
  confirm(): Promise<void>;
}

/** One kind of caller. */
export interface CallerCheck {
  /**
   * @throws CREDENTIALS_MISSING, CREDENTIALS_INVALID, CREDENTIALS_AMBIGUOUS, PERMISSION_DENIED, PERMISSION_UNAVAILABLE, GRANT_USED, GRANT_MISMATCH
   */
  admit(flow: Flow, request: CallerRequest): Promise<Admission>;
  /**
   * Who asks for something that is no upload (the state of one): as `admit`, without what concerns one upload only (a grant's single use,
   * a question to the service with the upload's path).
   */
  identify(flow: Flow, request: CallerRequest): Promise<string>;
}

/** The kinds that this gate can check: those whose settings are there. */
export type Callers = Readonly<Record<CallerKind, CallerCheck | null>>;
