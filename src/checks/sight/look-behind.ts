/**
 * Joins every way of looking at what a run has stored: those that the flow names, those that can be found out, and the gate's own.
 *
 * Always holds: only what is surely of this run is removed; what may be of this run and is left is told.
 */
import type { Flow, VerifyReadBack } from "../../flows/flow.ts";
import type { Target } from "../check.ts";
import { readPlace } from "../define-scenario.ts";
import type { Evidence } from "../run-check.ts";
import type { Exchange } from "../send-probe.ts";
import { idIn, LearntWay, NamedWay } from "./by-answer.ts";
import { CleanUp } from "./clean-up.ts";
import { JoinedEvidence } from "./joined-evidence.ts";
import type { ListedEntry } from "./listed-entries.ts";
import { ListingWatch } from "./listing-watch.ts";
import type { OwnGate } from "./own-gate.ts";
import { listingAt, listingBy } from "./read-listing.ts";
import { filledPath, readFileAt } from "./read-stored.ts";
import type { CommandPlace } from "./run-command.ts";
import type { SightClient } from "./sight-client.ts";
import { SightEvidence } from "./sight-evidence.ts";
import { isSurelyOurs, whoseEntry } from "./whose-entry.ts";

/** What is looked at, and with what. */
export interface LookingInput {
  readonly flow: Flow | null;
  readonly target: Target;
  readonly origin: string;
  readonly client: SightClient;
  /** Where commands of the flow run; `null` without a flow. */
  readonly place: CommandPlace | null;
  /** `null` where the gate is not one's own. */
  readonly gate: OwnGate | null;
}

const ID_OF_GATE = { header: "Sluicegate-Upload" };

export interface Looking {
  readonly evidence: Evidence;
  readonly sentence: () => string | null;
  readonly cleanUp: () => Promise<readonly string[]>;
}

/** Nothing is asked yet. */
export function lookBehind({ flow, target, origin, client, place, gate }: LookingInput): Looking {
  const verify = flow?.verify ?? null;
  const readBack = verify?.readBack ?? null;
  const filled = (template: string): string => filledPath(template, { path: verify?.path ?? new Map() });
  const isNamed = Boolean(readBack?.url || readBack?.state);
  // The gate's records tell more, and are not guessed.
  const learnt = isNamed || gate !== null ? null : new LearntWay(client, target);
  const named = readBack !== null && isNamed ? new NamedWay(client, readBack, filled) : null;
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
      return named === null ? { kind: "unknown" } : named.read(idOf(exchange));
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
      for (const entry of await listedSinceFirst(watches))
        if (entry.id !== null && isSurelyOurs(entry, undefined, target.file.control))
          cleaning.stored(entry.id);
      const { ids, unnamed } = await cleaning.run();
      const listed = await listedLeft(watches, target, isLoopback(origin));
      const others = listed.filter(({ id }) => id === null || !ids.includes(id)).map(nameOf);
      // What a list shows needs no counting.
      const counted = unnamed === 0 || watches.length > 0 ? [] : [sayUnnamed(unnamed)];
      return [...bounded([...ids.map(leftAt), ...others]), ...counted];
    },
  };
}

const sayUnnamed = (count: number): string =>
  count === 1
    ? "1 upload whose answer named nothing to find it by"
    : `${count} uploads whose answers named nothing to find them by`;

/** What is listed and may be of this run. */
async function listedLeft(
  watches: readonly ListingWatch[],
  { file }: Target,
  isAlone: boolean,
): Promise<readonly ListedEntry[]> {
  const listed = await listedSinceFirst(watches);
  return listed.filter((entry) => {
    const whose = whoseEntry(entry, undefined, file.control);
    return whose === "ours" || (whose === "unclear" && isAlone);
  });
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
