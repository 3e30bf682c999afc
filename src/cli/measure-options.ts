/**
 * The options of `measure`, read: how fast, how many, how long, how much.
 */

import { RATE_PER_SECOND_MAX } from "../flows/measure/measure-schema.ts";
import type { MeasureWish } from "../measure/measure-plan.ts";
import { REQUESTS_MAX } from "../measure/measure-plan.ts";
import { readDuration } from "../setup/duration.ts";
import { readRate } from "../setup/rate.ts";
import type { Reading } from "../setup/reading.ts";
import { readSize } from "../setup/size.ts";
import { type CheckArguments, UsageError } from "./check-options.ts";

/** As commander gives them. */
export interface MeasureArguments
  extends Pick<
    CheckArguments,
    "flow" | "settings" | "flows" | "target" | "allowHost" | "ca" | "insecure" | "dryRun" | "maxBytes"
  > {
  readonly label?: string;
  readonly rate?: string;
  readonly requests?: string;
  readonly time?: string;
  readonly timeout?: string;
  readonly seed?: string;
  readonly warm?: boolean;
  readonly baseline?: boolean;
  readonly json?: boolean;
  /** Id of a kept measurement. */
  readonly again?: string;
}

export interface ReadMeasureOptions {
  readonly label: string | null;
  readonly ratePerSecond: number | null;
  readonly wish: MeasureWish;
}

const SENT_BYTES_MAX = 1024 ** 3;
const TIMEOUT_MS = 30_000;
const TIME_MS_MAX = 3_600_000;
const SEED_MAX = 2 ** 31 - 1;
const LABEL = /^[\p{L}\p{N}][\p{L}\p{N} ._/:+-]{0,63}$/u;

/** @throws UsageError */
export function readMeasureOptions(args: MeasureArguments): ReadMeasureOptions {
  const { requests, time, seed, maxBytes, timeout } = args;
  if (requests !== undefined && time !== undefined)
    throw new UsageError("--requests and --time say the same in two ways: keep one of them.");
  return {
    label: readLabel(args.label),
    ratePerSecond: readRatePerSecond(args.rate),
    wish: {
      requests: requests === undefined ? null : wholeNumber("--requests", requests, 1, REQUESTS_MAX),
      elapsedMs: time === undefined ? null : readTime("--time", time, TIME_MS_MAX),
      sentBytesMax: maxBytes === undefined ? SENT_BYTES_MAX : valueFor("--max-bytes", readSize(maxBytes)),
      phase: args.warm === true ? "warm" : "cold",
      timeoutMs: timeout === undefined ? TIMEOUT_MS : readTime("--timeout", timeout, TIME_MS_MAX),
      seed:
        seed === undefined ? Math.floor(Math.random() * SEED_MAX) : wholeNumber("--seed", seed, 0, SEED_MAX),
    },
  };
}

function readLabel(written: string | undefined): string | null {
  if (written === undefined) return null;
  if (LABEL.test(written)) return written;
  throw new UsageError(`--label takes a short name such as before, not "${written}".`);
}

/** `20/s`, or `20` for the same. */
function readRatePerSecond(written: string | undefined): number | null {
  if (written === undefined) return null;
  const text = /^\d+$/.test(written) ? `${written}/s` : written;
  const { count, perMs } = valueFor("--rate", readRate(text));
  const perSecond = (count * 1000) / perMs;
  if (perSecond <= RATE_PER_SECOND_MAX) return perSecond;
  throw new UsageError(`--rate takes at most ${RATE_PER_SECOND_MAX}/s, not ${written}.`);
}

function readTime(option: string, written: string, msMax: number): number {
  const ms = valueFor(option, readDuration(written));
  if (ms >= 100 && ms <= msMax) return ms;
  throw new UsageError(`${option} takes 100 ms to 1 h, not ${written}.`);
}

function valueFor<T>(option: string, reading: Reading<T>): T {
  if (reading.ok) return reading.value;
  throw new UsageError(`${option}: ${reading.complaints.map(({ message }) => message).join(" ")}`);
}

function wholeNumber(option: string, written: string, min: number, max: number): number {
  const number = Number(written);
  if (Number.isInteger(number) && number >= min && number <= max && written.trim() !== "") return number;
  throw new UsageError(`${option} takes a whole number from ${min} to ${max}, not "${written}".`);
}
