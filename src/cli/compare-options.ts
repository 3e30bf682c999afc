/**
 * The options of `compare` and `plan`, read: what is compared with what, how long, and what is hoped.
 */
import { RATE_PER_SECOND_MAX } from "../flows/measure/measure-schema.ts";
import { PAIRS_MAX, REQUESTS_MAX, REQUESTS_MIN } from "../measure/compare/compare-plan.ts";
import { ARM_WORD } from "../measure/compare/comparison-arm.ts";
import { readDuration } from "../setup/duration.ts";
import { readRate } from "../setup/rate.ts";
import { type CheckArguments, listOf, oneOf, UsageError } from "./check-options.ts";

/** As commander gives them. */
export interface CompareArguments
  extends Pick<CheckArguments, "flow" | "settings" | "flows" | "target" | "allowHost" | "ca" | "insecure"> {
  readonly a?: string;
  readonly b?: string;
  readonly switch?: string;
  readonly logs?: readonly string[];
  readonly again?: string;
  readonly variable?: string;
  readonly expect?: string;
  readonly pairs?: string;
  readonly requests?: string;
  readonly rate?: string;
  readonly timeout?: string;
  readonly quick?: boolean;
  readonly seed?: string;
  readonly ignore?: string;
  readonly json?: boolean;
  readonly report?: string;
  readonly out?: string;
}

/** What is compared. */
export type ComparedThings =
  | { readonly kind: "urls"; readonly a: string; readonly b: string }
  | { readonly kind: "switch"; readonly command: string; readonly a: string; readonly b: string }
  | { readonly kind: "logs"; readonly a: string; readonly b: string }
  | { readonly kind: "again"; readonly id: string };

export interface CompareWish {
  readonly things: ComparedThings;
  readonly variable: string;
  readonly expected: number | null;
  readonly pairs: number | null;
  readonly requests: number | null;
  /** Requests a second; `null`: the flow's, or half of what the route can do. */
  readonly ratePerSecond: number | null;
  readonly timeoutMs: number;
  readonly isQuick: boolean;
  readonly seed: number;
  readonly ignoredKeys: readonly string[];
  readonly formats: readonly CompareReport[];
}

export type CompareReport = "html" | "md";

const REPORTS: readonly CompareReport[] = ["html", "md"];
const TIMEOUT_MS = 30_000;
const TIMEOUT_MS_MAX = 600_000;
const SEED_MAX = 2 ** 31 - 1;
const VARIABLE = /^[A-Za-z0-9][A-Za-z0-9._/:-]{0,127}$/;
/** `-20%`, `+10 %`, `−20 %` with a real minus. */
const CHANGE = /^([+-]?)(\d{1,4}(?:\.\d{1,3})?) ?%$/;

/** @throws UsageError */
export function readCompareWish(args: CompareArguments): CompareWish {
  const things = readThings(args);
  return {
    things,
    variable: readVariable(args, things),
    expected: readExpected(args.expect),
    pairs: wholeNumber("--pairs", args.pairs, 1, PAIRS_MAX),
    requests: wholeNumber("--requests", args.requests, REQUESTS_MIN, REQUESTS_MAX),
    ratePerSecond: readRatePerSecond(args.rate),
    timeoutMs: readTimeout(args.timeout),
    isQuick: args.quick === true,
    seed: wholeNumber("--seed", args.seed, 0, SEED_MAX) ?? Math.floor(Math.random() * SEED_MAX),
    ignoredKeys: listOf(args.ignore),
    formats: listOf(args.report ?? "html").map((word) => oneOf("--report", word, REPORTS)),
  };
}

function readThings(args: CompareArguments): ComparedThings {
  const { a, b, logs, again } = args;
  if (again !== undefined) {
    onlyOne("--again", [a, b, args.switch, logs]);
    return { kind: "again", id: readId(again) };
  }
  if (args.flow === undefined)
    throw new UsageError("Say which flow: sluicegate compare FLOW --a URL --b URL …");
  if (logs !== undefined) return logThings(args, logs);
  if (args.switch !== undefined) return switchThings(args, args.switch);
  if (a === undefined || b === undefined)
    throw new UsageError(
      "Say what to compare: --a URL --b URL (two that are up), --switch 'command {arm}' (one that is switched), or --logs BEFORE AFTER.",
    );
  return { kind: "urls", a: readOrigin("--a", a), b: readOrigin("--b", b) };
}

function logThings({ a, b, switch: command }: CompareArguments, logs: readonly string[]): ComparedThings {
  onlyOne("--logs", [a, b, command]);
  const [before, after, ...more] = logs;
  if (before === undefined || after === undefined || more.length > 0)
    throw new UsageError("--logs takes two files: the one from before, and the one from after.");
  return { kind: "logs", a: before, b: after };
}

function switchThings({ a = "a", b = "b" }: CompareArguments, command: string): ComparedThings {
  if (!command.includes("{arm}"))
    throw new UsageError("--switch takes a command with {arm} in it, such as --switch './deploy.sh {arm}'.");
  for (const [option, word] of [
    ["--a", a],
    ["--b", b],
  ] as const) {
    if (!ARM_WORD.test(word))
      throw new UsageError(
        `${option} with --switch takes the word that stands for {arm}: letters, digits and . _ / : @ + -, not "${word}".`,
      );
  }
  if (a === b) throw new UsageError(`--a and --b are both "${a}": nothing would be switched.`);
  return { kind: "switch", command, a, b };
}

function onlyOne(option: string, others: readonly unknown[]): void {
  if (others.some((each) => each !== undefined))
    throw new UsageError(
      `${option} says what is compared: leave the others of --a, --b, --switch and --logs out.`,
    );
}

function readId(written: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(written)) return written;
  throw new UsageError(
    `--again takes the id of a comparison, such as 20261122-190512-x7q2, or last; not "${written}".`,
  );
}

function readOrigin(option: string, written: string): string {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol))
    throw new UsageError(`${option} takes an address such as http://127.0.0.1:8000, not "${written}".`);
  if (url.pathname !== "/" || url.search !== "")
    throw new UsageError(
      `${option} takes the server alone: the path is the flow's. Write ${option} ${url.origin}.`,
    );
  return url.origin;
}

function readVariable({ variable }: CompareArguments, { kind }: ComparedThings): string {
  if (variable === undefined) {
    if (kind === "logs" || kind === "again") return "time";
    throw new UsageError(
      "Say with --variable which one thing differs, by its key in the fingerprint: --variable git.commit, env.WORKERS or cache.thumbnails.",
    );
  }
  if (VARIABLE.test(variable)) return variable;
  throw new UsageError(`--variable takes one key of the fingerprint, such as git.commit, not "${variable}".`);
}

function readExpected(written: string | undefined): number | null {
  if (written === undefined) return null;
  const [, sign, digits] = CHANGE.exec(written.trim().replace("−", "-")) ?? [];
  const share = Number(digits) / 100;
  if (digits === undefined || share === 0 || (sign !== "+" && share >= 1))
    throw new UsageError(
      `--expect takes the change of time that you hope for: -20% for a fifth less, +10% for a tenth more; not "${written}".`,
    );
  if (sign === "") throw new UsageError(`--expect takes a sign: -${written} for less, +${written} for more.`);
  return sign === "-" ? -share : share;
}

function readRatePerSecond(written: string | undefined): number | null {
  if (written === undefined) return null;
  const reading = readRate(written);
  if (!reading.ok)
    throw new UsageError(`--rate: ${reading.complaints.map(({ message }) => message).join(" ")}`);
  const perSecond = (reading.value.count * 1000) / reading.value.perMs;
  if (perSecond <= RATE_PER_SECOND_MAX) return perSecond;
  throw new UsageError(
    `--rate: no load of more than ${RATE_PER_SECOND_MAX}/s is made, and "${written}" is more.`,
  );
}

function readTimeout(written: string | undefined): number {
  if (written === undefined) return TIMEOUT_MS;
  const reading = readDuration(written);
  if (!reading.ok)
    throw new UsageError(`--timeout: ${reading.complaints.map(({ message }) => message).join(" ")}`);
  if (reading.value >= 1 && reading.value <= TIMEOUT_MS_MAX) return reading.value;
  throw new UsageError(`--timeout takes up to 10 minutes, not "${written}".`);
}

function wholeNumber(option: string, written: string | undefined, min: number, max: number): number | null {
  if (written === undefined) return null;
  const number = Number(written);
  if (Number.isInteger(number) && number >= min && number <= max && written.trim() !== "") return number;
  throw new UsageError(`${option} takes a whole number from ${min} to ${max}, not "${written}".`);
}
