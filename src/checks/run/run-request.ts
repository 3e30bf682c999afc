/**
 * What a run is asked to do: the route with its promises, how to look behind it, what may be spent. Made by `targets/`, used by the run.
 */
import type { Target } from "../check.ts";
import type { Hooks } from "../hooks.ts";
import type { TlsTrust } from "../open-connection.ts";
import type { Evidence } from "../run-check.ts";
import type { Exchange } from "../send-probe.ts";
import type { CheckedTarget, ManualNote, Profile, Stop, WaiverNote } from "./check-run.ts";
import type { RunEvent } from "./events.ts";

/** A route to be checked, complete: everything that `targets/` found out, or was told. */
export interface CheckSubject {
  /** `promises`, `identities` and `unpromised` are filled in. */
  readonly target: Target;
  readonly about: CheckedTarget;
  /** `null` where nobody can look at what was stored. */
  readonly evidence: Evidence | null;
  readonly hooks: Hooks;
  /** Removes what a run has stored. @returns names or addresses of what is left */
  readonly cleanUp: () => Promise<readonly string[]>;
  /** Texts that must not be in anything that is written: credentials, secrets of hooks. */
  readonly secrets: () => readonly string[];
  readonly waivers: ReadonlyMap<string, WaiverNote>;
  readonly manual: ReadonlyMap<string, ManualNote>;
  /** The expected answer that `record` has stored, or `null`. Complaints about an answer of an accepted control upload. */
  readonly expected: ExpectedAnswer | null;
  /** Ends what was made for the run: keys, identities. */
  readonly close: () => Promise<void>;
}

/** An answer that was recorded. */
export interface ExpectedAnswer {
  readonly recordedAt: string;
  /** @returns what differs, in plain words; nothing where it is as recorded. `headers` in wire order, names lower-case. */
  readonly compare: (answer: {
    readonly status: number;
    readonly headers: readonly (readonly [name: string, value: string])[];
    readonly body: Uint8Array;
  }) => readonly string[];
}

export interface RunOptions {
  readonly runId: string;
  readonly profile: Profile;
  /** Ids or patterns such as `UPL-MP-*`, `MP`, `TR-01`; all where empty. */
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly requestsMax: number;
  readonly sentBytesMax: number;
  readonly elapsedMsMax: number;
  readonly onEvent: (event: RunEvent) => void;
  /** Ends the run early: it then cleans up and reports what it has. */
  readonly signal: AbortSignal;
  /**
   * Says in a sentence what happened to a control upload that failed: from its answer, or from the error where there was no connection.
   * `null` where it cannot tell more than the run itself.
   */
  readonly diagnose?: (subject: CheckSubject, exchange: Exchange | null, error: unknown) => Stop | null;
  /** Name and version of the program that runs it: `sluicegate 0.1.0`. */
  readonly program?: string;
  /** What `https://` targets are trusted by, beside the system's authorities. */
  readonly tls?: TlsTrust;
}
