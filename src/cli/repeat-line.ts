/**
 * The line with which a comparison can be repeated, as it is kept in it.
 */
import type { CompareArguments, CompareWish } from "./compare-options.ts";

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** With the seed that was drawn, so that orders and schedules are the same. */
export function repeatLine(args: CompareArguments, { seed }: Pick<CompareWish, "seed">): string {
  const { flow, a, b, switch: command, target, logs, variable, expect, ignore, settings, flows } = args;
  const { pairs, requests, rate, timeout, quick, allowHost, ca, insecure } = args;
  const options: readonly (readonly [string, string | undefined])[] = [
    ["--a", a],
    ["--b", b],
    ["--switch", command],
    ["--target", target],
    ["--variable", variable],
    ["--expect", expect],
    ["--pairs", pairs],
    ["--requests", requests],
    ["--rate", rate],
    ["--timeout", timeout],
    ["--ignore", ignore],
    ["--settings", settings],
    ["--flows", flows],
    ["--ca", ca],
    ["--seed", logs === undefined ? String(seed) : undefined],
  ];
  const words = options.flatMap(([option, value]) => (value === undefined ? [] : [option, quoted(value)]));
  return [
    "sluicegate compare",
    ...(flow === undefined ? [] : [quoted(flow)]),
    ...(logs === undefined ? [] : ["--logs", ...logs.map(quoted)]),
    ...words,
    ...(allowHost ?? []).flatMap((host) => ["--allow-host", quoted(host)]),
    ...(quick === true ? ["--quick"] : []),
    ...(insecure === true ? ["--insecure"] : []),
  ].join(" ");
}

const quoted = (word: string): string => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
