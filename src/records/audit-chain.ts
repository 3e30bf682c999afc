/**
 * The chain of audit entries: how an entry is hashed, and whether a row of entries is whole. Pure; every driver uses it.
 *
 * An entry's hash is the SHA-256, in hex, of: the hash of the entry before (64 hex digits; for the first entry 64 zeros), a line feed, and the
 * entry with its number in canonical JSON (RFC 8785: members by name, no white space), in UTF-8.
 *
 * What it proves: no entry was changed, left out, put elsewhere or taken from the middle by somebody who does not compute the chain anew.
 * What it cannot prove by itself: that the newest entries are all there, or that not everything after some entry was written and hashed
 * anew. For that, note the head (number and hash) somewhere else from time to time, and give it to `verifyChain`.
 */
import { hash } from "node:crypto";
import type { AuditEntry, AuditRecord } from "./records.ts";

/** The last entry of a chain, by which the next one is joined to it. */
export interface ChainHead {
  /** 0 where there is no entry. */
  readonly seq: number;
  readonly hash: string;
}

/** The head of a chain without entries. */
export const CHAIN_START: ChainHead = { seq: 0, hash: "0".repeat(64) };

/**
 * Where a chain is broken first.
 * - `changed`: the entry is not what was hashed.
 * - `missing`: entries before this one are not there.
 * - `moved`: the entry stands at a place, or has a number, that is not its own.
 * - `replaced`: the entry is whole, and does not join on to the one before: that one was replaced together with its hash.
 * - `cut`: the chain ends before the noted head.
 * - `not-noted`: the entry with the number of the noted head is another one: everything up to it may have been written anew.
 */
export interface ChainBreak {
  readonly kind: "changed" | "missing" | "moved" | "replaced" | "cut" | "not-noted";
  /** Number of the first entry that is not as it must be; for `missing` and `cut` the first that is not there. */
  readonly seq: number;
  /** What is wrong, in plain words. Nothing of an entry's text is in it. */
  readonly message: string;
}

/** `head`: the last entry that was found whole. */
export interface ChainVerdict {
  readonly head: ChainHead;
  readonly broken: ChainBreak | null;
}

/** How far from its place an exchanged entry is looked for. */
const MOVED_REACH = 1000;

/**
 * An entry in canonical JSON, with its number: what is hashed.
 * @param detail the entry's detail as `canonicalDetail` gives it
 */
function canonicalEntry(seq: number, entry: AuditEntry, detail: string): string {
  const { atMs, event, flow, policyVersion, principal, requestId, rule, uploadId } = entry;
  return (
    `{"atMs":${JSON.stringify(atMs)},"detail":${detail},"event":${JSON.stringify(event)},"flow":${JSON.stringify(flow)},` +
    `"policyVersion":${JSON.stringify(policyVersion)},"principal":${JSON.stringify(principal)},` +
    `"requestId":${JSON.stringify(requestId)},"rule":${JSON.stringify(rule)},"seq":${seq},"uploadId":${JSON.stringify(uploadId)}}`
  );
}

/** Details in canonical JSON: members in the order of their names' UTF-16 code units. RFC 8785 section 3.2.3 */
export function canonicalDetail(detail: AuditEntry["detail"]): string {
  const members = Object.keys(detail).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${JSON.stringify(detail[name] ?? null)}`).join(",")}}`;
}

/**
 * The hash of the entry that follows on `previous` as number `seq`.
 * @param detail `canonicalDetail(entry.detail)`, where the caller has it already
 */
export function hashEntry(
  previousHash: string,
  seq: number,
  entry: AuditEntry,
  detail: string = canonicalDetail(entry.detail),
): string {
  return hash("sha256", `${previousHash}\n${canonicalEntry(seq, entry, detail)}`, "hex");
}

/**
 * Reads a chain from its first entry to its last.
 * @param entries in the order in which they are kept, all of them
 * @param noted a head that was noted earlier: the chain must have exactly this entry
 */
export async function verifyChain(
  entries: Iterable<AuditRecord> | AsyncIterable<AuditRecord>,
  noted: ChainHead | null = null,
): Promise<ChainVerdict> {
  let head = CHAIN_START;
  for await (const entry of entries) {
    const broken = breakOf(head, entry) ?? breakOfNoted(entry, noted);
    if (broken !== null) return { head, broken };
    head = { seq: entry.seq, hash: entry.hash };
  }
  return { head, broken: cutBefore(head, noted) };
}

function breakOf(head: ChainHead, entry: AuditRecord): ChainBreak | null {
  const next = head.seq + 1;
  if (entry.seq > next) return missing(next, entry.seq - 1);
  if (entry.seq < next)
    return at(
      "moved",
      entry.seq,
      `Entry ${entry.seq} comes after entry ${head.seq}: it is out of its order.`,
    );
  if (hashEntry(entry.previousHash, entry.seq, entry) !== entry.hash) return changedOrMoved(entry);
  if (entry.previousHash !== head.hash)
    return at(
      "replaced",
      next,
      `Entry ${next} does not join on to ${nameOf(head)}: what came before it was replaced.`,
    );
  return null;
}

const nameOf = (head: ChainHead): string =>
  head.seq === 0 ? "the beginning of the chain" : `entry ${head.seq}`;

function missing(first: number, last: number): ChainBreak {
  const what = first === last ? `Entry ${first} is missing` : `Entries ${first} to ${last} are missing`;
  return at("missing", first, `${what}; entry ${last + 1} is there.`);
}

/** An entry that was given another number was whole under its own: that is looked for nearby. */
function changedOrMoved(entry: AuditRecord): ChainBreak {
  const { seq } = entry;
  const detail = canonicalDetail(entry.detail);
  for (let distance = 1; distance <= MOVED_REACH; distance += 1) {
    for (const own of [seq - distance, seq + distance]) {
      if (own > 0 && hashEntry(entry.previousHash, own, entry, detail) === entry.hash)
        return at("moved", seq, `What stands as entry ${seq} is entry ${own}: it was given another number.`);
    }
  }
  return at("changed", seq, `Entry ${seq} was changed: its content does not fit its hash.`);
}

function breakOfNoted(entry: AuditRecord, noted: ChainHead | null): ChainBreak | null {
  if (noted === null || entry.seq !== noted.seq || entry.hash === noted.hash) return null;
  return at(
    "not-noted",
    entry.seq,
    `Entry ${entry.seq} is not the one that was noted: it, or entries before it, were written anew.`,
  );
}

function cutBefore(head: ChainHead, noted: ChainHead | null): ChainBreak | null {
  if (noted === null || noted.seq <= head.seq) return null;
  const end = head.seq === 0 ? "there are no entries" : `the last entry is ${head.seq}`;
  return at("cut", head.seq + 1, `The end was cut off: entry ${noted.seq} was noted, and ${end}.`);
}

const at = (kind: ChainBreak["kind"], seq: number, message: string): ChainBreak => ({ kind, seq, message });
