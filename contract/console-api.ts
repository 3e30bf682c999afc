/**
 * What the console's page and the operator's port say to each other, as JSON below `/api/console/`. Copied to `contract/` for the browser's code, which sees these types only;
 * so this file imports nothing.
 *
 * Times are Unix milliseconds, durations milliseconds, shares from 0 to 1. Sentences are ready to be read; the page adds no judgement of its own.
 *
 * GET  /api/console/front                    → FrontPage
 * GET  /api/console/flows/NAME?range=1h      → FlowPage        (range: 1h, 6h, 24h, 7d, 30d)
 * GET  /api/console/requests?flow=&because=&before=&limit= → { requests: RequestRow[] }
 * GET  /api/console/requests/ID              → RequestPage
 * GET  /api/console/held                     → { uploads: HeldUpload[] }
 * GET  /api/console/documents/FLOW/KIND/NAME → DocumentPage    (KIND: change, drill; the Markdown as it lies in the flow's folder)
 * GET  /api/console/events                   → server-sent events: `front` (data: FrontPage) at once and when it changes, `beat` every 15 s
 * GET  /api/console/session                  → Session
 * POST /api/console/session {token}          → Session, with a cookie; DELETE ends it. 429 after too many wrong tokens
 * POST /api/console/held/ID/decide {action: "retry" | "give-up", mayDouble?: true, reason?}, /api/console/flows/NAME/verify {profile?: "prod-safe" | "ci"},
 *   /api/console/deployments {version, flow?, note?, by?}
 *   need a session and the header `X-Sluicegate-Csrf` with its token → { ok: true, sentence } or a problem (RFC 9457). `verify` answers when the run has ended: within
 *   two minutes. `retry` of an upload that `mayHaveArrived` needs `mayDouble: true`, said by a person who has asked the service.
 * `GET /sign-in/CODE` (the link that `sluicegate console` prints, good once) opens a session and leads to `/`.
 * Every path without a dot in its last segment that is asked for as HTML gives the page: deep links are the page's own.
 */

/** Shape and word beside the colour: nothing is told by colour alone. */
export type Condition = "good" | "attention" | "bad" | "unknown" | "stale";

export interface Answer {
  readonly question: "up" | "slow" | "jobs" | "change";
  readonly condition: Condition;
  /** One or two words: `Yes`, `3 failed`, `No data`. */
  readonly word: string;
  readonly sentence: string;
  /** When what it says was seen; `null`: never. */
  readonly seenAtMs: number | null;
  /** Where to look next, as a path of the page: `/flows/avatars`. */
  readonly link: string | null;
}

export interface FrontPage {
  readonly service: { readonly version: string; readonly startedAtMs: number };
  readonly nowMs: number;
  readonly answers: readonly Answer[];
  readonly flows: readonly FlowRow[];
  readonly held: number;
  /** Upload routes that traffic shows and no flow describes. */
  readonly undescribed: readonly {
    readonly method: string;
    readonly path: string;
    readonly requests: number;
    readonly lastAtMs: number;
    readonly reason: string;
  }[];
}

export interface FlowRow {
  readonly name: string;
  readonly summary: string;
  readonly owner: string;
  readonly mode: "off" | "observe" | "enforce";
  readonly condition: Condition;
  readonly word: string;
  /** Of accepted uploads in the last hour, the service's own time; `limit` is what the flow expects. */
  readonly p95: { readonly ms: number | null; readonly limitMs: number | null };
  /** The last hour in steps, oldest first, p95 or `null` without traffic: a small line. */
  readonly line: readonly (number | null)[];
  /** Positions from 0 to 1 in the line. */
  readonly marks: readonly { readonly at: number; readonly kind: string; readonly label: string }[];
  readonly requests: number;
  readonly failures: {
    readonly share: number | null;
    readonly count: number;
    readonly limitShare: number | null;
  };
  readonly refusedShare: number | null;
  readonly cacheHitShare: number | null;
  readonly databaseCalls: { readonly mean: number | null; readonly limit: number | null };
  readonly lastCheck: {
    readonly atMs: number;
    readonly sentence: string;
    readonly condition: Condition;
  } | null;
  readonly lastChange: { readonly atMs: number; readonly label: string } | null;
  readonly lastSeenAtMs: number | null;
}

export interface FlowPage {
  readonly row: FlowRow;
  readonly nowMs: number;
  readonly range: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number };
  readonly promise: {
    readonly method: string;
    readonly path: string;
    /** What `explain` says, a sentence each. */
    readonly sentences: readonly string[];
    readonly noticed: string | null;
    readonly rollback: {
      readonly note: string | null;
      readonly command: string | null;
      readonly tried: string | null;
    };
    readonly policyVersion: string;
  };
  /** On one time axis; each value `null` where there was no traffic. */
  readonly charts: readonly Chart[];
  readonly marks: readonly ChartMark[];
  readonly deployments: readonly DeploymentJudgement[];
  readonly refusals: readonly {
    readonly code: string;
    readonly title: string;
    readonly count: number;
    readonly lastAtMs: number;
  }[];
  readonly failing: readonly RequestRow[];
  readonly slowest: readonly RequestRow[];
  readonly differences: readonly {
    readonly sentence: string;
    readonly property: string;
    readonly value: string;
    readonly badShare: number;
    readonly goodShare: number;
  }[];
  readonly changes: readonly DocumentRow[];
  readonly drills: readonly DocumentRow[];
  /** Ready to be copied into a terminal. */
  readonly commands: {
    readonly verify: string;
    readonly compare: string;
    readonly measure: string;
    readonly newChange: string;
  };
}

export interface Chart {
  readonly name: "time" | "failures" | "cache" | "database";
  readonly title: string;
  readonly unit: "ms" | "share" | "calls" | "requests";
  readonly limit: number | null;
  readonly lines: readonly { readonly label: string; readonly values: readonly (number | null)[] }[];
  /** The chart in a sentence, for those who cannot see it. */
  readonly sentence: string;
}

export interface ChartMark {
  readonly atMs: number;
  readonly kind: string;
  readonly label: string;
  readonly detail: string | null;
  readonly link: string | null;
}

/** Did it change anything? Always worded as a suspicion. */
export interface DeploymentJudgement {
  readonly atMs: number;
  readonly label: string;
  readonly condition: Condition;
  readonly sentence: string;
  /** How to find out for certain. */
  readonly command: string | null;
}

export interface RequestRow {
  readonly requestId: string;
  readonly atMs: number;
  readonly flow: string | null;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly outcome: string;
  readonly code: string | null;
  readonly durationMs: number;
  /** Where the time went, in order: recv, inspect, store, app, db … */
  readonly spans: readonly { readonly name: string; readonly ms: number }[];
  readonly because: string;
}

export interface RequestPage {
  readonly row: RequestRow;
  /** Label and value, in the order in which they are to be read. */
  readonly facts: readonly { readonly label: string; readonly value: string }[];
  readonly uploadId: string | null;
  /** What happened to the upload, step by step; empty where there was none. */
  readonly steps: readonly { readonly atMs: number; readonly sentence: string }[];
  readonly explanation: {
    readonly code: string;
    readonly title: string;
    readonly sentence: string;
    readonly remedy: string | null;
  } | null;
  readonly traceId: string;
}

export interface HeldUpload {
  readonly id: string;
  readonly flow: string;
  readonly state: string;
  readonly sinceMs: number;
  readonly sentence: string;
  readonly files: readonly {
    readonly name: string | null;
    readonly type: string | null;
    readonly sizeBytes: number;
    readonly sha256: string;
  }[];
  readonly nextTryAtMs: number | null;
  readonly tries: number;
  /** Whether the service may have it already from an earlier try: then another one may double it. */
  readonly mayHaveArrived: boolean;
  readonly actions: readonly ("retry" | "give-up")[];
}

export interface DocumentRow {
  readonly kind: "change" | "drill";
  readonly name: string;
  readonly title: string;
  readonly condition: Condition;
  readonly word: string;
  readonly atMs: number | null;
  readonly link: string;
}

export interface DocumentPage {
  readonly row: DocumentRow;
  readonly markdown: string;
}

/** Who may what: reading is open on loopback, changing always needs a token. `csrf` is `null` without a session. */
export interface Session {
  readonly mayRead: boolean;
  readonly mayChange: boolean;
  readonly csrf: string | null;
  readonly howToGetToken: string;
}
