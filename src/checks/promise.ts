/**
 * What a route promises beyond a single upload: who may send, how much, what a retry does, and where one can look afterwards.
 *
 * Always holds: everything is optional. A check that needs a promise that is not made says so, and says nothing about the route.
 */

/**
 * What a route may promise, or not: its limits of size and of count, its types, which text fields it takes (`fields`), whether it knows who sends
 * (`callers`), in which form it refuses (`refusals`), whether it refuses whatever is odd, needless, or could be refused before it is read (`strictness`),
 * and what is looked for inside of files. Where nothing is promised of a topic, what goes wrong there is a warning and no broken promise.
 */
export type Topic =
  | "size"
  | "count"
  | "types"
  | "fields"
  | "callers"
  | "refusals"
  | "strictness"
  | "malware"
  | "archives"
  | "images"
  | "documents";

/** One who can send. */
export interface Identity {
  readonly name: string;
  /** Header lines of the next request. A credential that is good for one use is a new one at each call. */
  readonly lines: () => Promise<readonly string[]>;
}

/** Who there is to send as. `null` where the target has nobody of that kind. */
export interface Identities {
  /** Name of the header that the credential stands in: `Authorization`, `X-API-Key`, `Cookie`. */
  readonly header: string;
  /** May upload. */
  readonly main: Identity;
  /** May upload as well, and is somebody else. */
  readonly other: Identity | null;
  /** Is known, and has no right to upload. */
  readonly readOnly: Identity | null;
  /** Had a right once: the credential's time is over. */
  readonly expired: Identity | null;
  /** Has a credential of the right form that somebody else has signed or made up. */
  readonly forged: Identity | null;
}

/** Who sends one request; `nobody` has no credential at all. */
export type CaseIdentity = Exclude<keyof Identities, "header"> | "nobody";

/** Where something stands in an answer: a header, or a JSON pointer into the body (RFC 6901). */
export type AnswerPlace = { readonly header: string } | { readonly pointer: string };

/** Paths are request targets with `{id}` in them, which is replaced by the id that `id` finds. Sizes in bytes, times in milliseconds. */
export interface Promises {
  /** Where the answer to an accepted upload tells the upload's id. */
  readonly id?: AnswerPlace;
  /** Where whoever sent an upload can ask what became of it. */
  readonly state?: StatePromise;
  /** Whether a key makes a retry safe, and whether each upload needs one. Header `Idempotency-Key`. */
  readonly idempotencyKey?: "required" | "optional" | "derived";
  /** Digest fields of a request that are compared with what arrives, lower-case: `content-digest`, `repr-digest`, `content-md5`. */
  readonly digests?: readonly string[];
  /** Shares of one principal. */
  readonly rate?: { readonly requestsMax: number; readonly everyMs: number };
  readonly quota?: { readonly filesMax: number | null; readonly bytesMax: number | null };
  /** How many uploads the whole server takes at once. */
  readonly atOnceMax?: number;
  /** Origin of a page that may send here with credentials beside the route's own; `null` where there is none. */
  readonly pageOrigin?: string | null;
  /** Headers by which the service behind learns what the front has found out, lower-case: nobody else may set them. */
  readonly trustedHeaders?: readonly string[];
  /** `http://host:port` of the service behind, where a client could try to reach it past the front. */
  readonly behindOrigin?: string;
  /** Header by which a client names its request, and finds it again in the answer and in the log. */
  readonly requestIdHeader?: string;
  /** Statuses of an upload that is kept for later while the service behind is away. */
  readonly keptStatuses?: readonly number[];
}

export interface StatePromise {
  readonly path: string;
  /** JSON pointers into the state: digest (64 hexadecimal digits) and size of the first file. */
  readonly sha256?: string;
  readonly size?: string;
}
