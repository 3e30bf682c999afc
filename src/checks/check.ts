/**
 * A check as data: one reusable test of an upload route, with its payloads, their benign twins and what a safe route does.
 *
 * Comes in: a `Target`, which is what a flow promises about its route. Goes out: probes (exact bytes) and expectations.
 * Always holds: nothing here knows which server is under test. What one particular server is known to answer (`gateCodes`) is a hint
 * that only a test of that server looks at.
 */

import type { FlowInspect } from "../flows/flow.ts";
import type { CaseIdentity, Identities, Promises, Topic } from "./promise.ts";
import type { Remedy } from "./remedy.ts";
import type { Scenario } from "./scenario.ts";

/** `s` always safe, `b` bounded load, `i` needs a second identity, `o` needs the operator's help. */
export type CheckFlag = "s" | "b" | "i" | "o";

/** One check of the catalogue. Ids are never renumbered, only retired. */
export interface Check {
  readonly id: `UPL-${string}`;
  readonly title: string;
  /** One sentence: what goes wrong where this does not hold. */
  readonly why: string;
  /** `v5.0.0-5.2.1` is OWASP ASVS, `CWE-770`, `WSTG-…`, `CRS-…`; `CVE-…` are cases that happened. */
  readonly standards: readonly string[];
  readonly flags: readonly CheckFlag[];
  /** What one does about it. */
  readonly remedy?: Remedy;
  /** What must have been promised for a bad outcome to be a broken promise; see `Target.unpromised`. Absent: it is wrong on any route. */
  readonly topic?: Topic;
  readonly cases: readonly CheckCase[];
  /** What takes more than one request: retries, many at once, a fault in the middle. */
  readonly scenarios?: readonly Scenario[];
}

/** One payload of a check, its benign twin, and the safe outcome. */
export interface CheckCase {
  readonly name: string;
  /** Where it differs from the check's. */
  readonly topic?: Topic;
  /** `true`, or the reason (from the promise) why the case says nothing about this route. */
  readonly appliesTo: (target: Target) => true | string;
  readonly probe: (target: Target) => Probe;
  /** The neighbour of the probe that must pass; `control` where the route's control upload is that. */
  readonly twin: "control" | ((target: Target) => Probe);
  readonly expect: Expectation;
  /** How many copies of the probe run at once, while the twin is sent. Default 1: the twin follows the probe. */
  readonly copies?: number;
  /** Who sends the probe; the twin is always sent as `main`. Default: `main`, too. */
  readonly as?: CaseIdentity;
}

/** What a flow promises about one route, as far as checks need it. Sizes in bytes, lengths in code points. */
export interface Target {
  /** `http://host:port`, or `https://…`. */
  readonly origin: string;
  readonly method: string;
  /** Request target. For a raw body the last segment is `{name}`, replaced by the file's name. */
  readonly path: string;
  readonly protocol: "multipart" | "raw";
  readonly file: FilePromise;
  /** Files of other fields that must be there, too: the same in every upload, and never what is attacked. */
  readonly otherFiles?: readonly ContentFile[];
  readonly fields: readonly FieldPromise[];
  /** Statuses of an accepted upload. */
  readonly acceptedStatuses: readonly number[];
  /** A good upload is answered with a redirect to another place than the route's: a redirect to the route is then a refusal, as pages do it. */
  readonly leadsElsewhere?: boolean;
  /** Header lines that every request needs, whoever sends it. */
  readonly headers: readonly string[];
  /** Header lines that say who sends, after `headers`. Filled in anew for each request from `identities`, where there are such. */
  readonly credential?: readonly string[];
  /** Who there is to send as; absent where anybody may send. */
  readonly identities?: Identities;
  /** What the route promises beyond a single upload; of what is absent, nothing is promised. */
  readonly promises?: Promises;
  /** A request without a byte for so long is ended; `null` where the route promises nothing. */
  readonly idleMs: number | null;
  /** All random content is derived from it. */
  readonly seed: string;
  /** Makes an idempotency key that nobody has used; absent: by chance. A run derives them from its seed, so that it can be repeated. */
  readonly freshKey?: () => string;
  /** What nobody has promised of this route: a bad outcome there is a warning, not a broken promise. */
  readonly unpromised?: ReadonlySet<Topic>;
  /** What the route says it looks for inside of files. Absent: nothing is known of it. */
  readonly inspect?: FlowInspect;
}

export interface FilePromise {
  readonly field: string;
  /** Verified media types that are accepted, or `any`. */
  readonly types: readonly string[] | "any";
  readonly sizeBytesMax: number;
  readonly countMax: number;
  /** The file of the control upload. */
  readonly control: SampleFile;
}

export interface FieldPromise {
  readonly name: string;
  readonly lengthCharsMin: number;
  readonly lengthCharsMax: number;
  readonly optional: boolean;
  readonly countMax: number;
  /** The value in the control upload. */
  readonly control: string;
}

/** A file as a client sends it. */
export interface SampleFile {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** What the one right reading of a probe gives: what an accepting service must have got. */
export interface UploadContent {
  readonly files: readonly ContentFile[];
  readonly fields: readonly (readonly [name: string, value: string])[];
}

export interface ContentFile extends SampleFile {
  readonly field: string;
}

/** The exact bytes of one exchange, in order, and how they are paced. */
export interface Probe {
  readonly content: UploadContent;
  /** Made anew at each call and lazily, so that a large body is never in memory. */
  readonly steps: () => Iterable<ProbeStep>;
  /** It asks with HEAD: answers have the framing of a body, and none. */
  readonly isHead?: boolean;
}

/**
 * One step of sending.
 * - bytes: written as they are;
 * - `await-answer`: nothing more is sent until an answer (also 100 Continue) has come;
 * - `pauseMs`: nothing is sent for so long, or until an answer comes;
 * - `until`: nothing is sent until the promise is fulfilled, or an answer comes;
 * - `regardless`: bytes that are written also where an answer has come;
 * - `end`: the sending side is closed (FIN), reading goes on;
 * - `reset`: the connection is broken off (RST).
 */
export type ProbeStep =
  | Uint8Array
  | "await-answer"
  | "end"
  | "reset"
  | { readonly pauseMs: number }
  | { readonly until: () => Promise<unknown> }
  | { readonly regardless: Uint8Array };

/** The safe outcome of a probe. */
export type Expectation = RefusedExpectation | AcceptedExpectation | NeutralExpectation;

/** How a refusal must look. */
export interface Refusal {
  readonly statuses: readonly number[];
  /** Problem codes of Sluicegate's gate for this payload; one of them. */
  readonly gateCodes: readonly string[];
  /** The connection must be closed after the answer, and nothing else be answered on it. */
  readonly closes?: boolean;
  /** Closing without an answer is as safe: for requests that never were whole. */
  readonly mayJustClose?: boolean;
  /** The answer must come before more than so many bytes (head included) were taken. */
  readonly takenBytesMax?: number;
  /** The answer must come within this time. */
  readonly withinMs?: number;
  /** No `100 Continue` may come before it. */
  readonly withoutContinue?: boolean;
  /** Headers that the answer must have, lower-case. */
  readonly headers?: readonly string[];
}

/** Refused with a documented 4xx, and nothing got through. */
export interface RefusedExpectation extends Refusal {
  readonly outcome: "refused";
}

/** Accepted exactly as `Probe.content` says. */
export interface AcceptedExpectation {
  readonly outcome: "accepted";
  readonly withinMs?: number;
}

/** Refused; or accepted in a way that `harm` finds no harm in. */
export interface NeutralExpectation extends Refusal {
  readonly outcome: "refused-or-neutral";
  /** What is harmful in what the service got, in plain words, or `null`. File bytes are compared before it is asked. */
  readonly harm: (received: ReceivedUpload, content: UploadContent) => string | null;
  /** The stored bytes may be others than were sent: made harmless is as safe as refused. `harm` then says what must be gone. */
  readonly mayDiffer?: boolean;
  /** Why nothing can be told from what the service got (its bytes differ, and cannot be looked at), or `null`: such a case is inconclusive. */
  readonly unclear?: NeutralExpectation["harm"];
  /** Accepted and held back, so that nobody gets it, is as safe as refused. */
  readonly mayBeHeld?: boolean;
}

/** One request that got through to the service. */
export interface ReceivedUpload {
  readonly method: string;
  /** Path with query, as the service saw it. */
  readonly path: string;
  /** `null` where only what is stored can be seen. */
  readonly headers: readonly (readonly [name: string, value: string])[] | null;
  /** `null` where only the files can be seen. */
  readonly fields: readonly (readonly [name: string, value: string])[] | null;
  readonly files: readonly ReceivedFile[];
}

export interface ReceivedFile {
  /** `null` where it cannot be seen. */
  readonly field: string | null;
  readonly name: string | null;
  readonly mediaType: string | null;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** The file as it came out again, where it did and is not too large to be kept. */
  readonly bytes?: Uint8Array;
}
