/**
 * A flow as the rest of the gate sees it: checked, complete, frozen. Made by `load-flows.ts` from `flows/NAME/flow.yaml`.
 */

export type FlowMode = "off" | "observe" | "enforce";
export type FlowProtocol = "multipart" | "raw";
export type DeliveryKind = "forward" | "receipt";

/** What one file field takes. Sizes in bytes. */
export interface FileRule {
  /** Verified media types, or `any` for opaque octets. */
  readonly types: readonly string[] | "any";
  readonly sizeBytesMax: number;
  readonly countMax: number;
  readonly optional: boolean;
}

/** What one text field takes. Lengths in Unicode code points. */
export interface FieldRule {
  readonly lengthCharsMin: number;
  readonly lengthCharsMax: number;
  readonly countMax: number;
  readonly optional: boolean;
}

/** Who is asked for, and by what: nothing, a key of the gate's own, a token of an identity provider, a grant of the service, the service itself. */
export type CallerKind = "public" | "api-key" | "jwt" | "grant" | "upstream";

/** Who may send, and how much of it. */
export interface FlowPermissions {
  readonly caller: CallerKind;
  /**
   * What a caller must have, beside being known. `jwt`: claim → values that must all be among the claim's (a string is split at spaces, as
   * `scope` is). `api-key`: the one name `scope` → scopes that the key must have.
   */
  readonly require: ReadonlyMap<string, readonly string[]>;
  /** `upstream`: canonical path at which the flow's upstream is asked, else `null`. */
  readonly askPath: string | null;
  /** Origins (`https://app.example.com`) whose pages may send here beside the gate's own origin, or `any` (then never with credentials). */
  readonly origins: readonly string[] | "any";
  readonly shares: readonly ShareRule[];
}

/** Whose share it is: each principal's, each client address's, or that of the whole flow. */
export type ShareSubject = "principal" | "address" | "flow";

/** One bound of what may be taken. `name` is stable within the flow and told in `RateLimit` headers. Times in milliseconds, sizes in bytes. */
export type ShareRule =
  | {
      readonly kind: "rate";
      readonly name: string;
      readonly per: ShareSubject;
      readonly requestsMax: number;
      readonly windowMs: number;
    }
  | {
      readonly kind: "concurrent";
      readonly name: string;
      readonly per: ShareSubject;
      readonly uploadsMax: number;
    }
  | {
      readonly kind: "quota";
      readonly name: string;
      readonly per: ShareSubject;
      readonly windowMs: number;
      readonly bytesMax: number | null;
      readonly filesMax: number | null;
    };

/** Whether a retry of a client finds what the first try did. `off`: the header is nothing to the gate and goes on to the service. */
export interface FlowRetry {
  readonly idempotencyKey: "required" | "optional" | "derived" | "off";
  /** How long a key and its answer are kept, from the upload's end. */
  readonly keepMs: number;
}

/** What happens when something fails; one promise for each failure. */
export interface FlowFailure {
  /** The service cannot be reached, so surely has nothing. `retry`: kept, tried again with back-off, and the client gets a 202. */
  readonly upstreamDown: "refuse" | "retry";
  /** The exchange broke off after the service may have taken it. `keep`: a person decides; `retry`: sent again with the same upload id and key. */
  readonly upstreamUnknown: "keep" | "retry";
  /** The service answers 5xx. `pass`: the client gets that answer; `retry`: kept and tried again. */
  readonly upstreamError: "pass" | "retry";
  /** For how long a delivery is tried again before it waits for a person. */
  readonly retryForMs: number;
  readonly storageFull: "refuse";
}

/**
 * How `sluicegate check` gets at the route: what to send, who to send as, how to look afterwards. The gate itself never reads it.
 * Paths of files are absolute. A `SecretSource` is named and never written.
 */
export interface FlowVerify {
  /** Sample file of each file field; absent: the first that fits in the flow's `samples/`, else one is made. */
  readonly samples: ReadonlyMap<string, string>;
  /** Values of text fields in the control upload. */
  readonly fields: ReadonlyMap<string, string>;
  /** Values of the path's `{names}`. */
  readonly path: ReadonlyMap<string, string>;
  /** Header lines that every request needs, such as `X-Tenant: test`; no credentials. */
  readonly headers: readonly string[];
  readonly credentials: VerifyCredentials | null;
  readonly readBack: VerifyReadBack;
  /** Removes what a check has stored; `{id}` in the path is the id of `readBack.id`. */
  readonly cleanup: { readonly method: string; readonly path: string } | { readonly command: string } | null;
  /** Commands (run by `sh -c` in the flow's folder) by the name of a hook as it is written, `verify/hook-names.ts`: `log`, `mint-grant` … */
  readonly hooks: ReadonlyMap<string, string>;
  /** Commands that make a fault and undo it, by the name of the fault: `service-down`, `storage-full` … */
  readonly faults: ReadonlyMap<string, { readonly inject: string; readonly heal: string }>;
  readonly framework: "fastapi" | "django" | "flask" | null;
  /** `http://host:port` of the service behind, where a client could try to reach it past the front. */
  readonly behind: string | null;
  /** Header by which a client names its request, and finds it again in answer and log. */
  readonly requestIdHeader: string | null;
  /** Origin of a page that may send here with credentials. */
  readonly pageOrigin: string | null;
  /** What a person has looked at. */
  readonly manual: readonly {
    readonly check: string;
    readonly result: "pass" | "fail";
    readonly who: string;
    readonly when: string;
    readonly note: string;
  }[];
}

/** `env:NAME`, `file:PATH` (absolute) or `command:LINE`, whose one line of output is the value. */
export type SecretSource = `env:${string}` | `file:${string}` | `command:${string}`;

/** Values are the whole value of `header`: `Bearer eyJ…`, `session=…`. A `command:` is asked anew for each request. */
export interface VerifyCredentials {
  readonly header: string;
  readonly main: SecretSource;
  readonly other: SecretSource | null;
  readonly readOnly: SecretSource | null;
  readonly expired: SecretSource | null;
  /** `null`: the value of `main` with one character changed. */
  readonly forged: SecretSource | null;
}

export interface VerifyReadBack {
  /** Where the answer to an accepted upload tells the id. */
  readonly id: { readonly header: string } | { readonly pointer: string } | null;
  /** Path at which GET gives the stored bytes again; has `{id}`. */
  readonly url: string | null;
  /** Path at which the state is told, and JSON pointers into it. */
  readonly state: {
    readonly path: string;
    readonly sha256: string | null;
    readonly size: string | null;
  } | null;
  /** Path at which GET lists what is stored: JSON or text. It counts as stored what is listed afterwards and was not before. */
  readonly list: string | null;
  /** Command that prints what is stored, one JSON object a line: `{"name", "size", "sha256"}`; all members but name may be missing. */
  readonly command: string | null;
}

/** What is looked for inside of files; `null` where nothing is promised. The gate does none of it yet, a service of its own may. */
export interface FlowInspect {
  readonly malware: boolean;
  readonly images: {
    readonly pixelsMax: number | null;
    readonly framesMax: number | null;
    readonly reEncode: boolean;
    readonly keepMetadata: boolean;
  } | null;
  readonly archives: {
    readonly unpackedBytesMax: number | null;
    readonly entriesMax: number | null;
    readonly depthMax: number | null;
  } | null;
  readonly documents: { readonly activeContent: "refuse" | "allow" } | null;
}

/** How `measure` and `compare` load the route, and what they may take for the same. The gate itself never reads it. */
export interface FlowMeasure {
  /** Requests a second; `null`: half of what the route can do, found out first. */
  readonly ratePerSecond: number | null;
  /** The smallest change of time that matters: the larger of a share of the time before (0.05) and of `ms`. */
  readonly smallestEffect: { readonly share: number; readonly ms: number };
  /** So much larger may the share of wrong and failed answers be and not matter: 0.005. */
  readonly errorMarginShare: number;
  /** Caches that the answers come through. `header` tells the state where it is not `Cache-Status`; `clear` empties this cache and no other (`sh -c` in the flow's folder). */
  readonly caches: readonly {
    readonly name: string;
    readonly header: string | null;
    readonly clear: string | null;
  }[];
  /** How the service tells what it runs: a path that answers JSON or text, a command that prints it, headers of answers; and files and environment that count. */
  readonly fingerprint: {
    readonly path: string | null;
    readonly command: string | null;
    readonly headers: readonly string[];
    /** Absolute paths; only their digests are kept. */
    readonly files: readonly string[];
    /** Names of environment variables; values are kept as digests. */
    readonly environment: readonly string[];
  };
}

/** What the gate watches beside traffic. */
export interface FlowWatch {
  /** Every so often a small marked upload is sent through and removed again (`verify.cleanup`); `null`: never. */
  readonly probeEveryMs: number | null;
  /** Header of the service's answers that tells its version; lower-case. */
  readonly versionHeader: string | null;
  /** Path of the service that tells of its jobs as JSON, and pointers into it: how many there were in the last hour, how many failed, and the newest failure in words. */
  readonly jobs: {
    readonly path: string;
    readonly total: string;
    readonly failed: string;
    readonly newest: string | null;
  } | null;
}

/** One upload route of a service and everything said about it. */
export interface Flow {
  readonly name: string;
  /** Absolute path of the flow's folder. */
  readonly folder: string;
  readonly summary: string;
  readonly owner: string;
  readonly noticed: string | null;
  readonly mode: FlowMode;
  readonly route: FlowRoute;
  readonly files: ReadonlyMap<string, FileRule>;
  readonly fields: ReadonlyMap<string, FieldRule>;
  readonly permissions: FlowPermissions;
  readonly retry: FlowRetry;
  readonly failure: FlowFailure;
  readonly deliver: DeliveryKind;
  /** Name of an upstream of the settings. */
  readonly upstream: string;
  readonly forwardCredentials: boolean;
  /** First 16 hex digits of the SHA-256 of flow.yaml without the mode's word, `verify`, `measure`, `watch` and the day at `rollback.tried`: the version of what was decided. */
  readonly policyVersion: string;
  /** What is promised about the inside of files. In `observe` and `enforce` only `malware: off` can be written. */
  readonly inspect: FlowInspect;
  /** For `check`; `null` where nothing is written. */
  readonly verify: FlowVerify | null;
  /** For `measure` and `compare`; defaults where nothing is written. */
  readonly measure: FlowMeasure;
  readonly watch: FlowWatch;
  /** Facts that the gate does not act on; shown by `explain`. */
  readonly notes: FlowNotes;
}

export interface FlowRoute {
  readonly method: string;
  /** Template as in OpenAPI: `/api/users/{user}/avatar`; each `{…}` matches one non-empty segment. */
  readonly path: string;
  readonly protocols: readonly FlowProtocol[];
}

export interface FlowNotes {
  readonly expect: { readonly status?: number; readonly [key: string]: unknown } | null;
  readonly rollback: { readonly note?: string; readonly command?: string; readonly tried?: string } | null;
}

/** What a route lookup finds. `methodMismatch` names the methods that the path does take. */
export type RouteMatch =
  | { readonly kind: "flow"; readonly flow: Flow }
  | { readonly kind: "method-mismatch"; readonly allowed: readonly string[] }
  | { readonly kind: "none" };

/** A loaded set of flows that cannot match one request twice. */
export interface FlowSet {
  readonly flows: readonly Flow[];
  /** @param path canonical path without query. */
  match(method: string, path: string): RouteMatch;
}
