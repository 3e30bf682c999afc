/**
 * A run of checks as it is told: plain data, JSON as it is, secrets already taken out. Every report is made from this and from nothing else.
 *
 * Always holds: sizes in bytes, times in milliseconds, moments as ISO 8601 in UTC. Changes of its form change `schema`.
 */
import type { CheckFlag } from "../check.ts";
import type { Framework, Remedy } from "../remedy.ts";

/**
 * - `fail`: positive evidence that a promise is broken; `warn`: the same where nothing was promised (`Topic`), or a SHOULD;
 * - `inconclusive`: nothing can be told, and why; `error`: the check itself broke off (no connection, a hook that failed);
 * - `manual`: it takes a person; `waived`: it fails, and somebody has answered for that until a day.
 */
export type CheckState =
  | "pass"
  | "fail"
  | "warn"
  | "inconclusive"
  | "not-applicable"
  | "manual"
  | "waived"
  | "error";

/** `certain`: what is stored was read back; `firm`: the status and a named reason; `tentative`: the status alone. */
export type Confidence = "certain" | "firm" | "tentative";

export type Profile = "ci" | "staging" | "prod-safe";

export interface CheckRun {
  readonly schema: "sluicegate-check-run/1";
  /** Short, unique, sortable: names what it stored, and its folder of evidence. */
  readonly id: string;
  readonly startedAt: string;
  readonly elapsedMs: number;
  readonly program: string;
  readonly profile: Profile;
  /** Everything sent can be made again from it. */
  readonly seed: string;
  readonly target: CheckedTarget;
  readonly cost: Cost;
  readonly plan: PlanSummary;
  readonly results: readonly CheckResult[];
  /** The control uploads around the groups of checks, in order. */
  readonly controls?: readonly RecordedExchange[];
  /** Names or addresses of what was stored and could not be removed again. */
  readonly leftovers: readonly string[];
  /** Why the run ended before its plan did, or `null`: the control upload failed, the target suffered, it was interrupted. */
  readonly stopped: Stop | null;
  readonly exitCode: 0 | 1 | 3 | 4;
  /** The one sentence at the top: `documents breaks 2 of 61 promises; 1 could not be checked.` */
  readonly sentence: string;
  /** Beside an earlier run, where one was given. */
  readonly baseline: BaselineChange | null;
}

export interface CheckedTarget {
  /** Name of the flow, or `null` where there is none yet. */
  readonly flow: string | null;
  /** The flow file and its lines, for reports that point at a line; keys such as `accept.files.picture.max-size`, 1-based. */
  readonly flowFile: { readonly path: string; readonly lines: Readonly<Record<string, number>> } | null;
  readonly policyVersion: string | null;
  readonly owner: string | null;
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  readonly framework: Framework | null;
  /** What is in front: the gate, or nothing that is known. */
  readonly front: "sluicegate" | "unknown";
  /** Version, commit or server that the answers told, such as `uvicorn`; `null` where they told nothing. */
  readonly serves: string | null;
  /** What was taken for promised although nobody wrote it, in sentences. */
  readonly assumptions: readonly string[];
  /** How what is stored can be read back, in a sentence; `null` where it cannot be. */
  readonly readBack: string | null;
}

export interface Cost {
  readonly requests: number;
  readonly sentBytes: number;
}

export interface PlanSummary {
  readonly checks: number;
  readonly cases: number;
  readonly requests: number;
  readonly sentBytes: number;
  readonly requestsMax: number;
  readonly sentBytesMax: number;
  /** Cases that the caps or the profile left out. */
  readonly leftOut: number;
}

export interface Stop {
  /**
   * `unreachable` (nobody answers, wrong name or port) · `tls` · `redirected` · `login-page` · `control-refused` (the target refuses what it must take)
   * · `takes-everything` · `suffering` (5xx rise, answers stop) · `interrupted` · `cap` (requests, bytes or time used up) · `unsafe`.
   */
  readonly kind:
    | "unreachable"
    | "tls"
    | "redirected"
    | "login-page"
    | "control-refused"
    | "takes-everything"
    | "suffering"
    | "interrupted"
    | "cap"
    | "unsafe";
  /** What happened and what to do, in plain words. */
  readonly sentence: string;
}

export interface CheckResult {
  readonly id: `UPL-${string}`;
  readonly title: string;
  readonly why: string;
  readonly standards: readonly string[];
  readonly flags: readonly CheckFlag[];
  readonly remedy: Remedy | null;
  /** The worst of its cases: fail, error, inconclusive, waived, warn, pass, manual, not-applicable, in this order. */
  readonly state: CheckState;
  readonly confidence: Confidence | null;
  /** One plain sentence: `took 12.0 MB, the flow says 10 MB`. */
  readonly sentence: string;
  readonly cases: readonly CaseReport[];
  readonly waiver: WaiverNote | null;
  /** Who looked and when, where a person has. */
  readonly manual: ManualNote | null;
  /** Key of the flow file that the check is about, such as `accept.files.picture.max-size`, or `null`. */
  readonly flowKey: string | null;
  /** Stable over runs: from check, route and property. For reports that follow a finding. */
  readonly fingerprint: string;
}

export interface WaiverNote {
  readonly until: string;
  readonly reason: string;
  readonly owner: string;
}

export interface ManualNote {
  readonly who: string;
  readonly when: string;
  readonly result: "pass" | "fail";
  readonly note: string;
}

export interface CaseReport {
  readonly name: string;
  readonly state: CheckState;
  readonly confidence: Confidence | null;
  /** What is wrong, or why nothing can be said. Whole sentences or phrases in plain words. */
  readonly reasons: readonly string[];
  /** What must come of it, in a phrase: `refused with 400 or 415, and nothing stored`. */
  readonly promised: string | null;
  /** What came of it: `201 Created, and the file was there under another name`. */
  readonly observed: string | null;
  /** The one property in which attack and twin differ, as lines that begin with `-` (twin), `+` (attack) or a space. */
  readonly diff: readonly string[];
  /** Every request of the case in order: attack first, then its twin. */
  readonly exchanges: readonly RecordedExchange[];
  readonly elapsedMs: number;
  /** For `sluicegate replay`: `RUN/UPL-MP-07/3`. */
  readonly evidence: string | null;
  /**
   * What the first answer to the attack must be where nothing but that is judged, for tests that others can run;
   * `null` or absent where the answer alone does not tell (what is stored decides, or several requests do).
   */
  readonly wanted?: WantedAnswer | null;
}

/** From a case's expectation: statuses of the refusal, or of an accepted upload. */
export interface WantedAnswer {
  readonly statuses: readonly number[];
  /** Closing the connection without an answer is as good. */
  readonly mayJustClose: boolean;
}

/** One request as it went over the wire, and what came back. */
export interface RecordedExchange {
  readonly name: string;
  readonly part: "attack" | "twin" | "control";
  readonly origin: string;
  readonly request: {
    /** Request line and header lines, latin-1; values of secrets are `***`. */
    readonly head: string;
    readonly bodyBytes: number;
    /** The first bytes of the body, base64; at most 8 KiB. */
    readonly bodyStart: string;
    /** SHA-256 of everything that was to be sent (of its first 16 MiB, where it is more), secrets replaced as in `head`. */
    readonly sha256: string;
    /** Whether any HTTP client could send it; else only raw bytes can. */
    readonly isPlainHttp: boolean;
  };
  readonly answers: readonly RecordedAnswer[];
  /** How the connection ended, in a word. */
  readonly end: "closed" | "reset" | "left" | "deadline";
  readonly sentAt: string;
  readonly answeredAfterMs: number | null;
  readonly elapsedMs: number;
  readonly takenBytes: number;
}

export interface RecordedAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly bodyBytes: number;
  /** The first bytes of the body, base64; at most 4 KiB. */
  readonly bodyStart: string;
}

/** Fingerprints of results that fail. */
export interface BaselineChange {
  /** Id and moment of the earlier run. */
  readonly id: string;
  readonly startedAt: string;
  readonly added: readonly string[];
  readonly fixed: readonly string[];
  readonly unchanged: readonly string[];
}
