/**
 * How a run of checks looks behind the answers of a route, and as whom it sends.
 *
 * Comes in: a flow with its `verify`, the route, and where the gate is one's own its settings. Goes out: evidence, hooks, identities, clean-up.
 * Always holds: whatever cannot be told is `null`; nothing but what this run has stored is ever removed.
 */

import type { Flow, FlowVerify } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Target } from "../check.ts";
import type { Hooks } from "../hooks.ts";
import type { TlsTrust } from "../open-connection.ts";
import type { Identities, Promises } from "../promise.ts";
import type { Evidence } from "../run-check.ts";
import { openFaults } from "./fault-commands.ts";
import { openHooks } from "./hook-commands.ts";
import { openIdentities } from "./identities.ts";
import { KeptSecrets } from "./kept-secrets.ts";
import { lookBehind } from "./look-behind.ts";
import { isOwnGate, type OwnGate, openOwnGate } from "./own-gate.ts";
import { filledPath } from "./read-stored.ts";
import type { CommandPlace } from "./run-command.ts";
import { SecretSources } from "./secret-sources.ts";
import { SightClient } from "./sight-client.ts";

export interface SightInput {
  /** `null` where a route is checked that nobody has described yet. */
  readonly flow: Flow | null;
  /** Complete but for `identities`. `credential` is used to look where the flow names no credentials. */
  readonly target: Target;
  /** `http://host:port` that is checked; nothing is sent elsewhere. */
  readonly origin: string;
  readonly runId: string;
  /** Of the gate that runs on this machine, where one is known. Its secrets are needed: loaded without `unused`. */
  readonly settings: Settings | null;
  readonly tls?: TlsTrust;
}

export interface Sight {
  /** `null` where nobody can look at what was stored. */
  readonly evidence: Evidence | null;
  readonly hooks: Hooks;
  /** `null` where there is nobody to send as: anybody may, or nobody said how. */
  readonly identities: Identities | null;
  /** To be merged into the target's. */
  readonly promises: Promises;
  /** How what is stored can be read back, in one sentence; `null` where it cannot be. Where it has to be found out, it is known after the control upload. */
  readonly readBack: string | null;
  /** Removes what this run has stored. @returns names or addresses of what is left */
  cleanUp(): Promise<readonly string[]>;
  /** Every secret that was used so far. */
  secrets(): readonly string[];
  /** Ends what was made for the run. */
  close(): Promise<void>;
}

/**
 * @throws CHECK_CREDENTIAL_MISSING where a credential that the flow names is not there, all of them in one message; RECORDS_UNAVAILABLE where the
 *   records of one's own gate cannot be read, or no key can be made there
 */
export async function openSight(input: SightInput): Promise<Sight> {
  const { flow, target } = input;
  const secrets = new KeptSecrets();
  secrets.addLines(target.credential ?? []);
  const verify = flow?.verify ?? null;
  const place = placeOf(input, secrets);
  const given = await givenIdentities(verify, place, target, secrets);
  const gate = await ownGateOf(input, secrets, given !== null);
  const identities = given ?? gate?.identities ?? null;
  const client = clientOf(input, identities);
  const faults = openFaults(verify?.faults ?? new Map(), place);
  const looking = lookBehind({ flow, target, origin: input.origin, client, place, gate });
  const hooks =
    place === null ? {} : openHooks(verify?.hooks ?? new Map(), place, verify?.credentials?.header ?? null);
  return {
    evidence: looking.evidence,
    hooks: {
      ...joinedHooks(gate?.hooks ?? {}, hooks),
      ...(faults.size === 0 ? {} : { faults: faults.byName }),
    },
    identities,
    promises: { ...gate?.promises, ...promisesOf(verify) },
    get readBack() {
      return looking.sentence();
    },
    cleanUp: () => looking.cleanUp(),
    secrets: () => secrets.all(),
    close: async () => {
      const ended = await Promise.allSettled([faults.heal(), client.close(), gate?.close()]);
      for (const each of ended) if (each.status === "rejected") throw each.reason;
    },
  };
}

async function givenIdentities(
  verify: FlowVerify | null,
  place: CommandPlace | null,
  target: Target,
  secrets: KeptSecrets,
): Promise<Identities | null> {
  if (!verify?.credentials || place === null) return null;
  return openIdentities(verify.credentials, new SecretSources(place), target, secrets);
}

/** `null` where the gate is somebody else's, or no gate has run with these settings yet. */
async function ownGateOf(
  { flow, settings, target, origin, runId }: SightInput,
  secrets: KeptSecrets,
  hasCredentials: boolean,
): Promise<OwnGate | null> {
  if (flow === null || settings === null || !isOwnGate(origin, flow, settings)) return null;
  try {
    return await openOwnGate({ flow, settings, target, runId, secrets, hasCredentials });
  } catch (error) {
    if (error instanceof GateError && error.code === "RECORDS_MISSING") return null;
    throw error;
  }
}

function clientOf({ target, origin, tls = {} }: SightInput, identities: Identities | null): SightClient {
  return new SightClient({
    origin,
    headers: target.headers,
    credential: async () => (identities === null ? (target.credential ?? []) : identities.main.lines()),
    readBytesMax: Math.max(READ_BYTES_MIN, 2 * target.file.sizeBytesMax),
    tls,
  });
}

/** What the flow names stands before what the gate can do; who can be issued by one cannot be revoked by the other. */
function joinedHooks(ofGate: Hooks, ofFlow: Hooks): Hooks {
  const { issue, revoke, ...others } = ofGate;
  const own =
    ofFlow.issue === undefined && issue !== undefined && revoke !== undefined ? { issue, revoke } : {};
  return { ...others, ...own, ...ofFlow };
}

/** A file that is read back is hashed as it comes: this bounds time and not memory. */
const READ_BYTES_MIN = 64 * 1024 * 1024;

function placeOf({ flow, origin, runId }: SightInput, secrets: KeptSecrets): CommandPlace | null {
  if (flow === null) return null;
  const variables = {
    SLUICEGATE_CHECK_RUN: runId,
    SLUICEGATE_CHECK_ORIGIN: origin,
    SLUICEGATE_CHECK_FLOW: flow.name,
  };
  return { folder: flow.folder, variables, secrets };
}

function promisesOf(verify: FlowVerify | null): Promises {
  const { id, state } = verify?.readBack ?? { id: null, state: null };
  return {
    ...(id === null ? {} : { id }),
    ...(id === null || state === null || verify === null
      ? {}
      : {
          state: {
            path: filledPath(state.path, verify),
            ...(state.sha256 === null ? {} : { sha256: state.sha256 }),
            ...(state.size === null ? {} : { size: state.size }),
          },
        }),
    ...(verify?.behind ? { behindOrigin: verify.behind } : {}),
    ...(verify?.requestIdHeader ? { requestIdHeader: verify.requestIdHeader } : {}),
    ...(verify?.pageOrigin ? { pageOrigin: verify.pageOrigin } : {}),
  };
}
