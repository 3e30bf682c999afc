/**
 * The gate's part of `Server-Timing`: where the time of one request went. Sent to clients only when switched on, since it tells how long
 * an inspection took.
 *
 * @see https://www.w3.org/TR/server-timing/
 */

/** Names of the spans, in the order of the way of the data. */
export type TimingName = "permit" | "recv" | "inspect" | "store" | "app";

/** Collects spans of one request; milliseconds on a monotonic clock. */
export class Timings {
  readonly #spans = new Map<TimingName, number>();

  add(name: TimingName, durationMs: number): void {
    this.#spans.set(name, (this.#spans.get(name) ?? 0) + durationMs);
  }

  has(name: TimingName): boolean {
    return this.#spans.has(name);
  }

  /** Times one piece of work, also when it fails. */
  async measure<T>(name: TimingName, work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await work();
    } finally {
      this.add(name, performance.now() - started);
    }
  }

  /** Value of a Server-Timing header: `recv;dur=12.3, app;dur=4.0`. */
  header(): string {
    return [...this.#spans].map(([name, ms]) => `${name};dur=${ms.toFixed(1)}`).join(", ");
  }

  /** For the log: milliseconds by name. */
  toJSON(): Record<string, number> {
    return Object.fromEntries([...this.#spans].map(([name, ms]) => [name, Math.round(ms * 10) / 10]));
  }
}
