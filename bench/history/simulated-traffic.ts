/**
 * Requests of one flow as a gate would have told of them: log-normal times, a cache, some refusals and failures, several clients and versions. The same for the same seed.
 */
import type { RequestSignal, SignalOutcome } from "../../src/signals/request-signal.ts";

const CLIENTS = ["python-requests", "curl", "Mozilla", "okhttp", "Go-http-client", "axios"];
const TYPES = ["image/png", "image/jpeg", "image/webp", "application/pdf"];
const CODES = ["FILE_TOO_LARGE", "FILE_TYPE_NOT_ALLOWED", "CREDENTIALS_INVALID", "RATE_EXCEEDED"];

export class SimulatedTraffic {
  readonly flow: string;
  readonly #random: () => number;
  #made = 0;

  constructor(flow: string, seed: number) {
    this.flow = flow;
    this.#random = seededRandom(seed);
  }

  /** About so many requests, spread over the minute. */
  minute(fromMs: number, requests: number): RequestSignal[] {
    const count = Math.floor(requests + this.#random());
    return Array.from({ length: count }, (_, index) =>
      this.signal(fromMs + Math.floor((index * 60_000) / count)),
    );
  }

  signal(atMs: number): RequestSignal {
    const random = this.#random;
    const outcome = outcomeOf(random());
    const isHit = random() < 0.3;
    const appMs = 120 * Math.exp(0.5 * this.#normal()) * (isHit ? 0.25 : 1);
    this.#made += 1;
    return {
      atMs,
      durationMs: appMs + 20 * Math.exp(0.4 * this.#normal()),
      requestId: `${this.flow}-${this.#made}`,
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      spanId: "00f067aa0ba902b7",
      parentSpanId: null,
      flow: this.flow,
      mode: "enforce",
      method: "POST",
      path: `/api/${this.flow}/${Math.floor(random() * 40)}`,
      status: outcome === "accepted" ? 201 : outcome === "refused" ? 413 : 502,
      outcome,
      code: outcome === "accepted" ? null : outcome === "refused" ? this.#one(CODES) : "UPSTREAM_TIMEOUT",
      uploadId: null,
      bytesIn: Math.round(4 ** (5 + 6 * random())),
      bytesOut: 200,
      contentType: "multipart/form-data",
      fileType: this.#one(TYPES),
      client: this.#one(CLIENTS),
      timings: { permit: 0.2, recv: 3, inspect: 4, store: 2, app: appMs },
      service:
        outcome === "refused"
          ? null
          : {
              status: outcome === "accepted" ? 201 : null,
              appMs,
              recvMs: 1,
              waitMs: appMs + 1,
              databaseMs: isHit ? 0 : 12,
              databaseCalls: isHit ? 0 : 3,
              cache: isHit ? "hit" : "miss",
              version: `v${Math.floor(atMs / (24 * 3_600_000))}`,
            },
    };
  }

  #one(values: readonly string[]): string {
    return values[Math.floor(this.#random() * values.length)] ?? "";
  }

  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
  }
}

const outcomeOf = (drawn: number): SignalOutcome =>
  drawn < 0.93 ? "accepted" : drawn < 0.99 ? "refused" : "failed";

/** Mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
