/**
 * How a run of checks looks behind the answers of a route, and as whom it sends.
 *
 * Comes in: a flow with its `verify`, the route, and where the gate is one's own its settings. Goes out: evidence, hooks, identities, clean-up.
 * Always holds: whatever cannot be told is `null`; nothing but what this run has stored is ever removed.
 */
import type { Flow } from "../../flows/flow.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Target } from "../check.ts";
import type { Hooks } from "../hooks.ts";
import type { Identities, Promises } from "../promise.ts";
import type { Evidence } from "../run-check.ts";

export interface SightInput {
  /** `null` where a route is checked that nobody has described yet. */
  readonly flow: Flow | null;
  /** Complete but for `identities`. */
  readonly target: Target;
  /** `http://host:port` that is checked; nothing is sent elsewhere. */
  readonly origin: string;
  readonly runId: string;
  /** Of the gate that runs on this machine, where one is known. */
  readonly settings: Settings | null;
}

export interface Sight {
  /** `null` where nobody can look at what was stored. */
  readonly evidence: Evidence | null;
  readonly hooks: Hooks;
  /** `null` where there is nobody to send as: anybody may, or nobody said how. */
  readonly identities: Identities | null;
  /** To be merged into the target's. */
  readonly promises: Promises;
  /** How what is stored can be read back, in one sentence; `null` where it cannot be. */
  readonly readBack: string | null;
  /** Removes what this run has stored. @returns names or addresses of what is left */
  cleanUp(): Promise<readonly string[]>;
  /** Every secret that was used so far. */
  secrets(): readonly string[];
  /** Ends what was made for the run. */
  close(): Promise<void>;
}

export async function openSight(_input: SightInput): Promise<Sight> {
  return {
    evidence: null,
    hooks: {},
    identities: null,
    promises: {},
    readBack: null,
    cleanUp: async () => [],
    secrets: () => [],
    close: async () => {},
  };
}
