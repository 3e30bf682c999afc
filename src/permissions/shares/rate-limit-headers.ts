/**
 * `RateLimit-Policy` and `RateLimit`: what the flow allows this caller, and how much of it is left.
 *
 * Not told: shares of the whole flow, which would say how much others send; and numbers of files, for which the draft has no unit, beyond a
 * parameter of our own beside the bytes.
 * @see draft-ietf-httpapi-ratelimit-headers-11 sections 3 and 4; RFC 9651 section 3
 */
import type { ShareRule } from "../../flows/flow.ts";
import type { ShareUnit } from "./share-account.ts";
import { boundsOf, type ShareClaim, windowOf } from "./share-claim.ts";

const QUOTA_UNIT: Readonly<Record<ShareUnit, string>> = {
  requests: "",
  places: ';qu="concurrent-requests"',
  bytes: ';qu="content-bytes"',
  files: "",
};

/** The largest Integer of RFC 9651 section 3.3.1. */
const INTEGER_MAX = 999_999_999_999_999;

/** What is the same of a rule in every answer. */
interface ToldRule {
  /** Its item in `RateLimit-Policy`. */
  readonly policy: string;
  /** As it begins its item in `RateLimit`. */
  readonly name: string;
}

/** Both headers for what these claims are on, or none where there is nothing to tell. */
export function rateLimitHeaders(
  claims: readonly ShareClaim[],
  nowMs: number,
): readonly (readonly [name: string, value: string])[] {
  let policy = "";
  let limit = "";
  for (const claim of claims) {
    const told = toldRule(claim.rule);
    if (told === null) continue;
    policy += policy === "" ? told.policy : `, ${told.policy}`;
    limit += limit === "" ? limitItem(claim, told, nowMs) : `, ${limitItem(claim, told, nowMs)}`;
  }
  if (policy === "") return [];
  return [
    ["RateLimit-Policy", policy],
    ["RateLimit", limit],
  ];
}

/** Of each rule as long as its flow is in use: it says the same every time. */
const toldRules = new WeakMap<ShareRule, ToldRule | null>();

/** `null`: nothing is told of it. */
function toldRule(rule: ShareRule): ToldRule | null {
  const known = toldRules.get(rule);
  if (known !== undefined) return known;
  const isTold = rule.per !== "flow" && boundsOf(rule)[0]?.[0] !== "files";
  const told = isTold ? { policy: writePolicyItem(rule), name: string(rule.name) } : null;
  toldRules.set(rule, told);
  return told;
}

function writePolicyItem(rule: ShareRule): string {
  const [[unit, max] = ["requests", 0] as const, files] = boundsOf(rule);
  const window = rule.kind === "concurrent" ? "" : `;w=${integer(Math.ceil(rule.windowMs / 1000))}`;
  const beside = files === undefined ? "" : `;sluicegate-files=${integer(files[1])}`;
  return `${string(rule.name)};q=${integer(max)}${QUOTA_UNIT[unit]}${window}${beside}`;
}

/** `t`: until the next slot that counts leaves the window, since no more than `r` can be had before; the whole window where none counts. */
function limitItem(claim: ShareClaim, { name }: ToldRule, nowMs: number): string {
  const { rule, account } = claim;
  const [[unit, max] = ["requests", 0] as const, files] = boundsOf(rule);
  const room = `${name};r=${integer(claim.room(unit, max, nowMs))}`;
  if (rule.kind === "concurrent") return room;
  const windowMs = windowOf(rule);
  const used = account.used(unit, windowMs, nowMs);
  const nextMs = used === 0 ? null : account.usedAtMostAt(unit, used - 1, windowMs, nowMs);
  const seconds = Math.ceil((nextMs === null ? windowMs : nextMs - nowMs) / 1000);
  const beside =
    files === undefined ? "" : `;sluicegate-files=${integer(claim.room(files[0], files[1], nowMs))}`;
  return `${room};t=${integer(seconds)}${beside}`;
}

const integer = (value: number): string => String(Math.min(value, INTEGER_MAX));

/** RFC 9651 section 3.3.3: printable ASCII, quotes and backslashes escaped. */
const string = (text: string): string => `"${text.replace(/[^\x20-\x7e]/g, "_").replace(/["\\]/g, "\\$&")}"`;
