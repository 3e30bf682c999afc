/**
 * Notices that a service answers with another version than before.
 *
 * Always holds: two versions side by side, as during a rolling deployment, are one change and not one for each answer; bounded in flows, versions and changes an hour, since versions
 * are texts of a service.
 */

/** A version counts as gone when no answer has had it for so long. */
const GONE_MS = 10 * 60_000;
const VERSIONS_MAX = 16;
const CHANGES_AN_HOUR_MAX = 12;
const HOUR_MS = 3_600_000;

interface Seen {
  readonly lastAtMs: Map<string, number>;
  newest: string;
  hourBegan: number;
  changesThisHour: number;
}

export interface VersionChange {
  readonly version: string;
  readonly previous: string;
}

export class VersionWatch {
  readonly #flows = new Map<string, Seen>();

  /** What was seen before this process. */
  remember(flow: string, version: string, atMs: number): void {
    this.#flows.set(flow, seenOf(version, atMs));
  }

  /** The newest version of a flow, where one was seen. */
  newestOf(flow: string): string | null {
    return this.#flows.get(flow)?.newest ?? null;
  }

  /** Looks at an answer's version. @returns a change, where it is one; the first version ever seen is none */
  see(flow: string, version: string, nowMs: number): VersionChange | null {
    const seen = this.#flows.get(flow);
    if (seen === undefined) {
      this.#flows.set(flow, seenOf(version, nowMs));
      return null;
    }
    const lastAtMs = seen.lastAtMs.get(version);
    const isThere = (atMs: number | undefined): boolean => atMs !== undefined && nowMs - atMs < GONE_MS;
    const isKnown = version === seen.newest || (isThere(lastAtMs) && isThere(seen.lastAtMs.get(seen.newest)));
    note(seen, version, nowMs);
    if (isKnown) return null;
    const previous = seen.newest;
    seen.newest = version;
    return mayTell(seen, nowMs) ? { version, previous } : null;
  }
}

const seenOf = (version: string, atMs: number): Seen => ({
  lastAtMs: new Map([[version, atMs]]),
  newest: version,
  hourBegan: 0,
  changesThisHour: 0,
});

/** In the order of last sight, so that the one longest gone is the first. */
function note({ lastAtMs }: Seen, version: string, nowMs: number): void {
  lastAtMs.delete(version);
  lastAtMs.set(version, nowMs);
  const [oldest] = lastAtMs.keys();
  if (lastAtMs.size > VERSIONS_MAX && oldest !== undefined) lastAtMs.delete(oldest);
}

function mayTell(seen: Seen, nowMs: number): boolean {
  if (nowMs - seen.hourBegan >= HOUR_MS) Object.assign(seen, { hourBegan: nowMs, changesThisHour: 0 });
  seen.changesThisHour += 1;
  return seen.changesThisHour <= CHANGES_AN_HOUR_MAX;
}
