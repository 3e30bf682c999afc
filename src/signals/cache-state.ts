/**
 * Whether an answer came out of a cache, by what the answer itself says.
 *
 * In: the headers that may tell. Out: one state for the whole answer, and one for each cache that told by name. Always holds: `unknown` where nobody
 * says anything that can be read; a header that is broken says nothing.
 *
 * Asked in this order, and the first that tells is believed: `Cache-Status` (RFC 9211), headers that the flow declares, `Server-Timing: cache;desc=`,
 * `Age` and 304 (RFC 9111 section 5.1).
 */
import type { CacheState } from "./request-signal.ts";
import { readServerTiming } from "./service-timing.ts";
import { type ListMember, readStructuredList } from "./structured-list.ts";

/** Headers as they came, several lines of one name joined by ", "; `null` where there was none. */
export interface CacheHeaders {
  readonly cacheStatus: string | null;
  readonly serverTiming: string | null;
  readonly age: string | null;
  readonly status: number | null;
  /** What the flow's caches with a header of their own said: name of the cache, value of its header. */
  readonly declared: readonly { readonly cache: string; readonly value: string | null }[];
}

export interface CacheReading {
  /** `hit` where any cache on the way answered itself; `bypass` only where every one that told stepped aside. */
  readonly state: CacheState;
  /** By name, those that told. */
  readonly caches: Readonly<Record<string, CacheState>>;
}

/** At most so many caches are told of one answer, with names of at most so many characters: both come from a service. */
const CACHES_MAX = 8;
const NAME_CHARS_MAX = 64;

/** Reads what an answer says of the caches that it came through. */
export function readCacheState(headers: CacheHeaders): CacheReading {
  const told = [...ofCacheStatus(headers.cacheStatus), ...ofDeclared(headers.declared)];
  if (told.some(([, state]) => state !== "unknown")) return readingOf(told);
  const timing = ofServerTiming(headers.serverTiming);
  if (timing !== "unknown") return readingOf([...told, ["cache", timing]]);
  return { ...readingOf(told), state: isOld(headers) ? "hit" : "unknown" };
}

type Told = readonly [cache: string, state: CacheState];

function readingOf(told: readonly Told[]): CacheReading {
  const kept = told.slice(0, CACHES_MAX).map(([name, state]) => [name.slice(0, NAME_CHARS_MAX), state]);
  return { state: joined(told.map(([, state]) => state)), caches: Object.fromEntries(kept) };
}

function joined(states: readonly CacheState[]): CacheState {
  const order: readonly CacheState[] = ["hit", "miss", "bypass"];
  return order.find((state) => states.includes(state)) ?? "unknown";
}

/**
 * RFC 9211 section 2: a list whose first member is the cache nearest the service, and the last the one nearest the user. A member that is `hit` answered
 * from what it had; what stands before it is then what was stored along with the answer, so the last hit ends the reading towards the service.
 */
function ofCacheStatus(text: string | null): Told[] {
  const members = text === null ? null : readStructuredList(text);
  if (members === null) return [];
  const last = members.findLastIndex((member) => isHit(member));
  return members.slice(Math.max(last, 0)).map((member) => [String(member.value), stateOf(member)]);
}

const isHit = ({ parameters }: ListMember): boolean => parameters.get("hit") === true;

/** Reasons to forward at which the cache stepped aside, though it might have known the answer. RFC 9211 section 2.2. */
const STEPPED_ASIDE: ReadonlySet<unknown> = new Set(["bypass", "method", "request"]);

function stateOf(member: ListMember): CacheState {
  if (isHit(member)) return "hit";
  const forwarded = member.parameters.get("fwd");
  if (forwarded === undefined) return "unknown";
  return STEPPED_ASIDE.has(forwarded) ? "bypass" : "miss";
}

function ofDeclared(declared: CacheHeaders["declared"]): Told[] {
  return declared.flatMap(({ cache, value }): Told[] =>
    value === null ? [] : [[cache, stateInWords(value)]],
  );
}

function ofServerTiming(text: string | null): CacheState {
  const cache = text === null ? undefined : readServerTiming(text).get("cache");
  return cache?.description === undefined ? "unknown" : stateInWords(cache.description);
}

/** Words of widely used proxies: nginx, Varnish, Cloudflare, Fastly, CloudFront, Squid. */
const WORDS: readonly (readonly [RegExp, CacheState])[] = [
  [/\b(?:bypass|pass|dynamic|uncacheable|disabled)\b/i, "bypass"],
  [/\b(?:miss|expired|fwd|forwarded|refresh_?miss)\b|_miss\b/i, "miss"],
  [/\b(?:hit|stale|updating|revalidated|refresh_?hit|true|yes|1)\b|_hit\b|\bhit-/i, "hit"],
];

/** `HIT`, `Miss from cloudfront`, `TCP_HIT:NONE`, `hit, miss` (of proxies in a row, the last being nearest the user). */
function stateInWords(value: string): CacheState {
  const states = value.split(",").map((word) => WORDS.find(([pattern]) => pattern.test(word))?.[1]);
  return joined(states.map((state) => state ?? "unknown"));
}

function isOld({ age, status }: CacheHeaders): boolean {
  return status === 304 || (age !== null && /^\d{1,10}$/.test(age.trim()) && Number(age) > 0);
}
