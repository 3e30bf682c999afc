/**
 * What only the operator of a target can do or see: given by whoever runs a check. What is absent makes the scenarios that need it manual.
 */
import type { Identity } from "./promise.ts";

/** A fault that is really made, and undone again. After `heal` the target takes uploads as before. */
export interface Fault {
  readonly inject: () => Promise<void>;
  readonly heal: () => Promise<void>;
}

/**
 * - `service-down`: nobody listens where the service behind was; `service-silent`: it takes the next upload and never answers;
 * - `service-500`, `service-resets`, `service-rubbish`: it takes the next upload, then answers 500, resets the connection, or sends no HTTP;
 * - `storage-full`, `storage-read-only`: where uploads are written, nothing more can be;
 * - `records-locked`: another process holds the records' database;
 * - `policy-broken`, `policy-empty`: the route's description was replaced by one that cannot be read, or says nothing;
 * - `crash`: the process is killed at once (`inject`) and started again (`heal`).
 */
export type FaultName =
  | "service-down"
  | "service-silent"
  | "service-500"
  | "service-resets"
  | "service-rubbish"
  | "storage-full"
  | "storage-read-only"
  | "records-locked"
  | "policy-broken"
  | "policy-empty"
  | "crash";

/** What a permission for one upload is to say; what is absent is as for an upload that must pass. */
export interface GrantWish {
  readonly fileBytesMax?: number;
  readonly types?: readonly string[];
  readonly sha256?: string;
  readonly isExpired?: boolean;
  /** For another route, or signed with a key that the target does not know. */
  readonly isForOtherRoute?: boolean;
  readonly isForeign?: boolean;
}

export interface LinkWish {
  readonly uploadId: string;
  readonly name?: string;
  readonly isExpired?: boolean;
  readonly isForeign?: boolean;
}

/** What lies on the target's disks: names that mean nothing but themselves. */
export interface StoredNames {
  readonly temporary: readonly string[];
  readonly kept: readonly string[];
}

/** An address of the operator's that a target could be led to ask, and what was asked there. */
export interface Callback {
  /** `http://host:port/path`, without a query; whatever is below it counts. */
  readonly url: string;
  /** Request lines so far, such as `GET /path`. */
  readonly hits: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

export interface Hooks {
  /** A new identity with the rights of `main` and shares of its own, which may be revoked. */
  readonly issue?: () => Promise<Identity>;
  /** Ends what `issue` gave. */
  readonly revoke?: (identity: Identity) => Promise<void>;
  readonly faults?: Readonly<Partial<Record<FaultName, Fault>>>;
  /** Everything that was logged so far, one event a line; also what is on the way to the log. */
  readonly log?: () => Promise<string>;
  /** What decisions are on record, one a line, oldest first. */
  readonly decisions?: () => Promise<string>;
  readonly stored?: () => Promise<StoredNames>;
  /** The operator's record of one upload, as an object. */
  readonly record?: (uploadId: string) => Promise<unknown>;
  /** Header lines of a new permission. */
  readonly mintGrant?: (wish: GrantWish) => Promise<readonly string[]>;
  /** Request target of a new link to the first file of an upload. */
  readonly mintLink?: (wish: LinkWish) => Promise<string>;
  /** A new listener that the target could reach. A target on this machine needs none: the check listens itself. */
  readonly callback?: () => Promise<Callback>;
  /** What the target says of its own readiness: status and text. */
  readonly readiness?: () => Promise<{ readonly status: number; readonly text: string }>;
}

export type HookName = keyof Hooks;
