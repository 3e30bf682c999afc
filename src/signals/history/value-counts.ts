/**
 * How often each value of each property was among bad and among good requests: what "what is different about the bad ones" is told from.
 *
 * Always holds: bounded, whatever clients send. A property has at most so many values; further ones are counted together as `other`. Requests that went as promised
 * in refusing are neither bad nor good.
 */

import type { RequestSignal } from "../request-signal.ts";
import type { Difference } from "./history.ts";

export type Property = Difference["property"];

/** Counts of one value. */
export interface ValueCount {
  bad: number;
  good: number;
}

/** As it is stored: property → value → [bad, good]. */
export type WrittenValues = Readonly<
  Partial<Record<Property, Readonly<Record<string, readonly [number, number]>>>>
>;

const VALUES_MAX = 16;
const VALUE_CHARS_MAX = 96;
export const OTHER = "other";
const NONE = "none";

export class ValueCounts {
  readonly #properties = new Map<Property, Map<string, ValueCount>>();

  /** Counts a request where it went wrong or well. */
  take(signal: RequestSignal): void {
    const isBad = signal.outcome === "failed" || signal.outcome === "wrong";
    if (!isBad && signal.outcome !== "accepted") return;
    const [bad, good] = isBad ? [1, 0] : [0, 1];
    this.#add("size", sizeOf(signal.bytesIn), bad, good);
    this.#add("type", signal.fileType ?? signal.contentType ?? NONE, bad, good);
    this.#add("client", signal.client ?? NONE, bad, good);
    this.#add("path", signal.path, bad, good);
    if (signal.service !== null) {
      this.#add("cache", signal.service.cache, bad, good);
      if (signal.service.version !== null) this.#add("version", signal.service.version, bad, good);
    }
    if (signal.code !== null) this.#add("code", signal.code, bad, good);
  }

  merge(other: ValueCounts): void {
    for (const [property, values] of other.#properties) {
      for (const [value, { bad, good }] of values) this.#add(property, value, bad, good);
    }
  }

  /** Adds what was written. What is not of its form is passed over. */
  mergeWritten(written: WrittenValues): void {
    for (const [property, values] of Object.entries(written)) {
      for (const [value, counts] of Object.entries(values ?? {}))
        this.#add(property as Property, value, Number(counts[0]) || 0, Number(counts[1]) || 0);
    }
  }

  toWritten(): WrittenValues {
    const written: Partial<Record<Property, Record<string, readonly [number, number]>>> = {};
    for (const [property, values] of this.#properties) {
      written[property] = Object.fromEntries(
        [...values].map(([value, { bad, good }]) => [value, [bad, good] as const]),
      );
    }
    return written;
  }

  /** What bad requests have more often than good ones, the largest difference first. */
  differences(limit: number): readonly Difference[] {
    const found: Difference[] = [];
    for (const [property, values] of this.#properties) found.push(...differencesOf(property, values));
    return found
      .sort((one, other) => other.badShare - other.goodShare - (one.badShare - one.goodShare))
      .slice(0, Math.max(0, limit));
  }

  #add(property: Property, value: string, bad: number, good: number): void {
    let values = this.#properties.get(property);
    if (values === undefined) {
      values = new Map();
      this.#properties.set(property, values);
    }
    const cut = value.length > VALUE_CHARS_MAX ? value.slice(0, VALUE_CHARS_MAX) : value;
    const key = values.has(cut) || values.size < VALUES_MAX ? cut : OTHER;
    const known = values.get(key);
    if (known === undefined) values.set(key, { bad, good });
    else {
      known.bad += bad;
      known.good += good;
    }
  }
}

function differencesOf(property: Property, values: ReadonlyMap<string, ValueCount>): Difference[] {
  const counts = [...values.values()];
  const bad = counts.reduce((sum, one) => sum + one.bad, 0);
  const good = counts.reduce((sum, one) => sum + one.good, 0);
  if (bad === 0) return [];
  return [...values].flatMap(([value, one]) => {
    const [badShare, goodShare] = [one.bad / bad, good === 0 ? 0 : one.good / good];
    return value === OTHER || badShare <= goodShare
      ? []
      : [{ property, value, badShare, goodShare, bad: one.bad, good: one.good }];
  });
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A power of four and the next one: `16 KiB to 64 KiB`. */
function sizeOf(bytes: number): string {
  if (!(bytes >= 1)) return "empty";
  const power = Math.min(20, Math.floor(Math.log2(bytes) / 2));
  return `${inUnits(power)} to ${inUnits(power + 1)}`;
}

function inUnits(power: number): string {
  const unit = Math.min(UNITS.length - 1, Math.floor(power / 5));
  return `${4 ** (power - unit * 5)} ${UNITS[unit]}`;
}
