/**
 * A case of more than one request: what is sent, in order or at once, and what must come of it all together.
 *
 * Comes in: a stage, on which requests go out on real connections, each one kept as evidence. Goes out: complaints.
 * Always holds: a scenario knows a target by its promises and hooks alone; it ends what it began, faults too.
 */
import type { Expectation, Probe, ReceivedUpload, Target } from "./check.ts";
import type { FaultName, HookName, Hooks } from "./hooks.ts";
import type { CaseIdentity, Identity, Topic } from "./promise.ts";
import type { Exchange } from "./send-probe.ts";

/** One attack of several requests and its benign twin, which differs in one property. */
export interface Scenario {
  readonly name: string;
  /** `true`, or the reason (from the promises) why it says nothing about this route. */
  readonly appliesTo: (target: Target) => true | string;
  /** What the operator must have given. */
  readonly hooks: readonly HookName[];
  readonly faults: readonly FaultName[];
  /** No more than so many requests are sent by the attack, and as many again by the twin. */
  readonly requestsMax: number;
  readonly play: Play;
  /** `control` where the route's control upload is the neighbour that must pass. */
  readonly twin: "control" | Play;
}

/** Complaints go to the stage. */
export type Play = (stage: Stage) => Promise<void>;

/** One request of a scenario, and what came of it. */
export interface ScenarioStep {
  readonly name: string;
  readonly probe: Probe;
  readonly exchange: Exchange;
  /** Absent where the answer is judged together with others. */
  readonly expect?: Expectation;
}

export interface SendOptions {
  /** Judges the answer (and not what the service got). */
  readonly expect?: Expectation;
  /** Default: that of the target. */
  readonly origin?: string;
  readonly deadlineMs?: number;
  /** How long to wait after a whole answer for the peer to close, or to answer again. */
  readonly lingerMs?: number;
}

export interface Stage {
  readonly hooks: Hooks;
  /** The target as somebody meets it: with a credential for the next request. */
  as(who: CaseIdentity | Identity): Promise<Target>;
  /** Sends on a connection of its own. Several at once are several connections. */
  send(name: string, probe: Probe, options?: SendOptions): Promise<Exchange>;
  /** Something is wrong. One sentence, in plain words. @param topic what must have been promised for it to be a broken promise; absent: it is wrong anywhere */
  complain(reason: string, topic?: Topic): void;
  /** Nothing can be said, and why. */
  leaveOpen(reason: string): void;
  /** What the service got since the play began; `null` where nobody can look. */
  received(): Promise<readonly ReceivedUpload[] | null>;
  /** Text that no other play of this run has: for keys and names. Letters and digits. */
  token(): string;
  /** Runs `during` with a fault in force, and undoes it whatever happens. */
  withFault(name: FaultName, during: () => Promise<void>): Promise<void>;
}
