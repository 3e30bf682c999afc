/**
 * The options of `check` as numbers, lists and limits; what is wrong with one is said with what was expected.
 */
import { isAbsolute, resolve } from "node:path";
import type { Profile } from "../checks/run/check-run.ts";
import { readDuration } from "../setup/duration.ts";
import type { Reading } from "../setup/reading.ts";
import { readSize } from "../setup/size.ts";
import type { CommandIo } from "./io.ts";

/** Exit code of a command line that cannot be run. */
export const USAGE = 2;

/** As commander gives them. */
export interface CheckArguments {
  readonly flow?: string;
  readonly settings?: string;
  readonly flows?: string;
  readonly target?: string;
  readonly url?: string;
  readonly field?: string;
  readonly sample?: string;
  readonly method?: string;
  readonly maxSize?: string;
  readonly types?: string;
  readonly header?: readonly string[];
  readonly text?: readonly string[];
  readonly raw?: boolean;
  readonly status?: string;
  readonly writeFlow?: string;
  readonly profile?: string;
  readonly only?: string;
  readonly skip?: string;
  readonly dryRun?: boolean;
  readonly maxRequests?: string;
  readonly maxBytes?: string;
  readonly maxTime?: string;
  readonly report?: string;
  readonly out?: string;
  readonly baseline?: string;
  readonly allowHost?: readonly string[];
  readonly insecure?: boolean;
  readonly ca?: string;
  readonly framework?: string;
}

/** What was wrong with the command line: one sentence each. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Runs a command: what was wrong with its line is told, and its exit code is 2. */
export async function orUsage(io: CommandIo, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.err(error.message);
    return USAGE;
  }
}

/** What may be spent; `null` where the profile decides. */
export interface WrittenLimits {
  readonly requestsMax: number | null;
  readonly sentBytesMax: number | null;
  readonly elapsedMsMax: number | null;
}

/** @throws UsageError */
export function readLimits(args: CheckArguments): WrittenLimits {
  return {
    requestsMax: args.maxRequests === undefined ? null : wholeNumber("--max-requests", args.maxRequests),
    sentBytesMax: args.maxBytes === undefined ? null : valueFor("--max-bytes", readSize(args.maxBytes)),
    elapsedMsMax: args.maxTime === undefined ? null : valueFor("--max-time", readDuration(args.maxTime)),
  };
}

/** @throws UsageError */
export function readMaxSize(written: string | undefined): number | null {
  return written === undefined ? null : valueFor("--max-size", readSize(written));
}

/** @throws UsageError */
export function readStatus(written: string | undefined): number | null {
  if (written === undefined) return null;
  const status = wholeNumber("--status", written);
  if (status < 200 || status > 399) throw new UsageError(`--status takes 200 to 399, not ${status}.`);
  return status;
}

/** @throws UsageError */
export function readProfile(written = "ci"): Profile {
  return oneOf("--profile", written, ["ci", "staging", "prod-safe"]);
}

/** @throws UsageError */
export function oneOf<W extends string>(option: string, written: string, words: readonly W[]): W {
  const found = words.find((word) => word === written);
  if (found === undefined) throw new UsageError(`${option} takes ${words.join(", ")}, not "${written}".`);
  return found;
}

/** `a, b,c` as words. */
export function listOf(written: string | undefined): readonly string[] {
  return (written ?? "")
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

/** `name=value` pairs. @throws UsageError */
export function pairsOf(option: string, written: readonly string[] = []): ReadonlyMap<string, string> {
  return new Map(
    written.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new UsageError(`${option} takes name=value, not "${pair}".`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

export function pathOf(written: string): string {
  return isAbsolute(written) ? written : resolve(written);
}

function wholeNumber(option: string, written: string): number {
  const number = Number(written);
  if (!Number.isInteger(number) || number < 1)
    throw new UsageError(`${option} takes a whole number from 1 on, not "${written}".`);
  return number;
}

function valueFor<T>(option: string, reading: Reading<T>): T {
  if (reading.ok) return reading.value;
  throw new UsageError(`${option}: ${reading.complaints.map(({ message }) => message).join(" ")}`);
}
