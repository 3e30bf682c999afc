/**
 * How a run of checks looks behind the answers of a route, and as whom it sends.
 *
 * Comes in: a flow with its `verify`, the route, and where the gate is one's own its settings. Goes out: evidence, hooks, identities, clean-up.
 * Always holds: whatever cannot be told is `null`; nothing but what this run has stored is ever removed.
 */
import type { Flow, FlowVerify, VerifyReadBack } from "../../flows/flow.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Target } from "../check.ts";
import type { Hooks } from "../hooks.ts";
import type { TlsTrust } from "../open-connection.ts";
import type { Identities, Promises } from "../promise.ts";
import type { Evidence } from "../run-check.ts";
import { idIn, LearntWay, readByFlow } from "./by-answer.ts";
import { CleanUp } from "./clean-up.ts";
import { openFaults } from "./fault-commands.ts";
import { openHooks } from "./hook-commands.ts";
import { openIdentities } from "./identities.ts";
import { KeptSecrets } from "./kept-secrets.ts";
import type { ListedEntry } from "./listed-entries.ts";
import { ListingWatch } from "./listing-watch.ts";
import { listingAt, listingBy } from "./read-listing.ts";
import { filledPath, readFileAt } from "./read-stored.ts";
import type { CommandPlace } from "./run-command.ts";
import { SecretSources } from "./secret-sources.ts";
import { SightClient } from "./sight-client.ts";
import { SightEvidence } from "./sight-evidence.ts";
import { whoseEntry } from "./whose-entry.ts";

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

/** @throws CHECK_CREDENTIAL_MISSING where a credential that the flow names is not there; all of them in one message */
export async function openSight(input: SightInput): Promise<Sight> {
  const { flow, target, origin } = input;
  const secrets = new KeptSecrets();
  secrets.addLines(target.credential ?? []);
  const verify = flow?.verify ?? null;
  const place = placeOf(input, secrets);
  const identities =
    verify?.credentials && place
      ? await openIdentities(verify.credentials, new SecretSources(place), target, secrets)
      : null;
  const client = new SightClient({
    origin,
    headers: target.headers,
    credential: async () => (identities === null ? (target.credential ?? []) : identities.main.lines()),
    readBytesMax: Math.max(READ_BYTES_MIN, 2 * target.file.sizeBytesMax),
    tls: input.tls ?? {},
  });
  const faults = openFaults(verify?.faults ?? new Map(), place);
  const looking = lookBehind(input, client, place);
  return {
    evidence: looking.evidence,
    hooks: {
      ...(place === null
        ? {}
        : openHooks(verify?.hooks ?? new Map(), place, verify?.credentials?.header ?? null)),
      ...(faults.size === 0 ? {} : { faults: faults.byName }),
    },
    identities,
    promises: promisesOf(verify),
    get readBack() {
      return looking.sentence();
    },
    cleanUp: () => looking.cleanUp(),
    secrets: () => secrets.all(),
    close: async () => {
      await faults.heal();
      await client.close();
    },
  };
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
): Looking {
  const verify = flow?.verify ?? null;
  const readBack = verify?.readBack ?? null;
  const filled = (template: string): string => filledPath(template, { path: verify?.path ?? new Map() });
  const learnt = readBack?.url || readBack?.state ? null : new LearntWay(client, target);
  const url = readBack?.url ? filled(readBack.url) : null;
  const cleaning = new CleanUp({
    client,
    cleanup: verify?.cleanup ?? null,
    place,
    filled,
    addressOf: (id) => (url === null ? id : origin + url.replace("{id}", encodeURIComponent(id))),
  });
  const note = (id: string | null, entry: ListedEntry | null): void => {
    if (id !== null) cleaning.stored(id);
    else if (entry !== null) cleaning.storedNamed(entry.name ?? entry.text.slice(0, 200));
  };
  const watches = listingsOf(readBack, client, place, filled);
  const evidence = new SightEvidence(target, {
    idOf: (exchange) => idIn(readBack, exchange),
    byAnswer: (exchange, content) =>
      learnt === null && readBack !== null
        ? readByFlow(client, readBack, idIn(readBack, exchange), filled)
        : (learnt?.read(exchange, content) ?? Promise.resolve({ kind: "unknown" })),
    byEntry: async (entry) => {
      const address =
        entry.href ??
        (url === null || entry.id === null ? null : url.replace("{id}", encodeURIComponent(entry.id)));
      return address === null ? { kind: "unknown" } : readFileAt(client, address);
    },
    listings: watches,
    isAlone: isLoopback(origin),
    onStored: ({ id, entry }) => note(id, entry),
  });
  return {
    evidence,
    sentence: () => sentenceOf(readBack, learnt?.name ?? null),
    cleanUp: async () => {
      for (const watch of watches)
        for (const entry of await watch.sinceFirst())
          if (whoseEntry(entry, undefined, target.file.control) === "ours") note(entry.id, entry);
      return cleaning.run();
    },
  };
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

function sentenceOf(readBack: VerifyReadBack | null, learnt: string | null): string | null {
  const after = [
    ...(readBack?.url ? [`the bytes at ${readBack.url}`] : []),
    ...(readBack?.state ? [`the state at ${readBack.state.path}`] : []),
    ...(learnt === null ? [] : [`the bytes at ${learnt}`]),
  ];
  const beside = [
    ...(readBack?.list ? [`what ${readBack.list} lists`] : []),
    ...(readBack?.command ? ["what a command of the flow prints"] : []),
  ];
  if (after.length + beside.length === 0) return null;
  const refusals =
    beside.length === 0 ? "; whether something that was refused is stored all the same cannot be seen" : "";
  return `What was accepted is looked at by ${[...after, ...beside].join(" and ")}${refusals}.`;
}
