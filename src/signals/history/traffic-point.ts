/**
 * One flow's requests of one minute (or hour), added up as they come: outcomes, codes, cache states, database calls, times, and values for "what is different".
 *
 * Always holds: bounded in size, however many requests it has taken and whatever was in them; two points add up to what one would have been.
 */
import type { CacheState, RequestSignal, SignalOutcome } from "../request-signal.ts";
import { addSketches, packSketches } from "./sketch-bytes.ts";
import { TimeTally } from "./time-sketch.ts";
import { ValueCounts, type WrittenValues } from "./value-counts.ts";

/** In the order in which their sketches are stored. */
export const CACHE_STATES: readonly CacheState[] = ["hit", "miss", "bypass", "unknown"];

const CODES_MAX = 64;
export const OTHER_CODES = "OTHER";

/** What the service turned away by itself, where no flow in force gave it a code. */
const REFUSED_BY_SERVICE = "UPSTREAM_REFUSED";

export interface CodeCount {
  readonly count: number;
  readonly lastAtMs: number;
}

/** As it is stored, as JSON. Short names: there is one for each flow and minute. */
export interface WrittenCounts {
  /** When the newest request ended. */
  readonly t: number;
  /** Outcomes. */
  readonly o: Readonly<Partial<Record<SignalOutcome, number>>>;
  /** Cache states of accepted uploads. */
  readonly c: Readonly<Partial<Record<CacheState, number>>>;
  /** Database calls of accepted uploads by cache state: how many told, their sum, and the most. */
  readonly d: Readonly<Partial<Record<CacheState, readonly [number, number, number]>>>;
  /** Refusals by code; in `observe` also what would have been one: count and when last. */
  readonly r: Readonly<Record<string, readonly [number, number]>>;
}

/** Database calls: how many requests told of them, their sum, the most. */
export interface CallCount {
  count: number;
  sum: number;
  max: number;
}

export class TrafficPoint {
  requests = 0;
  bytesIn = 0;
  lastAtMs = 0;
  readonly outcomes = new Map<SignalOutcome, number>();
  readonly cache = new Map<CacheState, number>();
  readonly calls = new Map<CacheState, CallCount>();
  readonly codes = new Map<string, CodeCount>();
  /** Of accepted uploads: the whole time at the gate. */
  readonly total = new TimeTally();
  /** Of accepted uploads, by cache state: the service's own time. */
  readonly app = new Map<CacheState, TimeTally>();
  readonly values = new ValueCounts();

  /** Adds a request. */
  take(signal: RequestSignal): void {
    this.takeFigures(signal);
    if (signal.flow !== null) this.values.take(signal);
  }

  /** Adds a request without its values. */
  takeFigures(signal: RequestSignal): void {
    this.requests += 1;
    this.bytesIn += signal.bytesIn;
    this.lastAtMs = Math.max(this.lastAtMs, Math.round(signal.atMs + signal.durationMs));
    increase(this.outcomes, signal.outcome, 1);
    this.#takeCode(signal);
    if (signal.outcome === "accepted") this.#takeAccepted(signal);
  }

  merge(other: TrafficPoint): void {
    this.requests += other.requests;
    this.bytesIn += other.bytesIn;
    this.lastAtMs = Math.max(this.lastAtMs, other.lastAtMs);
    for (const [outcome, count] of other.outcomes) increase(this.outcomes, outcome, count);
    for (const [state, count] of other.cache) increase(this.cache, state, count);
    for (const [state, calls] of other.calls) this.#addCalls(state, calls);
    for (const [code, { count, lastAtMs }] of other.codes) this.#addCode(code, count, lastAtMs);
    this.total.merge(other.total);
    for (const [state, sketch] of other.app) this.#appOf(state).merge(sketch);
    this.values.merge(other.values);
  }

  counts(): WrittenCounts {
    return {
      t: this.lastAtMs,
      o: Object.fromEntries(this.outcomes),
      c: Object.fromEntries(this.cache),
      d: Object.fromEntries(
        [...this.calls].map(([state, { count, sum, max }]) => [state, [count, sum, max] as const]),
      ),
      r: Object.fromEntries(
        [...this.codes].map(([code, { count, lastAtMs }]) => [code, [count, lastAtMs] as const]),
      ),
    };
  }

  times(): Uint8Array {
    return packSketches([this.total, ...CACHE_STATES.map((state) => this.app.get(state))]);
  }

  /** Adds what was stored of another point; `counts` as JSON text. What cannot be read counts as nothing. */
  mergeWritten(written: {
    readonly requests: number;
    readonly bytesIn: number;
    readonly counts: string;
    readonly times: Uint8Array | null;
  }): void {
    this.requests += written.requests;
    this.bytesIn += written.bytesIn;
    const { t = 0, o = {}, c = {}, d = {}, r = {} } = parsed<Partial<WrittenCounts>>(written.counts) ?? {};
    this.lastAtMs = Math.max(this.lastAtMs, t);
    for (const [outcome, count] of Object.entries(o))
      increase(this.outcomes, outcome as SignalOutcome, Number(count) || 0);
    for (const [state, count] of Object.entries(c))
      increase(this.cache, state as CacheState, Number(count) || 0);
    for (const [state, [count, sum, max]] of Object.entries(d))
      this.#addCalls(state as CacheState, { count, sum, max });
    for (const [code, [count, lastAtMs]] of Object.entries(r)) this.#addCode(code, count, lastAtMs);
    if (written.times !== null) this.#mergeTimes(written.times);
  }

  mergeWrittenValues(text: string): void {
    this.values.mergeWritten(parsed<WrittenValues>(text) ?? {});
  }

  #mergeTimes(bytes: Uint8Array): void {
    addSketches(bytes, 1 + CACHE_STATES.length, (place) =>
      place === 0 ? this.total : this.#appOf(CACHE_STATES[place - 1] ?? "unknown"),
    );
  }

  #takeCode(signal: RequestSignal): void {
    const isRefused = signal.outcome === "refused";
    if (!isRefused && (signal.mode !== "observe" || signal.code === null)) return;
    this.#addCode(signal.code ?? REFUSED_BY_SERVICE, 1, signal.atMs);
  }

  #takeAccepted(signal: RequestSignal): void {
    this.total.add(signal.durationMs);
    const { service } = signal;
    if (service === null) return;
    increase(this.cache, service.cache, 1);
    const appMs = service.appMs ?? service.waitMs;
    if (appMs !== null) this.#appOf(service.cache).add(appMs);
    if (service.databaseCalls !== null) {
      const calls = service.databaseCalls;
      this.#addCalls(service.cache, { count: 1, sum: calls, max: calls });
    }
  }

  #addCode(code: string, count: number, lastAtMs: number): void {
    const key = this.codes.has(code) || this.codes.size < CODES_MAX ? code : OTHER_CODES;
    const known = this.codes.get(key);
    this.codes.set(key, {
      count: (known?.count ?? 0) + count,
      lastAtMs: Math.max(known?.lastAtMs ?? 0, lastAtMs),
    });
  }

  #addCalls(state: CacheState, { count, sum, max }: CallCount): void {
    const known = this.calls.get(state);
    if (known === undefined) this.calls.set(state, { count, sum, max });
    else {
      known.count += count;
      known.sum += sum;
      known.max = Math.max(known.max, max);
    }
  }

  #appOf(state: CacheState): TimeTally {
    const known = this.app.get(state);
    if (known !== undefined) return known;
    const sketch = new TimeTally();
    this.app.set(state, sketch);
    return sketch;
  }
}

function increase<Key>(counts: Map<Key, number>, key: Key, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

/** `null` where the text is no JSON object. */
function parsed<Form extends object>(text: string): Form | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Form) : null;
  } catch {
    return null;
  }
}
