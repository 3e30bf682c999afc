/**
 * How a run of checks looks behind the answers of a route, and as whom it sends.
 *
 * Comes in: a flow with its `verify`, the route, and where the gate is one's own its settings. Goes out: evidence, hooks, identities, clean-up.
 * Always holds: whatever cannot be told is `null`; nothing but what this run has stored is ever removed.
 */

import type { Flow, FlowVerify, VerifyReadBack } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Target } from "../check.ts";
import { readPlace } from "../define-scenario.ts";
import type { Hooks } from "../hooks.ts";
import type { TlsTrust } from "../open-connection.ts";
import type { Identities, Promises } from "../promise.ts";
import type { Evidence } from "../run-check.ts";
import type { Exchange } from "../send-probe.ts";
import { idIn, LearntWay, readByFlow } from "./by-answer.ts";
import { CleanUp } from "./clean-up.ts";
import { openFaults } from "./fault-commands.ts";
import { openHooks } from "./hook-commands.ts";
import { openIdentities } from "./identities.ts";
import { JoinedEvidence } from "./joined-evidence.ts";
import { KeptSecrets } from "./kept-secrets.ts";
import type { ListedEntry } from "./listed-entries.ts";
import { ListingWatch } from "./listing-watch.ts";
import { isOwnGate, type OwnGate, openOwnGate } from "./own-gate.ts";
import { listingAt, listingBy } from "./read-listing.ts";
import { filledPath, readFileAt } from "./read-stored.ts";
import type { CommandPlace } from "./run-command.ts";
import { SecretSources } from "./secret-sources.ts";
import { SightClient } from "./sight-client.ts";
import { SightEvidence } from "./sight-evidence.ts";
import { isSurelyOurs, whoseEntry } from "./whose-entry.ts";

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
  const looking = lookBehind(input, client, place, gate);
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

const ID_OF_GATE = { header: "Sluicegate-Upload" };

interface Looking {
  readonly evidence: Evidence;
  readonly sentence: () => string | null;
  readonly cleanUp: () => Promise<readonly string[]>;
}

/** Joins the ways of looking that the flow names, or that can be found out. */
function lookBehind(
  { flow, target, origin }: SightInput,
  client: SightClient,
  place: CommandPlace | null,
  gate: OwnGate | null,
): Looking {
  const verify = flow?.verify ?? null;
  const readBack = verify?.readBack ?? null;
  const filled = (template: string): string => filledPath(template, { path: verify?.path ?? new Map() });
  const isNamed = Boolean(readBack?.url || readBack?.state);
  // The gate's records tell more, and are not guessed.
  const learnt = isNamed || gate !== null ? null : new LearntWay(client, target);
  const url = readBack?.url ? filled(readBack.url) : null;
  const cleaning = new CleanUp({ client, cleanup: verify?.cleanup ?? null, place, filled });
  const leftAt = (id: string): string =>
    url === null ? `upload ${id}` : origin + url.replace("{id}", encodeURIComponent(id));
  const idOf = (exchange: Exchange): string | null =>
    gate !== null && !readBack?.id ? readPlace(exchange, ID_OF_GATE) : idIn(readBack, exchange);
  const watches = listingsOf(readBack, client, place, filled);
  const evidence = new SightEvidence(target, {
    idOf,
    byAnswer: async (exchange, content) => {
      if (learnt !== null) return learnt.read(exchange, content);
      return readBack === null ? { kind: "unknown" } : readByFlow(client, readBack, idOf(exchange), filled);
    },
    byEntry: async (entry) => {
      const address =
        entry.href ??
        (url === null || entry.id === null ? null : url.replace("{id}", encodeURIComponent(entry.id)));
      return address === null ? { kind: "unknown" } : readFileAt(client, address);
    },
    listings: watches,
    isAlone: isLoopback(origin),
    onStored: (id) => cleaning.stored(id),
  });
  return {
    evidence: gate === null ? evidence : new JoinedEvidence(evidence, gate.evidence),
    sentence: () => sentenceOf(readBack, learnt?.name ?? null, gate !== null),
    cleanUp: async () => {
      // Where the flow names an id, it is that of the service, and the same uploads are known by it.
      if (gate !== null && !readBack?.id) for (const id of await gate.left()) cleaning.stored(id);
      const { control } = target.file;
      for (const { id, ...entry } of await listedSinceFirst(watches))
        if (id !== null && isSurelyOurs({ id, ...entry }, undefined, control)) cleaning.stored(id);
      const left = new Set(await cleaning.run());
      const listed = (await listedSinceFirst(watches)).filter(({ id }) => id === null || !left.has(id));
      const probablyOurs = listed.filter((entry) => {
        const whose = whoseEntry(entry, undefined, control);
        return whose === "ours" || (whose === "unclear" && isLoopback(origin));
      });
      return bounded([...[...left].map(leftAt), ...probablyOurs.map(nameOf)]);
    },
  };
}

/** Listings that cannot be read any more must not keep the rest from being removed. */
async function listedSinceFirst(watches: readonly ListingWatch[]): Promise<readonly ListedEntry[]> {
  const read = await Promise.allSettled(watches.map((watch) => watch.sinceFirst()));
  const [longest = []] = read
    .flatMap((each) => (each.status === "fulfilled" ? [each.value] : []))
    .sort((a, b) => b.length - a.length);
  return longest;
}

const nameOf = ({ name, id, text }: ListedEntry): string => name ?? id ?? text.slice(0, 200);

const LEFT_TOLD_MAX = 20;

function bounded(names: readonly string[]): readonly string[] {
  const more = names.length - LEFT_TOLD_MAX;
  return more > 0 ? [...names.slice(0, LEFT_TOLD_MAX), `and ${more} more`] : names;
}

function listingsOf(
  readBack: VerifyReadBack | null,
  client: SightClient,
  place: CommandPlace | null,
  filled: (template: string) => string,
): readonly ListingWatch[] {
  const reads = [
    ...(readBack?.command && place ? [listingBy(readBack.command, place)] : []),
    ...(readBack?.list ? [listingAt(client, filled(readBack.list))] : []),
  ];
  return reads.map((read) => new ListingWatch(read));
}

function isLoopback(origin: string): boolean {
  const { hostname } = new URL(origin);
  return hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
}

function sentenceOf(readBack: VerifyReadBack | null, learnt: string | null, isOwn: boolean): string | null {
  const after = [
    ...(readBack?.url ? [`the bytes at ${readBack.url}`] : []),
    ...(readBack?.state ? [`the state at ${readBack.state.path}`] : []),
    ...(learnt === null ? [] : [`the bytes at ${learnt}`]),
  ];
  const beside = [
    ...(readBack?.list ? [`what ${readBack.list} lists`] : []),
    ...(readBack?.command ? ["what a command of the flow prints"] : []),
    ...(isOwn ? ["the gate's own records"] : []),
  ];
  if (after.length + beside.length === 0) return null;
  const refusals =
    beside.length === 0 ? "; whether something that was refused is stored all the same cannot be seen" : "";
  return `What was accepted is looked at by ${[...after, ...beside].join(" and ")}${refusals}.`;
}
